import type { OutageTraffic } from '../route-death/results.ts';
import { type MemoryCurve, stackName } from './memory-curve.ts';
import type { FarEndCounts, Rest, Revival } from './messages.ts';
import type { RoundFigures } from './round.ts';
import type { HealTimes } from './samples.ts';

/** One storm with what the far end saw of it. */
export interface PlayedRound {
  readonly figures: RoundFigures;
  /** Where a shard was killed: what became of it. */
  readonly revival: Revival | undefined;
  /** What the far end counted from the break until all was verified. */
  readonly repeated: number;
  readonly acks: number;
  /** Share of its core that the far end used in the storm. */
  readonly farEndCpu: number;
  /** Messages that the stack dropped for want of room. */
  readonly shed: number;
  /** In an outage: what was sent while there was no hop, and how long healing took from the return of the hops. */
  readonly outage: (OutageTraffic & { readonly healedAfterMs: number | null }) | undefined;
}

/** All that a run has measured. */
export interface Played {
  readonly established: number;
  readonly rounds: readonly PlayedRound[];
  /** Round trips a second, the best before and after, and what each takes of CPU. */
  readonly floor: { readonly roundTripsPerSecond: number; readonly cpuPerRoundTripUs: number } | undefined;
  readonly requestSize: number;
  readonly responseSize: number;
  /** Of the stack without dialogs, after the storm that warms up, and with all of them. */
  readonly empty: Rest | undefined;
  readonly warm: Rest | undefined;
  readonly full: Rest | undefined;
  /** INFOs of the far end's that were answered 200, after the last round. */
  readonly informed: number | undefined;
  readonly memory: MemoryCurve | undefined;
}

/** A storm, held against the floor of its run. */
export interface RoundResults {
  readonly broken: number;
  readonly healed: number;
  readonly lost: number;
  readonly verified: number;
  readonly detectMs: number | null;
  readonly markMs: number | null;
  readonly stormMs: number | null;
  readonly healMs: HealTimes;
  readonly healsPerSecond: number | null;
  readonly ratioToFloor: number | null;
  /** CPU of the stack's process for one heal. */
  readonly cpuPerHealUs: number | null;
  readonly cpuRatioToFloor: number | null;
  readonly farEndCpu: number;
  readonly retransmissions: number;
  /** ACKs that were sent again, to calls that are not over for 32 s. */
  readonly acks: number;
  readonly shed: number;
  readonly outage?: PlayedRound['outage'];
  readonly revival?: Revival;
}

/** What machines read: the round whose storm took the median of time, beside what holds for all. */
export interface Results extends RoundResults {
  readonly established: number;
  /** Of all rounds together. */
  readonly lostInAll: number;
  readonly informed: number | null;
  readonly floorMs: number | null;
  readonly floorCpuPerRoundTripUs: number | null;
  readonly requestSize: number;
  readonly responseSize: number;
  readonly rssPerDialogBytes: number | null;
  /** The part of it that is JavaScript's heap: mostly the program's own handles. */
  readonly heapPerDialogBytes: number | null;
  /** Of each dialog that came after those of the storm that warms up. */
  readonly rssPerFurtherDialogBytes: number | null;
  /** As `rssPerDialogBytes`, of the highest that was seen: what storms need for their transactions and events is in it. */
  readonly peakRssPerDialogBytes: number | null;
  readonly rounds: readonly RoundResults[];
}

export function resultsOf(played: Played): Results {
  const rounds = played.rounds.map((round) => roundResults(round, played));
  const { floor, empty, full, warm, established } = played;
  return {
    ...(rounds[medianIndex(rounds)] ?? nothing),
    established,
    lostInAll: rounds.reduce((sum, { lost }) => sum + lost, 0),
    informed: played.informed ?? null,
    floorMs: floor === undefined ? null : (1000 * established) / floor.roundTripsPerSecond,
    floorCpuPerRoundTripUs: floor?.cpuPerRoundTripUs ?? null,
    requestSize: played.requestSize,
    responseSize: played.responseSize,
    rssPerDialogBytes: perDialog(empty, full, ({ rssSize }) => rssSize),
    heapPerDialogBytes: perDialog(empty, full, ({ heapSize }) => heapSize),
    rssPerFurtherDialogBytes: perDialog(warm, full, ({ rssSize }) => rssSize),
    peakRssPerDialogBytes: peakPerDialog(played),
    rounds,
  };
}

/** The middle one of these by the time of the storm; of an even number the earlier. */
export function medianIndex(rounds: readonly { readonly stormMs: number | null }[]): number {
  const order = rounds.map((_, index) => index).sort((a, b) => timeOf(rounds[a]) - timeOf(rounds[b]));
  return order[Math.floor((order.length - 1) / 2)] ?? -1;
}

const nothing: RoundResults = {
  broken: 0,
  healed: 0,
  lost: 0,
  verified: 0,
  detectMs: null,
  markMs: null,
  stormMs: null,
  healMs: { p50: null, p90: null, p99: null, p999: null, max: null },
  healsPerSecond: null,
  ratioToFloor: null,
  cpuPerHealUs: null,
  cpuRatioToFloor: null,
  farEndCpu: 0,
  retransmissions: 0,
  acks: 0,
  shed: 0,
};

function roundResults(
  { figures, revival, repeated, acks, farEndCpu, shed, outage }: PlayedRound,
  { floor }: Played,
): RoundResults {
  const { broken, healed, lost, verified, detectMs, markMs, stormMs, healMs, cpuMs } = figures;
  // In an outage nothing can heal before the hops are back.
  const healingMs = outage === undefined ? stormMs : outage.healedAfterMs;
  const perSecond = healingMs === null || healingMs === 0 ? null : (1000 * healed) / healingMs;
  const cpuPerHealUs = healed === 0 || cpuMs === 0 ? null : (1000 * cpuMs) / healed;
  return {
    broken,
    healed,
    lost,
    verified,
    detectMs,
    markMs,
    stormMs,
    healMs,
    healsPerSecond: perSecond,
    ratioToFloor: floor === undefined || perSecond === null ? null : floor.roundTripsPerSecond / perSecond,
    cpuPerHealUs,
    cpuRatioToFloor: floor === undefined || cpuPerHealUs === null ? null : cpuPerHealUs / floor.cpuPerRoundTripUs,
    farEndCpu,
    retransmissions: repeated,
    acks,
    shed,
    ...(outage && { outage }),
    ...(revival && { revival }),
  };
}

function perDialog(before: Rest | undefined, after: Rest | undefined, sizeOf: (rest: Rest) => number): number | null {
  if (before === undefined || after === undefined || after.dialogs <= before.dialogs) return null;
  return (sizeOf(after) - sizeOf(before)) / (after.dialogs - before.dialogs);
}

function peakPerDialog({ empty, established, memory }: Played): number | null {
  const sizes = memory?.sizes.find(({ name }) => name === stackName)?.octets ?? [];
  if (empty === undefined || established === 0 || sizes.length === 0) return null;
  return (sizes.reduce((peak, size) => Math.max(peak, size)) - empty.rssSize) / established;
}

function timeOf(round: { readonly stormMs: number | null } | undefined): number {
  return round?.stormMs ?? Number.POSITIVE_INFINITY;
}

/** What came between two counts of the far end's. */
export function countsSince(
  before: FarEndCounts,
  after: FarEndCounts,
): Pick<FarEndCounts, 'repeated' | 'acks' | 'refused'> {
  return {
    repeated: after.repeated - before.repeated,
    acks: after.acks - before.acks,
    refused: after.refused - before.refused,
  };
}
