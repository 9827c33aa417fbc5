import type { TransportKind } from './network.ts';

/**
 * What breaks: edge A, which carries every dialog; in an outage edge B as well, in a far end’s trouble the flow to it, and where
 * flows are lost the connections of edge A, which lives on.
 */
export const faults = ['dead-hop', 'silent-hop', 'lost-state', 'outage', 'far-end', 'flow-lost'] as const;
export type Fault = (typeof faults)[number];

export const farEnds = ['sipmend', 'sipp'] as const;
export type FarEndKind = (typeof farEnds)[number];

export const modes = ['maximum', 'none'] as const;
export type Mode = (typeof modes)[number];

/** What a run is to show. */
export interface Scenario {
  readonly dialogs: number;
  /** Threads that each end spreads its dialogs over; 0 for none. */
  readonly shards: number;
  readonly transport: TransportKind;
  readonly fault: Fault;
  readonly farEnd: FarEndKind;
  /** Recovery mode of both ends. */
  readonly mode: Mode;
}

/** In an outage there is no edge for so long, once both are dead. */
export const outageMs = 5_000;

/** What both ends together may send in a second of it. */
export const outageRateMax = 50;

/** Calls or requests under way at once: what a socket buffer of 212,992 octets holds, where the kernel gives no more. */
export const atOnce = 64;

/** Transactions that an end of `dialogs` dialogs has room for: their last ones stay for 32 s. */
export function transactionsOf(dialogs: number): number {
  return Math.min(Math.max(8 * dialogs, 262_144), 2 ** 20 - 1);
}

/** The session description that both ends offer and answer: nobody sends media. */
export const sessionDescription = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 6000 RTP/AVP 0',
  '',
].join('\r\n');
