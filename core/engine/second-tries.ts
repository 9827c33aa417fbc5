import { anyOfferPending, DialogFlag, type DialogIndex, DialogState } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import { isTargetRefresh } from '../message/target-refresh.ts';
import { glareDelayMs, glareWaitMs } from '../recovery/schedule.ts';
import type { TimerKind } from '../time/wheel.ts';
import type { Parts } from './parts.ts';
import type { PendingRequest, PendingRequests } from './pending-requests.ts';
import { originOf, responseData } from './reporter.ts';

/** A peer that refuses so often is not merely in the middle of something. RFC 3261 §14.1 has us try once more. */
const triesMax = 3;

/**
 * Milliseconds after which a refused target refresh may be tried once more: it met another one, asked for too short a session, or was
 * overtaken. Undefined when it was refused for itself.
 */
export function secondTryMs(parts: Parts, dialog: DialogIndex, response: Message): number | undefined {
  const { table, sessions, fraction } = parts;
  if (response.status === 422) return sessions.raise(dialog, response) ? 0 : undefined;
  const waitMs = glareWaitMs(response, table.has(dialog, DialogFlag.callIdOwner), fraction());
  if (waitMs !== undefined) return waitMs;
  // Only its number was wrong; but a peer that wants to be left alone for long is not asked again meanwhile (§20.33).
  return isOvertaken(parts, dialog, response) && response.retryAfter.presence !== 'present' ? 0 : undefined;
}

/**
 * Whether a 500 may be for a request that a younger one of ours overtook, as it happens when one is lost and sent again. The peer has
 * then not carried it out, and the answer says nothing of the route.
 *
 * @see RFC 3261 §12.2.2
 */
export function isOvertaken({ table }: Parts, dialog: DialogIndex, response: Message): boolean {
  return response.status === 500 && response.cseq.number < (table.localSequence[dialog] as number);
}

/**
 * Re-INVITEs and UPDATEs of the program's that were refused for what passes: they met an offer of the peer's, or asked for too short
 * a session. Each is tried once more in its turn, as a new transaction, before the program hears of it.
 *
 * @see RFC 3261 §14.1, RFC 3311 §5.3, RFC 4028 §7.3
 */
export class SecondTries {
  readonly #parts: Parts;
  readonly #pending: PendingRequests;
  readonly #send: (request: PendingRequest) => void;
  readonly #due: TimerKind;

  constructor(parts: Parts, pending: PendingRequests, send: (request: PendingRequest) => void) {
    this.#parts = parts;
    this.#pending = pending;
    this.#send = send;
    this.#due = parts.wheel.kind((id) => {
      const request = pending.get(id);
      if (request?.place !== 'second-try') return;
      request.timer = 0;
      this.#tryAgain(request);
    });
  }

  /** Takes a request that `response` has refused, if it is to be tried once more. */
  take(request: PendingRequest, response: Message): boolean {
    const { healer } = this.#parts;
    const { dialog, method, abandoned, tries } = request;
    if (!isTargetRefresh(method) || abandoned || tries >= triesMax) return false;
    // While a route is broken its heals have the word.
    if (healer.health.recovering[dialog] === 1) return false;
    const waitMs = secondTryMs(this.#parts, dialog, response);
    if (waitMs === undefined || this.#isTooLate(request, waitMs)) return false;
    request.refusal = { response: responseData(response), origin: originOf(response) };
    this.#wait(request, waitMs);
    return true;
  }

  #wait(request: PendingRequest, waitMs: number): void {
    const { wheel } = this.#parts;
    wheel.disarm(request.timer);
    request.place = 'second-try';
    request.tries++;
    request.timer = wheel.arm(this.#due, request.id, wheel.nowMs + waitMs);
  }

  /** Takes an offer that must wait for one that is pending: a refresh's, a heal's, the peer's. @see RFC 3261 §14.1, RFC 3311 §5.1 */
  defers(request: PendingRequest): boolean {
    const { table, fraction } = this.#parts;
    const { dialog, tries } = request;
    const isAnswered = table.state[dialog] === DialogState.confirmed;
    if (!table.has(dialog, isAnswered ? anyOfferPending : DialogFlag.offerPending)) return false;
    const waitMs = glareDelayMs(table.has(dialog, DialogFlag.callIdOwner), fraction());
    if (tries >= triesMax || this.#isTooLate(request, waitMs)) this.#giveUp(request);
    else this.#wait(request, waitMs);
    return true;
  }

  /** What is sent again after a heal must have succeeded by an instant that waiting would pass. */
  #isTooLate({ flowFailed, quickUntilMs }: PendingRequest, waitMs: number): boolean {
    return flowFailed !== undefined && this.#parts.wheel.nowMs + waitMs >= quickUntilMs;
  }

  #tryAgain(request: PendingRequest): void {
    const isBroken = this.#parts.healer.health.recovering[request.dialog] === 1;
    if (isBroken && request.refusal !== undefined) this.#giveUp(request);
    else this.#send(request);
  }

  /** It fails with its last refusal, or for the offer that was in its way all the time. */
  #giveUp(request: PendingRequest): void {
    const { id, refusal } = request;
    const told = this.#pending.settle(request);
    if (refusal === undefined) told.failLocally(id, 491);
    else told.failWithResponse(id, refusal.response, refusal.origin);
  }
}
