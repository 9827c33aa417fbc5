import { Child } from '../child.ts';
import { Progress } from '../route-death/progress.ts';
import { hopUri } from '../storm/far-end/address-book.ts';
import { limitsOf } from '../storm/limits.ts';
import { type MemoryCurve, MemoryWatch } from '../storm/memory-curve.ts';
import type {
  CallerOrder,
  CallerReport,
  CallerSettings,
  FarEndOrder,
  FarEndReport,
  FarEndSettings,
  Rest,
} from '../storm/messages.ts';
import { windows } from '../storm/scenario.ts';
import type { Scenario } from './arguments.ts';

/** Looks while calls are set up. */
const looks = 10;

/** What was seen. */
export interface Played {
  readonly established: number;
  /** Without dialogs, after each tenth of the calls, and at rest. */
  readonly rests: readonly Rest[];
  readonly curve: MemoryCurve;
}

/** Sets up the calls against the far end of the storms, and looks. */
export async function play({ dialogs, transport, shards, settleS }: Scenario): Promise<Played> {
  const ever = new AbortController().signal;
  const window = windows[transport];
  const farEndSettings: FarEndSettings = { transport, dialogs, window };
  const farEnd = await Child.start<FarEndOrder, FarEndReport>('storm/far-end-process', farEndSettings);
  const settings: CallerSettings = { transport, dialogs, window, shards, perShardPorts: false, passive: false };
  const caller = await Child.start<CallerOrder, CallerReport>('storm/caller-process', settings, ['--expose-gc']);
  const watch = new MemoryWatch({ stack: caller.child.pid });
  try {
    if (farEnd.ready.report !== 'ready') throw new Error('the far end reports no start');
    caller.child.tell({ order: 'hops', hops: farEnd.ready.ports.map((port) => hopUri(port, transport)) });
    const look = async (): Promise<Rest> =>
      (await caller.child.ask({ order: 'rest', collect: true }, 'rest', ever)).rest;
    const rests = [await look()];
    const progress = new Progress();
    let established = 0;
    caller.child.hear((report) => {
      if (report.report === 'progress') ({ established } = report);
    });
    for (let step = 1; step <= looks; step++) {
      const upTo = Math.ceil((dialogs * step) / looks);
      const order = { order: 'establish', upTo, withinMs: limitsOf(dialogs).setUpMs } as const;
      const { count } = await progress.during(
        'set up',
        dialogs,
        () => ({ count: established }),
        caller.child.ask(order, 'established', ever),
      );
      established = count;
      rests.push(await look());
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 * settleS));
    rests.push(await look());
    return { established, rests, curve: watch.stop() };
  } finally {
    watch.stop();
    await Promise.all([caller.child.end(), farEnd.child.end()]);
  }
}
