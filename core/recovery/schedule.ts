import type { Message } from '../message/message.ts';

/** When a heal that failed is tried again. A policy: plain data. */
export interface Schedule {
  /** Seconds from the end of one attempt to the next; the last goes on for ever. */
  readonly delaysS: readonly number[];
  /** While heals are answered that the far end has to mend the route, delays go on doubling beyond the last, up to this. */
  readonly waitCapS: number;
  /** While they are, no heal is tried sooner than the session interval after the last. @see [MS-SIPRE] §3.7.5.3.4 */
  readonly waitsForSession: boolean;
}

/** What a program gets unless it wants otherwise. */
export const doubling: Schedule = { delaysS: [2, 4, 8, 16, 32, 60], waitCapS: 60, waitsForSession: false };

/** Retry-After binds for at most so long. */
const retryAfterMaxMs = 300_000;

/** Of a session without a timer. @see RFC 4028 §4 */
const defaultSessionIntervalS = 1800;

/**
 * Milliseconds to wait after attempt number `attempt` (from 1) has failed.
 *
 * @param random in [0, 1): 50–100 % of the delay is taken, so that the dialogs of one break do not beat in time.
 */
export function delayAfterMs(schedule: Schedule, attempt: number, random: number): number {
  const { delaysS } = schedule;
  const delayS = delaysS[Math.min(attempt, delaysS.length) - 1] ?? 0;
  return delayS * 1000 * (0.5 + random / 2);
}

/** The same after an attempt that was answered Wait-For-Session-Update. `sessionIntervalS` is 0 without a session timer. */
export function delayAfterWaitMs(
  schedule: Schedule,
  attempt: number,
  random: number,
  sessionIntervalS: number,
): number {
  const { delaysS, waitCapS, waitsForSession } = schedule;
  if (waitsForSession) return (sessionIntervalS || defaultSessionIntervalS) * 1000 * (1 + random / 2);
  const beyond = attempt - delaysS.length;
  if (beyond <= 0) return delayAfterMs(schedule, attempt, random);
  const lastS = delaysS[delaysS.length - 1] ?? 0;
  return Math.max(lastS, Math.min(lastS * 2 ** beyond, waitCapS)) * 1000 * (0.5 + random / 2);
}

/** Milliseconds to wait after a 491: longer for the owner of the Call-ID. @see RFC 3261 §14.1 */
export function glareDelayMs(callIdOwner: boolean, random: number): number {
  return callIdOwner ? 2100 + Math.floor(random * 191) * 10 : Math.floor(random * 201) * 10;
}

/** How long a busy peer may ask us to wait. @see RFC 3311 §5.2 */
const busyMaxS = 10;

/**
 * Milliseconds to wait when a peer refused a target refresh for another one that crossed or overtook it: 491, or 500 with a
 * Retry-After of up to 10 s. Undefined when it refused for another reason.
 *
 * @see RFC 3261 §14.1, §14.2; RFC 3311 §5.2, §5.3
 */
export function glareWaitMs(response: Message, callIdOwner: boolean, random: number): number | undefined {
  if (response.status === 491) return glareDelayMs(callIdOwner, random);
  const { presence, value } = response.retryAfter;
  return response.status === 500 && presence === 'present' && value <= busyMaxS ? value * 1000 : undefined;
}

/** Milliseconds that the sender of a response wants to be left alone for, 0 where it does not say. @see RFC 3261 §20.33 */
export function retryAfterMs(response: Message): number {
  const { presence, value } = response.retryAfter;
  return presence === 'present' ? Math.min(value * 1000, retryAfterMaxMs) : 0;
}
