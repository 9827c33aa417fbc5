import { createStack } from '../../core/index.ts';
import { nowMs } from '../route-death/clock.ts';
import { listening } from '../route-death/network.ts';
import { recordOf } from './identity.ts';
import type { StackOrder, StackReport, StackSettings } from './messages.ts';
import { intervalS } from './scenario.ts';

/* The process of a stack: one with many dialogs, or an empty one beside it. */

const progressCount = 1_000;

const { dialogs, peer } = JSON.parse(process.argv[2] ?? '') as StackSettings;
process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit(1));

let ended = 0;
let cpuAtBegin = process.cpuUsage();
let beginAtMs = nowMs();

const stack = await createStack({
  transports: [listening('udp')],
  hops: [`sip:${peer.host}:${peer.port}`],
  sessionTimer: { intervalS },
  limits: { dialogs: dialogs + 1 },
  application: {
    onEnded: () => {
      ended++;
    },
  },
});
const [local] = stack.locals;
if (local === undefined) throw new Error('the stack has no address');
process.on('message', (order: StackOrder) => void follow(order));
tell({ report: 'ready', local });

async function follow({ order }: StackOrder): Promise<void> {
  switch (order) {
    case 'adopt':
      tell({ report: 'adopted', atMs: await adopt() });
      break;
    case 'begin':
      cpuAtBegin = process.cpuUsage();
      beginAtMs = nowMs();
      tell({ report: 'begun' });
      break;
    case 'finish': {
      const { user, system } = process.cpuUsage(cpuAtBegin);
      const ms = nowMs() - beginAtMs;
      const counts = await stack.counts();
      const { rss: rssSize } = process.memoryUsage();
      const { dialogs: held, recovering } = counts;
      tell({
        report: 'finished',
        load: { cpuMs: (user + system) / 1000, ms, dialogs: held, recovering, ended, rssSize },
      });
      break;
    }
  }
}

/** One after the other: between the instant noted and that which a timer is reckoned from there is then one adoption at most. */
async function adopt(): Promise<number[]> {
  const atMs: number[] = [];
  for (let dialog = 0; dialog < dialogs; dialog++) {
    const record = recordOf(dialog, peer);
    atMs.push(nowMs());
    await stack.adopt(record);
    if (dialog % progressCount === 0) tell({ report: 'progress', adopted: dialog });
  }
  return atMs;
}

/** Tells the main process; if it is gone, nobody. */
function tell(report: StackReport): void {
  process.send?.(report, undefined, undefined, () => undefined);
}
