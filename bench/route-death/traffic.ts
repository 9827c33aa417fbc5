import type { StackCounters } from '../../core/index.ts';
import type { TransportKind } from './network.ts';

/** What an end has put on the wire, or tried to, since it started. */
export interface Traffic {
  readonly messages: number;
  /** Attempts to connect; there are none over UDP. */
  readonly connects: number;
}

export const noTraffic: Traffic = { messages: 0, connects: 0 };

/** What a stack has sent, as it counts itself. */
export function trafficOf(transport: TransportKind, counters: StackCounters): Traffic {
  const { sentRequests, sentResponses, openedFlows } = counters;
  return { messages: sentRequests + sentResponses, connects: transport === 'udp' ? 0 : openedFlows };
}

/** What came after `before`, of several ends together. */
export function trafficSince(before: readonly Traffic[], after: readonly Traffic[]): Traffic {
  const sum = (of: (traffic: Traffic) => number, ends: readonly Traffic[]): number =>
    ends.reduce((total, traffic) => total + of(traffic), 0);
  return {
    messages: sum(({ messages }) => messages, after) - sum(({ messages }) => messages, before),
    connects: sum(({ connects }) => connects, after) - sum(({ connects }) => connects, before),
  };
}
