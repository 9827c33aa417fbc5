/** The lengths that SIP's timers are made of, in milliseconds. @see RFC 3261 §17.1.1.1, Table 4 */
export interface SipTimers {
  /** Estimate of the round-trip time. */
  readonly t1Ms: number;
  /** Longest interval between two retransmissions of a non-INVITE request or of an INVITE response. */
  readonly t2Ms: number;
  /** Longest time that a message stays in the network. */
  readonly t4Ms: number;
  /** 64*T1: how long a transaction waits for an answer (B, F, H, J, L, M). */
  readonly t1x64Ms: number;
  /** Timer D: at least 32 s, as the server's T1 is not known. @see RFC 3261 §17.1.1.2 */
  readonly dMs: number;
  /** How long an INVITE server waits for its TU before it sends 100 itself. @see RFC 3261 §17.2.1 */
  readonly tryingMs: number;
  /** When a client's Timer E is first reset to T2: the time of a 100 to a non-INVITE. @see RFC 4320 §4.1 */
  readonly lateTryingMs: number;
}

/** Names a length of `SipTimers`, so that a table can refer to it before the values are known. */
export type Length = keyof SipTimers;

/** What a timer is, as data: how long it first runs, and whether and how it runs again. */
export interface TimerSpec {
  readonly first: Length;
  /** A retransmission timer: after each firing it runs again for twice as long, up to this length. */
  readonly doublesUpTo?: Length;
  /** Over a reliable transport: the same, none at all, or over at once. */
  readonly reliable: 'same' | 'off' | 'zero';
}

export type TimerName = 'A' | 'B' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M';

/** RFC 3261's Table 4 as data, with RFC 6026's L and M. C belongs to proxies and is not here. */
export const table4: Readonly<Record<TimerName, TimerSpec>> = {
  /** B ends the doubling, so its cap is never reached. */
  A: { first: 't1Ms', doublesUpTo: 't1x64Ms', reliable: 'off' },
  B: { first: 't1x64Ms', reliable: 'same' },
  D: { first: 'dMs', reliable: 'zero' },
  E: { first: 't1Ms', doublesUpTo: 't2Ms', reliable: 'off' },
  F: { first: 't1x64Ms', reliable: 'same' },
  G: { first: 't1Ms', doublesUpTo: 't2Ms', reliable: 'off' },
  H: { first: 't1x64Ms', reliable: 'same' },
  I: { first: 't4Ms', reliable: 'zero' },
  J: { first: 't1x64Ms', reliable: 'zero' },
  K: { first: 't4Ms', reliable: 'zero' },
  L: { first: 't1x64Ms', reliable: 'same' },
  M: { first: 't1x64Ms', reliable: 'same' },
};

const minimumDMs = 32_000;

/** Completes T1, T2 and T4 (defaults 500, 4,000 and 5,000 ms) with all that derives from them. */
export function sipTimers(chosen: { t1Ms?: number; t2Ms?: number; t4Ms?: number } = {}): SipTimers {
  const { t1Ms = 500, t2Ms = 4_000, t4Ms = 5_000 } = chosen;
  let lateTryingMs = 0;
  for (let intervalMs = t1Ms; intervalMs < t2Ms; intervalMs *= 2) lateTryingMs += intervalMs;
  const t1x64Ms = 64 * t1Ms;
  return { t1Ms, t2Ms, t4Ms, t1x64Ms, dMs: Math.max(minimumDMs, t1x64Ms), tryingMs: 200, lateTryingMs };
}
