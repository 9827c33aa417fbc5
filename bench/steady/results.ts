import { atLeast, atMost, type Goal } from '../figures.ts';
import { type Lateness, latenessOf } from './lateness.ts';
import type { Load, PeerCounts } from './messages.ts';
import { refreshesIn, type Scenario } from './scenario.ts';

/** What was measured. */
export interface Measured {
  readonly adoptedAt: readonly number[];
  readonly seenAt: readonly number[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly peer: PeerCounts;
  readonly full: Load;
  readonly empty: Load;
}

/** What a run found. Parts are of one core. */
export interface Results {
  readonly minutes: number;
  readonly refreshes: number;
  readonly expected: number;
  readonly peer: PeerCounts;
  readonly cpuPart: number;
  readonly emptyCpuPart: number;
  readonly cpuPartAbove: number;
  /** CPU of one refresh, above that of an empty stack. */
  readonly cpuPerRefreshUs: number;
  readonly rssSize: number;
  readonly dialogs: number;
  readonly ended: number;
  readonly recovering: number;
  readonly lateness: Lateness;
  readonly goals: readonly Goal[];
}

const leastPart = 0.9;

export function resultsOf(scenario: Scenario, measured: Measured): Results {
  const { peer, full, empty } = measured;
  const cpuPart = full.cpuMs / full.ms;
  const emptyCpuPart = empty.cpuMs / empty.ms;
  const refreshes = peer.ours + peer.theirs;
  const expected = refreshesIn(scenario);
  const lateness = latenessOf(measured.adoptedAt, measured.seenAt, measured);
  const above = cpuPart - emptyCpuPart;
  return {
    minutes: full.ms / 60_000,
    refreshes,
    expected,
    peer,
    cpuPart,
    emptyCpuPart,
    cpuPartAbove: above,
    cpuPerRefreshUs: refreshes === 0 ? 0 : (1000 * above * full.ms) / refreshes,
    rssSize: full.rssSize,
    dialogs: full.dialogs,
    ended: full.ended,
    recovering: full.recovering,
    lateness,
    goals: [
      atMost(5, '% of a core', 'CPU above an empty stack', 100 * above),
      atLeast(leastPart * expected, '', 'refreshes seen', refreshes),
      atMost(50, 'ms', 'lateness of refreshes, p99', lateness.lateMs.p99 ?? 0),
    ],
  };
}

/** Whether every dialog lives and was refreshed. */
export function isWhole({ dialogs }: Scenario, { peer, lateness, ...results }: Results): boolean {
  const isKept = results.dialogs === dialogs && results.ended === 0 && results.recovering === 0;
  return isKept && peer.refused === 0 && lateness.missing === 0 && results.refreshes >= leastPart * results.expected;
}

/** The table that a run ends with. */
export function tableOf(results: Results): string {
  const { peer, lateness } = results;
  const { lateMs } = lateness;
  const rows: [string, string][] = [
    ['dialogs', count(results.dialogs)],
    ['minutes', results.minutes.toFixed(1)],
    ['refreshes by us', count(peer.ours)],
    ['  came again', count(peer.repeated)],
    ['refreshes by the peer', count(peer.theirs)],
    ['  refused', count(peer.refused)],
    ['ended', count(results.ended)],
    ['CPU', part(results.cpuPart)],
    ['  of an empty stack', part(results.emptyCpuPart)],
    ['  of a refresh', `${results.cpuPerRefreshUs.toFixed(0)} µs`],
    ['refreshes due', count(lateness.due)],
    ['  missing', count(lateness.missing)],
    ['late p50', time(lateMs.p50)],
    ['     p99', time(lateMs.p99)],
    ['     max', time(lateMs.max)],
    ['resident memory', `${(results.rssSize / 1e6).toFixed(1)} MB`],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(24)}${value.padStart(14)}`).join('\n');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function part(value: number): string {
  return `${(100 * value).toFixed(2)} % of a core`;
}

function time(ms: number | null): string {
  return ms === null ? '–' : `${ms.toFixed(1)} ms`;
}
