import type { Message } from '../message/message.ts';

/** Seconds from the end of one attempt to the next; the last one goes on for ever. */
const delaysS: readonly number[] = [2, 4, 8, 16, 32, 60];

/** Retry-After binds for at most so long. */
const retryAfterMaxMs = 300_000;

/**
 * Milliseconds to wait after attempt number `attempt` (from 1) has failed.
 *
 * @param random in [0, 1): 50–100 % of the delay is taken, so that the dialogs of one break do not beat in time.
 */
export function delayAfterMs(attempt: number, random: number): number {
  const delayS = delaysS[Math.min(attempt, delaysS.length) - 1] ?? 0;
  return delayS * 1000 * (0.5 + random / 2);
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
