import type { EngineMemory } from '../../core/index.ts';
import type { TransportKind } from '../route-death/network.ts';
import type { Traffic } from '../route-death/traffic.ts';
import type { RoundFigures } from './round.ts';
import type { Fault } from './scenario.ts';
import type { Spread } from './shards.ts';

/* What the main process and its children tell each other. No code. Instants are the machine's (`clock.ts`). */

/** First argument of the far end's process, as JSON. */
export interface FarEndSettings {
  readonly transport: TransportKind;
  readonly dialogs: number;
  readonly window: number;
}

export type FarEndOrder =
  | { readonly order: 'break'; readonly fault: Fault }
  /** Whatever was broken works again, empty; waits until our stack has noticed. */
  | { readonly order: 'restore'; readonly withinMs: number }
  /** Heal each dialog by the hop that was not broken: our stack is reached by `target`. */
  | { readonly order: 'heal'; readonly count: number; readonly target: string; readonly withinMs: number }
  /** Send an INFO on each dialog. */
  | { readonly order: 'inform'; readonly count: number; readonly target: string; readonly withinMs: number }
  | { readonly order: 'count' };

export type FarEndReport =
  | { readonly report: 'ready'; readonly ports: readonly number[] }
  | { readonly report: 'broken'; readonly atMs: number }
  | { readonly report: 'restored'; readonly atMs: number }
  /** So many of the far end's own requests were answered 2xx. */
  | { readonly report: 'answered'; readonly count: number }
  | { readonly report: 'counts'; readonly counts: FarEndCounts };

/** What the far end has seen since it started. */
export interface FarEndCounts {
  readonly invites: number;
  readonly acks: number;
  /** UPDATEs; their repetitions are not counted. */
  readonly heals: number;
  readonly infos: number;
  /** Requests answered 430. */
  readonly refused: number;
  /** Requests whose sequence number had come before. */
  readonly repeated: number;
  readonly probes: number;
  readonly byes: number;
  /** Messages that our stack does not write. */
  readonly foreign: number;
  /** Dialogs that each hop knows. */
  readonly carried: readonly number[];
  /** Octets of the last heal and of its answer. */
  readonly healSize: number;
  readonly answerSize: number;
  /** Since the first heal after the last break. */
  readonly stormCpuMs: number;
  readonly stormMs: number;
}

/** First argument of the caller's process, as JSON. */
export interface CallerSettings extends Spread {
  readonly transport: TransportKind;
  readonly dialogs: number;
  readonly window: number;
  /** The program leaves breaks to the far end. */
  readonly passive: boolean;
  /** Folder of the profiles of its storms. */
  readonly profile?: string | undefined;
}

export type CallerOrder =
  | { readonly order: 'hops'; readonly hops: readonly string[] }
  /** Set up calls until there are so many. */
  | { readonly order: 'establish'; readonly upTo: number; readonly withinMs: number }
  /** A storm is about to begin: all that was noted of the last one is forgotten. A shard is killed in its middle, where one is named. */
  | { readonly order: 'begin'; readonly killShard: number | undefined }
  /** Send an INFO on each dialog that finds the break: it is to succeed, or to be refused with a 430. */
  | { readonly order: 'stumble'; readonly withinMs: number }
  | { readonly order: 'provoke'; readonly withinMs: number }
  /** Send an INFO on each dialog that proves that it works. */
  | { readonly order: 'verify'; readonly withinMs: number }
  /** The storm is over: what was not healed by `endAtMs` counts as broken until then. */
  | { readonly order: 'close'; readonly breakAtMs: number; readonly endAtMs: number }
  /** Tell what the process holds; after a garbage collection where that is asked for. */
  | { readonly order: 'rest'; readonly collect: boolean };

export type CallerReport =
  | { readonly report: 'ready'; readonly uri: string }
  | ({ readonly report: 'progress' } & CallerProgress)
  | { readonly report: 'established'; readonly count: number }
  | { readonly report: 'begun' }
  /** Every dialog is healed. */
  | { readonly report: 'healed'; readonly atMs: number }
  /** The INFOs that were ordered have all been answered or given up; so many as they should. */
  | { readonly report: 'asked'; readonly count: number }
  | { readonly report: 'round'; readonly figures: RoundFigures; readonly revival: Revival | undefined }
  | { readonly report: 'rest'; readonly rest: Rest };

/** What became of a shard that was killed. */
export interface Revival {
  readonly shard: number;
  /** Its dialogs, which went with it. */
  readonly dialogs: number;
  /** From its death to the first call that it served again. */
  readonly servesAfterMs: number;
}

/** How far the caller's process has got. */
export interface CallerProgress {
  readonly established: number;
  readonly recovering: number;
  readonly healed: number;
  readonly verified: number;
}

/** What the caller's process holds. Sizes are octets. */
export interface Rest {
  readonly rssSize: number;
  /** JavaScript's heap alone: of a dialog, mostly the program's own handle. */
  readonly heapSize: number;
  /** What the stack itself counts, off the heap. */
  readonly memory: EngineMemory;
  /** Dialogs that the stack has. */
  readonly dialogs: number;
  readonly clientTransactions: number;
  readonly shed: number;
  readonly traffic: Traffic;
  /** What failed, and how often. */
  readonly failures: readonly (readonly [failure: string, count: number])[];
}
