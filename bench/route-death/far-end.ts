import { createStack, type Dialog } from '../../core/index.ts';
import { udp } from '../../transport/index.ts';
import { nowMs } from './clock.ts';
import { within } from './deadline.ts';
import { inLanes } from './lanes.ts';
import type { FarEndSettings, Order, Report } from './messages.ts';
import { atOnce, sessionDescription, transactionsOf } from './scenario.ts';

/* The far end's process: answers calls, heals its own side, and sends INFOs when told to. */

/** What has happened is told so often, in milliseconds. */
const reportIntervalMs = 20;

const settings = JSON.parse(process.argv[2] ?? '') as FarEndSettings;
const dialogs: Dialog[] = [];
const recovering = new Set<string>();
let healed: { callIds: string[]; atMs: number[] } = { callIds: [], atMs: [] };
let allHealthy = (): void => undefined;

process.on('SIGINT', () => undefined); // Ctrl-C is for the main process, which ends us
process.once('disconnect', () => process.exit(1));

const stack = await createStack({
  transports: [udp({ host: '127.0.0.1', port: 0 })],
  recovery: { mode: settings.mode },
  limits: { dialogs: settings.dialogs, transactions: transactionsOf(settings.dialogs) },
  application: {
    onCall: (call) => {
      call.answer({ body: sessionDescription }).then(
        (dialog) => dialogs.push(dialog),
        (error: Error) => console.error(`far end: ${error.message}`),
      );
    },
    onRouteStatus: ({ callId }, { status }) => {
      if (status === 'recovering') {
        recovering.add(callId);
        return;
      }
      recovering.delete(callId);
      healed.callIds.push(callId);
      healed.atMs.push(nowMs());
      if (healed.callIds.length === 1) setTimeout(reportHealed, reportIntervalMs);
      if (recovering.size === 0) allHealthy();
    },
  },
});

process.on('message', (order: Order) => {
  if (order.order === 'hops') stack.setHops(order.hops);
  else if (order.order === 'inform') void within(order.withinMs, new AbortController().signal, inform);
});
const [local] = stack.locals;
if (local === undefined) throw new Error('the far end has no address');
tell({ report: 'ready', local });

function reportHealed(): void {
  tell({ report: 'healed', ...healed });
  healed = { callIds: [], atMs: [] };
}

async function inform(signal: AbortSignal): Promise<void> {
  if (recovering.size > 0) {
    await new Promise<void>((resolve) => {
      allHealthy = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  let callIds: string[] = [];
  const report = (done: boolean): void => {
    tell({ report: 'informed', callIds, done });
    callIds = [];
  };
  const reporting = setInterval(report, reportIntervalMs, false);
  await inLanes(dialogs.length, atOnce, signal, async (index) => {
    const dialog = dialogs[index] as Dialog;
    try {
      await dialog.request('INFO', { signal });
      callIds.push(dialog.callId);
    } catch {
      // Whoever is not told of has failed.
    }
  });
  clearInterval(reporting);
  report(true);
}

function tell(report: Report): void {
  process.send?.(report);
}
