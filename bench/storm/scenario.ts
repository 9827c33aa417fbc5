import type { TransportKind } from '../route-death/network.ts';

/** What breaks, each time the hop that carries the dialogs: see `usage`. */
export const faults = ['dead-hop', 'silent-hop', 'lost-state', 'outage', 'far-end', 'flow-lost'] as const;
export type Fault = (typeof faults)[number];

/** What a run is to show. */
export interface Scenario {
  readonly dialogs: number;
  readonly transport: TransportKind;
  readonly fault: Fault;
  readonly rounds: number;
  /** How long there is no hop at all, in an outage. */
  readonly outageS: number;
  /** Between the last call and the first round: finished transactions of calls are kept for 32 s. */
  readonly settleS: number;
  /** 0: the stack runs in its program's own thread. */
  readonly shards: number;
  readonly perShardPorts: boolean;
  /** The shard whose thread is killed in the middle of the storm; undefined: none. */
  readonly killShard: number | undefined;
}

/**
 * Messages under way at once: as many as the stack has heals on the way to one hop. Datagrams: what a receive buffer of
 * 212,992 octets holds, which is what some kernels give at most; a stream has its own flow control.
 */
export const windows = { udp: 64, tcp: 512 } as const;

/** Dialogs of the storm that comes before those that count: code is compiled and buffers have grown by then. */
export const warmUpDialogs = 10_000;

/** Client transactions that a stack of so many dialogs has room for, and as many server transactions. */
export function transactionsOf(dialogs: number): number {
  return Math.min(Math.max(8 * dialogs, 262_144), 2 ** 20 - 1);
}
