import type { MemoryUse } from '../../core/index.ts';
import { nowMs } from '../route-death/clock.ts';
import { within } from '../route-death/deadline.ts';
import { End } from './end.ts';
import { isolates } from './isolate.ts';
import type { EndOrder, EndReport, EndSettings, Sample } from './messages.ts';

/* The process of one end. */

const newsIntervalMs = 250;

const settings = JSON.parse(process.argv[2] ?? '') as EndSettings;
process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit(1));

const end = new End(settings);
const local = await end.start();
process.on('message', (order: EndOrder) => void follow(order));
tell({ report: 'ready', local });
setInterval(() => tell({ report: 'news', ...end.news() }), newsIntervalMs);

async function follow(order: EndOrder): Promise<void> {
  const ever = new AbortController().signal;
  switch (order.order) {
    case 'hops':
      end.stack.setHops(order.hops);
      break;
    case 'fill': {
      const { target, count, withinMs } = order;
      tell({ report: 'filled', count: await within(withinMs, ever, (signal) => end.fill(target, count, signal)) });
      break;
    }
    case 'flow':
      end.flow(order.target);
      break;
    case 'halt':
      end.halt();
      break;
    case 'sound':
      tell({ report: 'sounding', carried: [...(await end.sound())] });
      break;
    case 'begin':
      end.tally.begin(end.open);
      tell({ report: 'begun' });
      break;
    case 'stumble':
      tell({ report: 'stumbled', ...(await within(order.withinMs, ever, (signal) => end.stumble(signal))) });
      break;
    case 'close': {
      const { marks } = end.tally;
      tell({ report: 'closed', marks, figures: end.tally.close(order.breakAtMs) });
      break;
    }
    case 'sample':
      tell({ report: 'sample', sample: await sample() });
      break;
    case 'state':
      tell({ report: 'state', state: await end.state() });
      break;
    case 'verify':
      tell({ report: 'verified', unanswered: await within(order.withinMs, ever, (signal) => end.verify(signal)) });
      break;
    case 'list':
      tell({ report: 'list', dialogs: await within(order.withinMs, ever, (signal) => end.list(signal)) });
      break;
  }
}

async function sample(): Promise<Sample> {
  const tables = Object.values(await end.stack.memory()) as readonly MemoryUse[];
  const tablesSize = tables.reduce((sum, { heldSize }) => sum + heldSize, 0);
  const isolate = await isolates(settings.shards);
  const { open, calls } = end;
  return { atMs: nowMs(), rssSize: process.memoryUsage.rss(), ...isolate, tablesSize, open, calls };
}

/** Tells the main process; if it is gone, nobody. */
function tell(report: EndReport): void {
  process.send?.(report, undefined, undefined, () => undefined);
}
