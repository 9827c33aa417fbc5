import { createStack, type Dialog } from '../../core/index.ts';
import { nowMs } from './clock.ts';
import { within } from './deadline.ts';
import { belongToParent, tell } from './entry.ts';
import { inLanes } from './lanes.ts';
import type { FarEndSettings, Order } from './messages.ts';
import { listening } from './network.ts';
import { atOnce, sessionDescription, transactionsOf } from './scenario.ts';
import { trafficOf } from './traffic.ts';

/* The far end's process: answers calls, heals its own side, and sends INFOs when told to. */

/** What has happened is told so often. */
const newsIntervalMs = 20;

const settings = JSON.parse(process.argv[2] ?? '') as FarEndSettings;
const dialogs: Dialog[] = [];
const recovering = new Set<string>();
let healed: [callId: string, atMs: number][] = [];
let informed: string[] = [];
let informDone = false;
let stale = true;
let allHealthy = (): void => undefined;

belongToParent();

const stack = await createStack({
  transports: [listening(settings.transport)],
  shards: settings.shards,
  recovery: { mode: settings.mode },
  limits: { dialogs: settings.dialogs, transactions: transactionsOf(settings.dialogs) },
  application: {
    onCall: (call) => {
      call.answer({ body: sessionDescription }).then(
        (dialog) => {
          dialogs.push(dialog);
          stale = true;
        },
        (error: Error) => console.error(`far end: ${error.message}`),
      );
    },
    onRouteStatus: ({ callId }, { status }) => {
      if (status === 'recovering') {
        recovering.add(callId);
        return;
      }
      recovering.delete(callId);
      healed.push([callId, nowMs()]);
      stale = true;
      if (recovering.size === 0) allHealthy();
    },
  },
});
const [local] = stack.locals;
if (local === undefined) throw new Error('the far end has no address');

process.on('message', (order: Order) => {
  if (order.order === 'hops') stack.setHops(order.hops);
  else if (order.order === 'inform') void within(order.withinMs, new AbortController().signal, inform);
  else if (order.order === 'heal') void within(order.withinMs, new AbortController().signal, heal);
  else if (order.order === 'count-traffic') void tellTraffic();
});
tell({ report: 'ready', local });
setInterval(tellNews, newsIntervalMs);

/** Heals every dialog: at this end they look whole. */
async function heal(signal: AbortSignal): Promise<void> {
  await inLanes(dialogs.length, atOnce, signal, async (index) => {
    const dialog = dialogs[index] as Dialog;
    try {
      await dialog.heal({ signal });
    } catch {
      // It is not healed, as the other end will find out.
    }
  });
}

async function inform(signal: AbortSignal): Promise<void> {
  if (recovering.size > 0) {
    await new Promise<void>((resolve) => {
      allHealthy = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  await inLanes(dialogs.length, atOnce, signal, async (index) => {
    const dialog = dialogs[index] as Dialog;
    try {
      await dialog.request('INFO', { signal });
      informed.push(dialog.callId);
      stale = true;
    } catch {
      // Whoever is not told of has failed.
    }
  });
  informDone = true;
  stale = true;
}

async function tellTraffic(): Promise<void> {
  tell({ report: 'traffic', traffic: trafficOf(settings.transport, await stack.counters()) });
}

function tellNews(): void {
  if (!stale) return;
  tell({ report: 'news', established: dialogs.length, healed, informed, informDone });
  healed = [];
  informed = [];
  stale = false;
}
