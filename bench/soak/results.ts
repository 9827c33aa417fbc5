import type { HealTimes } from '../storm/samples.ts';
import { type Growth, growthOf, growthWithin } from './growth.ts';
import type { Misfit } from './ledger.ts';
import type { Played, PlayedBreak } from './played.ts';
import { type Fault, faultsOf } from './verdict.ts';

/** Misfits that are told one by one. */
const misfitsMax = 50;

/** What a run found. Sizes are octets, times milliseconds. */
export interface Results {
  readonly faults: readonly Fault[];
  /** Without those of ageing. */
  readonly minutes: number;
  /** Breaks of ageing. */
  readonly agedBreaks: number;
  readonly calls: number;
  readonly callsFailed: number;
  readonly ended: number;
  readonly open: number | null;
  readonly lost: number | null;
  readonly falselyEnded: number;
  readonly ghosts: number | null;
  readonly misfits: readonly Misfit[];
  readonly unhealed: number;
  readonly leastShare: number | null;
  /** Over all breaks, of both ends: the worst of each. */
  readonly healMs: HealTimes;
  readonly rss: Growth & { readonly size: number | null };
  /** The heaps of all threads, and what they own outside of them: tables with room that nobody has touched yet are counted in full. */
  readonly counted: Growth & { readonly size: number | null };
  readonly delayMs: { readonly p50: number | null; readonly p99: number | null; readonly max: number | null };
  readonly breaks: readonly PlayedBreak[];
  readonly failures: Played['failures'];
}

export function resultsOf(played: Played): Results {
  const { ageing, breaks, final, falselyEnded } = played;
  const samples = played.samples.filter(({ atMs }) => atMs >= played.startAtMs);
  const rss = growthOf(samples.map(({ atMs, rssSize }) => ({ atMs, value: rssSize })));
  const counted = growthWithin(
    samples.map(({ atMs, heapSize, externalSize }) => ({ atMs, value: heapSize + externalSize })),
    rss,
  );
  const last = samples.at(-1);
  const lost = final?.lost ?? [];
  const ghosts = final?.ghosts ?? [];
  return {
    faults: faultsOf({
      lost: lost.length,
      falselyEnded: falselyEnded.length,
      ghosts: ghosts.length,
      ageing,
      breaks,
      growth: { rss: rss.verdict, counted: counted.verdict },
    }),
    minutes: last === undefined ? 0 : (last.atMs - played.startAtMs) / 60_000,
    agedBreaks: ageing.length,
    calls: played.calls,
    callsFailed: played.callsFailed,
    ended: played.ended,
    open: final?.open ?? null,
    lost: final?.lost.length ?? null,
    falselyEnded: falselyEnded.length,
    ghosts: final?.ghosts.length ?? null,
    misfits: [...lost, ...falselyEnded, ...ghosts].slice(0, misfitsMax),
    unhealed: [...ageing, ...breaks].reduce((sum, { unhealed }) => sum + unhealed, 0),
    leastShare: breaks.length === 0 ? null : Math.min(...breaks.map(({ share }) => share)),
    healMs: worstOf(breaks.flatMap(({ near, far }) => [near.healMs, far.healMs])),
    rss: { ...rss, size: last?.rssSize ?? null },
    counted: { ...counted, size: last === undefined ? null : last.heapSize + last.externalSize },
    delayMs: {
      p50: mostOf(samples.map(({ delayMs }) => delayMs.p50)),
      p99: mostOf(samples.map(({ delayMs }) => delayMs.p99)),
      max: mostOf(samples.map(({ delayMs }) => delayMs.max)),
    },
    breaks,
    failures: played.failures,
  };
}

function worstOf(times: readonly HealTimes[]): HealTimes {
  return {
    p50: mostOf(times.map(({ p50 }) => p50)),
    p90: mostOf(times.map(({ p90 }) => p90)),
    p99: mostOf(times.map(({ p99 }) => p99)),
    p999: mostOf(times.map(({ p999 }) => p999)),
    max: mostOf(times.map(({ max }) => max)),
  };
}

function mostOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((most, value) => Math.max(most, value), 0);
}
