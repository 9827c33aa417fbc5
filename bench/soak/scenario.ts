import type { TransportKind } from '../route-death/network.ts';

/** What a run is to show. */
export interface Scenario {
  readonly minutes: number;
  /** So many are up at a time, more or less. */
  readonly dialogs: number;
  readonly callsPerSecond: number;
  readonly breaks: number;
  /** Threads of the stack that is measured; 0 for none. */
  readonly shards: number;
  readonly transport: TransportKind;
  /** Of lifetimes and breaks. */
  readonly seed: number;
  /** A leak that is planted in the program beside the stack; 0 for none. */
  readonly leakBytesPerCall: number;
}

/** A break that hits less of the open dialogs proves little. */
export const leastShare = 0.2;

/** Both ends are to have healed all that a break hit within so long. */
export const healLimitMs = 60_000;

/** Nothing is recovering at either end for so long: the silence of a hop is known by then, to whichever end is the slower one. */
export const quietMs = 2_500;

/** A mended edge is found by the probes of both ends within so long. */
export const mendMs = 2_000;

const ageMaxMs = 5 * 60_000;
const agePart = 0.25;

/** With less of ageing left no further break is begun: with its heals, and until its edge takes part again, it takes 5 to 10 s. */
export const agedBreakMs = 4_000;

/**
 * Before the clock starts calls come and go for so long, and edges break one after the other without a pause: a quarter of the time, 5 minutes
 * at most. Code is compiled then, and tables, heaps and the allocator's free lists grow to what storms take of them, which are denser
 * than any that come later. What memory does from then on is not for want of age.
 */
export function ageMsOf({ minutes }: Scenario): number {
  return Math.min(ageMaxMs, agePart * minutes * 60_000);
}

/** The mean lifetime that has as many calls go as come. */
export function lifetimeMsOf({ dialogs, callsPerSecond }: Scenario): number {
  return (1000 * dialogs) / callsPerSecond;
}

/** Every few seconds; often enough that a short run has some. */
export function sampleIntervalMsOf({ minutes }: Scenario): number {
  return Math.min(5_000, Math.max(500, (minutes * 60_000) / 120));
}
