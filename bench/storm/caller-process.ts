import { within } from '../route-death/deadline.ts';
import { Caller } from './caller.ts';
import type { CallerOrder, CallerReport, CallerSettings, Rest } from './messages.ts';
import { Profiler } from './profiler.ts';

/* The process of the stack that is measured: the program, told what to do by the main process. */

const progressIntervalMs = 250;

const settings = JSON.parse(process.argv[2] ?? '') as CallerSettings;
process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit(1));

const profiler = settings.profile === undefined ? undefined : new Profiler(settings.profile);
const caller = new Caller(settings, (atMs) => {
  void profiler?.stop();
  tellProgress();
  tell({ report: 'healed', atMs });
});
const uri = await caller.open();
process.on('message', (order: CallerOrder) => void follow(order));
tell({ report: 'ready', uri });
setInterval(tellProgress, progressIntervalMs);

async function follow(order: CallerOrder): Promise<void> {
  const ever = new AbortController().signal;
  switch (order.order) {
    case 'hops':
      caller.stack.setHops(order.hops);
      break;
    case 'establish': {
      const count = await within(order.withinMs, ever, (signal) => caller.establish(order.upTo, signal));
      tellProgress();
      tell({ report: 'established', count });
      break;
    }
    case 'begin':
      await profiler?.start();
      caller.begin(order.killShard);
      tell({ report: 'begun' });
      break;
    case 'stumble':
    case 'provoke':
    case 'verify': {
      const count = await within(order.withinMs, ever, (signal) => caller[order.order](signal));
      tellProgress();
      tell({ report: 'asked', count });
      break;
    }
    case 'close':
      tell({
        report: 'round',
        revival: await caller.revival(),
        figures: caller.round.close(order.breakAtMs, order.endAtMs),
      });
      break;
    case 'rest':
      tell({ report: 'rest', rest: await rest(order.collect) });
      break;
  }
}

async function rest(collect: boolean): Promise<Rest> {
  if (collect) for (let times = 0; times < 2; times++) globalThis.gc?.(); // `--expose-gc` is ours
  const { rss, heapUsed } = process.memoryUsage();
  const { dialogs, clientTransactions } = await caller.stack.counts();
  const { shed } = caller.stack;
  const { failures } = caller;
  const traffic = await caller.traffic();
  const memory = await caller.stack.memory();
  return {
    rssSize: rss,
    heapSize: heapUsed,
    memory,
    dialogs,
    clientTransactions,
    shed,
    traffic,
    failures: [...failures],
  };
}

function tellProgress(): void {
  tell({ report: 'progress', ...caller.progress });
}

/** Tells the main process; if it is gone, nobody. */
function tell(report: CallerReport): void {
  process.send?.(report, undefined, undefined, () => undefined);
}
