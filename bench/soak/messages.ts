import type { EndReason } from '../../core/index.ts';
import type { Endpoint } from '../route-death/messages.ts';
import type { TransportKind } from '../route-death/network.ts';
import type { HealTimes } from '../storm/samples.ts';
import type { BreakFigures } from './tally.ts';

/* What the main process and the two ends tell each other. No code. Instants are the machine's (`clock.ts`). */

/** First argument of an end's process, as JSON. */
export interface EndSettings {
  readonly transport: TransportKind;
  readonly shards: number;
  /** Open at a time, more or less. */
  readonly dialogs: number;
  readonly callsPerSecond: number;
  /** Mean of the lifetimes of calls. */
  readonly lifetimeMs: number;
  readonly seed: number;
  readonly leakBytesPerCall: number;
}

export type EndOrder =
  | { readonly order: 'hops'; readonly hops: readonly string[] }
  /** Set up so many calls to `target`. */
  | { readonly order: 'fill'; readonly target: Endpoint; readonly count: number; readonly withinMs: number }
  /** From now on calls come, to `target` where there is one, and go. */
  | { readonly order: 'flow'; readonly target: Endpoint | undefined }
  /** No call comes or goes any more. */
  | { readonly order: 'halt' }
  /** Tell which hops carry the dialogs, by a sample of them. */
  | { readonly order: 'sound' }
  /** A break is about to begin. */
  | { readonly order: 'begin' }
  /** Send an INFO on each dialog that finds lost state: it is to succeed nevertheless. */
  | { readonly order: 'stumble'; readonly withinMs: number }
  | { readonly order: 'close'; readonly breakAtMs: number }
  | { readonly order: 'sample' }
  | { readonly order: 'state' }
  /** Send an INFO on each dialog. */
  | { readonly order: 'verify'; readonly withinMs: number }
  /** Name each dialog. */
  | { readonly order: 'list'; readonly withinMs: number };

export type EndReport =
  | { readonly report: 'ready'; readonly local: Endpoint }
  | ({ readonly report: 'news' } & News)
  | { readonly report: 'filled'; readonly count: number }
  /** Dialogs of the sample by the URI of their hop. */
  | { readonly report: 'sounding'; readonly carried: readonly (readonly [hop: string, count: number])[] }
  | { readonly report: 'begun' }
  | ({ readonly report: 'stumbled' } & Stumble)
  /** `marks`: who was hit, as the same numbers at both ends. */
  | { readonly report: 'closed'; readonly figures: BreakFigures; readonly marks: readonly number[] }
  | { readonly report: 'sample'; readonly sample: Sample }
  | { readonly report: 'state'; readonly state: State }
  /** Call-IDs of dialogs that did not answer. */
  | { readonly report: 'verified'; readonly unanswered: readonly string[] }
  | { readonly report: 'list'; readonly dialogs: readonly Listed[] };

/** A dialog by what both ends call it. @see RFC 3261 §12 */
export type Listed = readonly [callId: string, callerTag: string, calleeTag: string];

/** What happened at an end since it last told; counts are of this moment. */
export interface News {
  readonly began: readonly string[];
  /** Calls that the program has hung up. */
  readonly asked: readonly string[];
  readonly ended: readonly (readonly [callId: string, by: 'local' | 'remote', reason: EndReason])[];
  readonly open: number;
  readonly recovering: number;
  /** Dialogs hit by the last break. */
  readonly hit: number;
}

/** What came of an INFO on each dialog, where some find lost state. */
export interface Stumble {
  /** So many were sent again after a heal that nobody saw. */
  readonly healed: number;
  /** From an INFO to its 200, of those that found lost state and of the others. */
  readonly answerMs: HealTimes;
}

/** How one process does at one instant, after a collection of garbage. Sizes are octets. */
export interface Sample {
  readonly atMs: number;
  /** Resident, as the operating system counts. */
  readonly rssSize: number;
  /** Of all threads. */
  readonly heapSize: number;
  /** Outside the heaps, tables of the stack included. */
  readonly externalSize: number;
  /** What the stack itself counts of its tables, as held. */
  readonly tablesSize: number;
  /** How late turns of the event loop came since the last sample: of the slowest thread. */
  readonly delayMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly open: number;
  /** Since the beginning. */
  readonly calls: number;
}

/** What an end holds. */
export interface State {
  /** As the program counts them, and as the stack does. */
  readonly known: number;
  readonly held: number;
  readonly owedByes: number;
  /** Calls that are being set up. */
  readonly pending: number;
  readonly callsFailed: number;
  /** What failed, and how often. */
  readonly failures: readonly (readonly [failure: string, count: number])[];
}
