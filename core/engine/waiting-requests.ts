import type { DialogIndex } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import { type Mender, tellsOfRoute } from '../recovery/classify.ts';
import type { TimerKind } from '../time/wheel.ts';
import type { ResponseData, ResponseOrigin } from './event.ts';
import type { Parts } from './parts.ts';
import type { DoubtedFailure, PendingRequest, PendingRequests } from './pending-requests.ts';
import { givenUpText, localResponse, originOf, responseData } from './reporter.ts';
import type { SentRequests } from './sent-requests.ts';

/** A request may be sent again so often after a heal. @see [MS-SIPRE] §3.7.5.3.1 */
const resendsMax = 2;

/** A heal and the sending again share so long; past it the sender is told of the 430. */
export const quickLimitMs = 4000;

/** So many requests of a dialog wait for its route: more than a dialog has to say in the minutes that a break may last. */
export const heldMax = 64;

/**
 * Requests that wait for the route of their dialog.
 *
 * A **parked** one was answered by a 430 that asks for a heal, and is sent again after it. The failure of a **doubted** one is put to
 * the peer by a heal, whose end decides what its sender is told. Both have asked for a quick heal, and wait 4 s for it at most. **Held**
 * ones have not been sent: they came behind such a heal, or wait while the route is broken because the policy wants it so.
 */
export class WaitingRequests {
  readonly #parts: Parts;
  readonly #pending: PendingRequests;
  readonly #sent: SentRequests;
  readonly #quickLimit: TimerKind;

  constructor(parts: Parts, pending: PendingRequests, sent: SentRequests) {
    this.#parts = parts;
    this.#pending = pending;
    this.#sent = sent;
    this.#quickLimit = parts.wheel.kind((id) => this.#quickLimitReached(id));
  }

  /** Whether a new request of the dialog would have to wait, and there is no room for it. */
  isFull(dialog: DialogIndex): boolean {
    return this.#holds(dialog) && this.#pending.waiting(dialog).length >= heldMax;
  }

  /** Sends a request, or holds it. */
  begin(request: PendingRequest): void {
    request.place = 'waiting';
    const { wheel, healer } = this.#parts;
    if (!this.#holds(request.dialog)) this.#sent.send(request);
    else if (healer.health.quick[request.dialog] === 1) this.#limit(request, wheel.nowMs + quickLimitMs);
  }

  /** Whether requests are held: behind a heal that others wait for, or where the policy wants it while the route is broken. */
  #holds(dialog: DialogIndex): boolean {
    const { recovery, healer } = this.#parts;
    const { quick, recovering } = healer.health;
    return quick[dialog] === 1 || (recovery.holdsRequests && recovering[dialog] === 1);
  }

  /**
   * Parks a request that was answered by a 430, until a heal lets it be sent again. `isStale`: the dialog has a newer route already.
   * False where no heal helps, or it was sent again often enough.
   *
   * @see [MS-SIPRE] §3.7.5.3.1
   */
  park(request: PendingRequest, message: Message, isStale: boolean): boolean {
    const { wheel, healer } = this.#parts;
    const { dialog, resends, abandoned } = request;
    if (resends >= resendsMax || abandoned || !(isStale || healer.mayHeal(dialog))) return false;
    if (request.flowFailed === undefined) {
      request.flowFailed = responseData(message);
      request.quickUntilMs = wheel.nowMs + quickLimitMs;
    }
    if (isStale) {
      this.#resend(request);
    } else {
      this.limit(request);
      healer.quickHeal(dialog, 'response', 430, 'us');
    }
    return true;
  }

