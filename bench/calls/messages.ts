import type { Called } from '../far-end/caller.ts';
import type { TransportKind } from '../route-death/network.ts';
import { healTimesOf, type HealTimes as Percentiles, quantilesOf } from '../storm/samples.ts';
import type { Spread } from '../storm/shards.ts';

/* What the main process and its children tell each other. */

export const roles = ['uac', 'uas'] as const;
/** What our stack does: it calls, or it is called. */
export type Role = (typeof roles)[number];

/** First argument of the stack's process, as JSON. */
export interface StackSettings extends Spread {
  readonly transport: TransportKind;
  readonly callsPerSecond: number;
  /** Dialogs that are held beside the calls that come and go. */
  readonly held: number;
  /** File for a CPU profile of the calls that count. */
  readonly profile?: string | undefined;
}

/** First argument of the far end's process, as JSON. */
export interface FarEndSettings {
  readonly transport: TransportKind;
  /** What the far end does. */
  readonly as: Role;
}

export type Order =
  /** Call whoever is at `port` of loopback. */
  | {
      readonly order: 'call';
      readonly port: number;
      readonly calls: number;
      readonly callsPerSecond: number;
      readonly hold: boolean;
    }
  /** Tell what was used and seen so far. */
  | { readonly order: 'look'; readonly collect: boolean }
  /** Begin or end the profile. */
  | { readonly order: 'profile'; readonly isOn: boolean };

export type Report =
  | { readonly report: 'ready'; readonly port: number }
  | { readonly report: 'called'; readonly figures: CallFigures }
  | { readonly report: 'looked'; readonly look: Look }
  | { readonly report: 'profiled' };

/** What calls came to, as their caller saw it. Times are milliseconds. */
export interface CallFigures {
  readonly begun: number;
  readonly ended: number;
  readonly failed: number;
  /** What failed so far, and how often. */
  readonly failures: readonly (readonly [failure: string, count: number])[];
  /** Ended ones by the time from the first INVITE to the last answer. */
  readonly perSecond: number;
  readonly setUpMs: Percentiles;
  readonly quantilesMs: readonly number[];
  /** How late calls began. */
  readonly lateMs: Percentiles;
}

/** What a process has used and seen. Sizes are octets. */
export interface Look {
  readonly atMs: number;
  /** User and system time of all threads, as the operating system accounts for it. */
  readonly cpuMs: number;
  readonly rssSize: number;
  /** What the stack says that its dialogs take; null of others. */
  readonly dialogsSize: number | null;
  /** Milliseconds, since the last look. */
  readonly loopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Messages that came again, and messages that were sent again. */
  readonly repetitions: { readonly received: number; readonly sent: number };
  /** Messages that were dropped for want of room. */
  readonly shed: number;
  /** What failed outside of calls that it made, and how often. */
  readonly failures: readonly (readonly [failure: string, count: number])[];
}

/** What a batch of calls came to. */
export function figuresOf(
  { begun, ended, paced, setUpMs, tookMs }: Called,
  failures: ReadonlyMap<string, number>,
): CallFigures {
  const setUps = setUpMs.slice().sort();
  return {
    begun,
    ended,
    failed: begun - ended,
    failures: [...failures],
    perSecond: (1000 * ended) / Math.max(tookMs, 1),
    setUpMs: healTimesOf(setUps),
    quantilesMs: quantilesOf(setUps),
    lateMs: healTimesOf(paced.lateMs.slice().sort()),
  };
}
