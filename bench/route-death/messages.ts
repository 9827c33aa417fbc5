import type { TransportKind } from './network.ts';
import type { Mode } from './scenario.ts';
import type { Traffic } from './traffic.ts';

/** What the main process and its children tell each other. No code. */

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** First argument of the far end's process, as JSON. */
export interface FarEndSettings {
  readonly transport: TransportKind;
  readonly mode: Mode;
  readonly dialogs: number;
  /** Threads that its dialogs are spread over; 0 for none. */
  readonly shards: number;
}

/** First argument of an edge's process, as JSON. */
export interface EdgeSettings {
  readonly transport: TransportKind;
  /** Whose requests it forwards: `host:port`. */
  readonly clients: readonly string[];
  /** Where it listens; 0 for any port. */
  readonly port: number;
}

export type Order =
  /** To the far end: the next hops from now on. */
  | { readonly order: 'hops'; readonly hops: readonly string[] }
  /** To the far end: wait until no route is broken any more, then send an INFO on each dialog; all within `withinMs`. */
  | { readonly order: 'inform'; readonly withinMs: number }
  /** To the far end: heal every dialog, all within `withinMs`. */
  | { readonly order: 'heal'; readonly withinMs: number }
  /** To the far end: tell what was sent so far. */
  | { readonly order: 'count-traffic' }
  | { readonly order: 'lose-memory' }
  /** To an edge: reset every connection. */
  | { readonly order: 'lose-connections' }
  /** To an edge: the flow to the far end is gone. */
  | { readonly order: 'lose-flow'; readonly client: string }
  /** To an edge: no datagram goes to these ports of this machine, or comes from them, until the next such order. */
  | { readonly order: 'cut'; readonly ports: readonly number[] }
  /** To an edge: should the main process die, these must not outlive it. A stopped process cannot see to that itself. */
  | { readonly order: 'guard'; readonly pids: readonly number[] };

export type Report =
  | { readonly report: 'ready'; readonly local: Endpoint }
  /** An edge has lost what it was told to lose. */
  | { readonly report: 'lost' }
  | { readonly report: 'traffic'; readonly traffic: Traffic }
  | ({ readonly report: 'news' } & News);

/** What happened at the far end since it last told. */
export interface News {
  /** Calls answered and acknowledged, since the beginning. */
  readonly established: number;
  /** Dialogs healed: Call-ID and instant of the machine's clock. */
  readonly healed: readonly (readonly [callId: string, atMs: number])[];
  /** Call-IDs of the dialogs whose INFO was answered 200. */
  readonly informed: readonly string[];
  /** The INFOs that were ordered have all been answered or given up. */
  readonly informDone: boolean;
}