  #resend(request: PendingRequest): void {
    request.resends++;
    this.#sent.send(request);
  }

  /** A request that was parked once must succeed in time, wherever it is. */
  limit(request: PendingRequest): void {
    this.#limit(request, request.quickUntilMs);
  }

  #limit(request: PendingRequest, untilMs: number): void {
    request.timer = this.#parts.wheel.arm(this.#quickLimit, request.id, untilMs);
  }

  /**
   * Puts a failure to the peer where the sender wishes that: one heal, whose verdict decides what the sender is told. False where a
   * heal could not tell more.
   */
  doubt(request: PendingRequest, response: ResponseData, origin: ResponseOrigin, mender: Mender): boolean {
    const { mode, wheel, healer } = this.#parts;
    if (!request.confirms || request.abandoned || mode === 'none' || mender === 'registration') return false;
    if (!healer.mayHeal(request.dialog)) return false;
    request.doubted = { response, origin, mender };
    this.#limit(request, wheel.nowMs + quickLimitMs);
    const cause = origin === 'local' ? 'timeout' : 'response';
    healer.quickHeal(request.dialog, cause, cause === 'timeout' ? 0 : response.status, mender);
    return true;
  }

  /** The failure itself is the sender's error. When the peer has answered meanwhile, it was none of the peer's. */
  #tellDoubted(request: PendingRequest, { response, origin }: DoubtedFailure, peerAnswered: boolean): void {
    const maker = peerAnswered && origin === 'remote' ? 'intermediary' : origin;
    this.#pending.settle(request).failWithResponse(request.id, response, maker);
  }

  /** The route works again: what waited for it goes out, in order. */
  healed(dialog: DialogIndex): void {
    for (const request of this.#pending.waiting(dialog)) {
      if (request.doubted !== undefined) this.#tellDoubted(request, request.doubted, true);
      else if (request.flowFailed !== undefined) this.#resend(request);
      else if (!this.#holds(dialog)) this.#sent.send(request);
    }
  }

  /** The heal failed that requests waited for: each hears of it, but those that came behind may go on waiting for the route. */
  quickHealFailed(dialog: DialogIndex, response: Message | undefined): void {
    const staysHeld = this.#parts.recovery.holdsRequests && tellsOfRoute(response);
    for (const request of this.#pending.waiting(dialog)) {
      const { id, doubted, flowFailed } = request;
      const cause = doubted?.response ?? flowFailed;
      if (cause === undefined && staysHeld) {
        this.#pending.stop(request);
        continue;
      }
      if (response === undefined && doubted !== undefined) {
        this.#tellDoubted(request, doubted, false);
        continue;
      }
      const told = this.#pending.settle(request);
      if (response !== undefined) told.failWithResponse(id, responseData(response), originOf(response), cause);
      else if (cause !== undefined) told.failWithResponse(id, cause, 'intermediary');
      else told.failLocally(id, 408);
    }
  }

  /** The route broke before it was healed for those that have failed once: they hear of it. Those behind, not sent yet, wait on. */
  brokeMeanwhile(dialog: DialogIndex): void {
    for (const request of this.#pending.waiting(dialog)) {
      const { id, doubted, flowFailed } = request;
      if (doubted !== undefined) this.#tellDoubted(request, doubted, false);
      else if (flowFailed !== undefined) this.#pending.settle(request).failWithResponse(id, flowFailed, 'intermediary');
      else if (this.#parts.recovery.holdsRequests) this.#pending.stop(request);
    }
  }

  /** The break is given up: what waited for the route has not been sent. */
  givenUp(dialog: DialogIndex): void {
    const { health } = this.#parts.healer;
    const status = health.causeStatus(dialog) || (health.cause(dialog) === 'timeout' ? 408 : 503);
    for (const request of this.#pending.waiting(dialog)) {
      const { id, doubted, flowFailed } = request;
      const failure = doubted?.response ?? flowFailed;
      const told = this.#pending.settle(request);
      const message = `${givenUpText} The request was not sent.`;
      if (failure !== undefined) told.failWithResponse(id, failure, 'intermediary');
      else told.fail(id, { code: 'SIP_RECOVERY_FAILED', message, cause: localResponse(status) });
    }
  }

  /**
   * Time is up for one. Its heal goes on as an ordinary one, of a broken route; where that has ended well, nothing is known to be wrong with the
   * new route but that its hop is slow to answer.
   */
  #quickLimitReached(id: number): void {
    const request = this.#pending.get(id);
    if (request === undefined) return;
    request.timer = 0;
    const { dialog, flowFailed, doubted } = request;
    const { wheel, recovery, healer } = this.#parts;
    const { health } = healer;
    if (flowFailed === undefined && doubted === undefined) {
      // It only came behind another's heal: now it goes as the route is, but not before one that was sent meanwhile and waits for the heal
      // again. That has a limit of its own, and lets it go.
      if (this.#isAwaited(dialog)) this.#limit(request, wheel.nowMs + quickLimitMs);
      else if (!recovery.holdsRequests || health.recovering[dialog] === 0) this.#sent.send(request);
      return;
    }
    if (doubted !== undefined) {
      this.#tellDoubted(request, doubted, false);
    } else if (flowFailed !== undefined) {
      const isHealed = request.place !== 'waiting';
      this.#parts.reporter.failWithResponse(id, flowFailed, 'intermediary');
      if (isHealed) this.#sent.suspectHop(request);
      this.#sent.abandon(request);
      if (isHealed) return;
    }
    const status = doubted === undefined ? 430 : health.causeStatus(dialog);
    const cause = status === 0 ? 'timeout' : 'response';
    healer.breakRoute(dialog, cause, status, doubted?.mender ?? 'us');
    this.left(dialog);
    healer.pump();
  }

  /** One has gone. When nobody is left who has asked for the heal, those that came behind are sent as the route is: they have no limit. */
  left(dialog: DialogIndex): void {
    if (this.#isAwaited(dialog)) return;
    this.#parts.healer.endQuickHeal(dialog);
    for (const request of this.#pending.waiting(dialog)) {
      if (this.#holds(dialog)) this.#pending.stop(request);
      else this.#sent.send(request);
    }
  }

  /** Whether some request that has failed once waits for a heal. */
  #isAwaited(dialog: DialogIndex): boolean {
    const waiting = this.#pending.waiting(dialog);
    return waiting.some((request) => request.flowFailed !== undefined || request.doubted !== undefined);
  }
}
