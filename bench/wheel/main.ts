import { readCounts } from '../arguments.ts';
import { begin } from '../begin.ts';
import { type Garbage, garbageOf } from '../collections.ts';
import { atLeast, atMost, type Goal, ours, rowsOf, tableOf } from '../figures.ts';
import { writeReport } from '../report.ts';
import { bestRateOf, rateOf } from '../stopwatch.ts';
import { HeapTimers, NodeTimers } from './rivals.ts';
import { instants, type Timers } from './timers.ts';
import { WheelTimers } from './wheel-timers.ts';

export const usage: string = `Usage: npm run bench -- wheel [options]      (or: sipmend-bench wheel [options])

Arms timers on the wheel, spread over half an hour, disarms and arms each again, in the order of their handles and in a
random one, and fires them all; and has a binary heap and Node's setTimeout do the same. Ends with 1 if a timer is lost.

  --timers N    timers that are armed at once (default: 1000000)
  --json FILE   writes the results to FILE
  --help        shows this`;

const operations = {
  arm: 'arm',
  inOrder: 'disarm + arm, in their order',
  atRandom: 'disarm + arm, at random',
  fire: 'fire',
} as const;

/** Passes of which the best counts. */
const rounds = 3;

/** Wheels that are filled anew to find the longest pause. */
const fillings = 3;

/** Octets. Reading the heap's size allocates a little. */
const heapGrowthMax = 65_536;

/** Measures the wheel. Gives the exit code. */
export function run(args: readonly string[]): Promise<number> {
  const asked = readCounts(args, { timers: { default: 1_000_000, max: 16_000_000 } });
  return begin('wheel', usage, asked, ({ counts, json }) => measure(counts, json));
}

async function measure(counts: Readonly<Record<'timers', number>>, json: string | undefined): Promise<number> {
  const dueMs = instants(counts.timers);
  const growth = growthOf(dueMs);
  const wheel = new WheelTimers(dueMs);
  const rates = new Map([
    [ours, ratesOf(wheel, counts.timers, rounds)],
    ['binary heap', ratesOf(new HeapTimers(dueMs), counts.timers, rounds)],
    // One round takes as long as a hundred of ours.
    ['setTimeout', ratesOf(new NodeTimers(dueMs), counts.timers, 1)],
  ]);
  rates.get('setTimeout')?.delete(operations.fire);
  const garbage = await garbageOfRenewing(dueMs);
  const rows = rowsOf(rates);
  const goals = goalsOf(rates.get(ours) ?? new Map(), growth, garbage);
  const wrong = wheel.wrong + wheel.count;
  console.log(tableOf(rows, goals));
  if (wrong > 0) console.error(`wheel: ${wrong} timers were lost, or not fired when they were due`);
  if (json !== undefined) writeReport(json, { scenario: 'wheel', parameters: counts, results: { rows, goals, wrong } });
  return wrong === 0 ? 0 : 1;
}

interface Growth {
  readonly longestPauseMs: number;
  /** Octets that each timer takes. */
  readonly sizeEach: number;
}

/** Of wheels that are filled from empty. The machine has other work: the pause is the shortest of each one's longest. */
function growthOf(dueMs: Float64Array): Growth {
  let longestPauseMs = Number.POSITIVE_INFINITY;
  let sizeEach = 0;
  for (let filling = 0; filling < fillings; filling++) {
    const timers = new WheelTimers(dueMs);
    const empty = timers.heldSize;
    longestPauseMs = Math.min(longestPauseMs, timers.fillInLaps());
    sizeEach = (timers.heldSize - empty) / timers.count;
  }
  return { longestPauseMs, sizeEach };
}

function ratesOf(timers: Timers, count: number, rounds: number): Map<string, number> {
  const rates = new Map<string, number>();
  rates.set(
    operations.arm,
    rateOf(count, () => timers.fill()),
  );
  rates.set(
    operations.inOrder,
    bestRateOf(count, rounds, () => timers.renew()),
  );
  // Shuffled each time: the handles of a slot stand in its list as they were armed, and would be taken back in that order.
  rates.set(
    operations.atRandom,
    bestRateOf(
      count,
      rounds,
      () => timers.renew(),
      () => timers.shuffle(),
    ),
  );
  rates.set(
    operations.fire,
    rateOf(count, () => timers.fire()),
  );
  return rates;
}

function garbageOfRenewing(dueMs: Float64Array): Promise<Garbage> {
  const timers = new WheelTimers(dueMs);
  timers.fill();
  return garbageOf(() => {
    for (let round = 0; round < rounds; round++) timers.renew();
  });
}

function goalsOf(rates: ReadonlyMap<string, number>, growth: Growth, garbage: Garbage): Goal[] {
  const rate = (operation: string): number => rates.get(operation) ?? 0;
  return [
    atLeast(10_000_000, 'a second', operations.inOrder, rate(operations.inOrder)),
    atLeast(5_000_000, 'a second', operations.atRandom, rate(operations.atRandom)),
    atMost(24, 'octets', 'memory of a timer', growth.sizeEach),
    atMost(10, 'ms', 'longest pause from none to all', growth.longestPauseMs),
    atMost(0, '', 'collections of garbage while disarming and arming', garbage.collections),
    // What the measurement itself allocates is there whether there are a thousand timers or a million.
    atMost(heapGrowthMax, 'octets', 'growth of the heap meanwhile', garbage.heapGrowth),
  ];
}
