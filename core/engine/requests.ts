import { DialogFlag, type DialogId, type DialogIndex, DialogState } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import { isTargetRefresh } from '../message/target-refresh.ts';
import { classifyResponse, type Mender, menderOf } from '../recovery/classify.ts';
import { responseEffect } from '../recovery/response-effect.ts';
import type { ClientFailure, ClientTransaction } from '../transaction/client-transaction.ts';
import type { Content } from './command.ts';
import type { EndReason, ResponseData } from './event.ts';
import { Failover } from './failover.ts';
import type { Parts } from './parts.ts';
import { isOffer, type PendingRequest, PendingRequests } from './pending-requests.ts';
import { localResponse, originOf, responseData } from './reporter.ts';
import { takeSuccess } from './request-success.ts';
import { isOvertaken, SecondTries } from './second-tries.ts';
import { SentRequests, type SentRequestUser } from './sent-requests.ts';
import { heldMax, WaitingRequests } from './waiting-requests.ts';

/**
 * Requests that the program sends inside dialogs: each succeeds or fails quickly, and may find that the route is broken.
 *
 * A 430 that asks the source to heal parks the request behind one heal of its dialog and sends it again; everything else
 * that speaks of the route fails the request first, then breaks the route.
 */
export class Requests implements SentRequestUser {
  readonly #parts: Parts;
  readonly #pending: PendingRequests;
  /** Ends a dialog by BYE. */
  readonly #end: (dialog: DialogIndex, reason: EndReason) => void;
  readonly #secondTries: SecondTries;
  readonly #failover: Failover;
  readonly #sent: SentRequests;
  /** Those that wait for the route of their dialog, for whom what becomes of the route is news. */
  readonly waiting: WaitingRequests;
  /** Requests that were sent again after a heal and then answered. */
  healedCount = 0;

  constructor(parts: Parts, end: (dialog: DialogIndex, reason: EndReason) => void) {
    this.#parts = parts;
    this.#end = end;
    this.#pending = new PendingRequests(parts.wheel, parts.reporter);
    this.#secondTries = new SecondTries(parts, this.#pending, (request) => this.waiting.begin(request));
    this.#failover = new Failover(parts);
    const more = { secondTries: this.#secondTries, failover: this.#failover, user: this };
    this.#sent = new SentRequests(parts, this.#pending, more);
    this.waiting = new WaitingRequests(parts, this.#pending, this.#sent);
  }

  get count(): number {
    return this.#pending.count;
  }

  request(id: number, dialogId: DialogId, method: string, content: Content, confirms: boolean): void {
    const { table, reporter } = this.#parts;
    const dialog = table.lookup(dialogId);
    if (dialog === -1 || table.state[dialog] === DialogState.ending) {
      reporter.failWithCode(id, 'SIP_DIALOG_ENDED', 'The dialog has ended.');
      return;
    }
    // Of INVITEs there is one at a time, and an early dialog's has not ended yet (RFC 3261 §14.1).
    const invitePending = method === 'INVITE' && table.state[dialog] === DialogState.early;
    if (invitePending || (isOffer({ method, content }) && this.#offerPending(dialog))) {
      reporter.failLocally(id, 491);
      return;
    }
    if (this.waiting.isFull(dialog)) {
      reporter.failWithCode(id, 'SIP_QUEUE_FULL', `${heldMax} requests wait for the dialog's route already.`);
      return;
    }
    this.waiting.begin(this.#pending.add(id, dialog, method, content, confirms));
  }

  /** The program no longer waits for the outcome. */
  abandon(id: number): void {
    const { reporter } = this.#parts;
    const request = this.#pending.get(id);
    if (request === undefined || request.abandoned) return;
    reporter.failWithCode(id, 'SIP_ABORTED', 'The request was abandoned.');
    const hasWaited = request.place === 'waiting';
    this.#sent.abandon(request);
    if (hasWaited) this.waiting.left(request.dialog);
  }

  /** The dialog ends: its requests have failed. */
  dialogEnded(dialog: DialogIndex): void {
    for (const request of [...this.#pending.of(dialog)]) {
      const told = this.#pending.settle(request);
      this.#sent.forget(request);
      told.failWithCode(request.id, 'SIP_DIALOG_ENDED', 'The dialog ended before the response came.');
    }
  }

  onResponse(tx: ClientTransaction, message: Message): void {
    const request = this.#pending.get(tx.owner);
    if (request === undefined || request.place !== 'sent' || request.txId !== tx.id) {
      if (message.status >= 200) this.#parts.acks.repeat(tx, message);
      return;
    }
    if (message.status < 200) {
      if (request.abandoned && request.method === 'INVITE') this.#parts.clients.cancel(tx);
      return;
    }
    if (!request.abandoned && this.#answerChallenge(tx, request, message)) return;
    this.#sent.ended(request);
    if (this.#secondTries.take(request, message)) return;
    if (this.#failover.takes(tx, request, message)) {
      this.#sent.send(request, true);
      return;
    }
    const { healer, mode } = this.#parts;
    const { dialog } = request;
    // What was asked by an older route says nothing of the one that the dialog has now.
    const isStale = request.generation !== healer.health.generation[dialog];
    const verdict = isOvertaken(this.#parts, dialog, message) ? 'delivered' : classifyResponse(mode, message);
    switch (verdict) {
      case 'delivered':
        this.#deliver(tx, request, message);
        break;
      case 'heal-and-resend':
        if (!this.#mayHaveArrived(request) && this.waiting.park(request, message, isStale)) break;
        if (!isStale && this.waiting.doubt(request, responseData(message), originOf(message), 'us')) break;
        this.#fail(request, message);
        if (!isStale && !this.#isMended(request)) this.#breakRoute(dialog, message.status, 'us');
        break;
      case 'route-broken':
      case 'said-gone':
        if (!isStale && this.waiting.doubt(request, responseData(message), originOf(message), menderOf(message))) break;
        this.#fail(request, message, request.flowFailed);
        if (!isStale) this.#breakRoute(dialog, message.status, menderOf(message));
        break;
      case 'usage-over':
        this.#fail(request, message);
        this.#end(dialog, message.status === 481 ? 'does-not-exist' : 'unreachable');
        break;
      case 'gone':
        this.#fail(request, message);
        this.#parts.endDialog(dialog, 'remote', 'unreachable');
        break;
    }
  }

  #answerChallenge(tx: ClientTransaction, request: PendingRequest, message: Message): boolean {
    const { challenges, wheel } = this.#parts;
    const again = challenges.answer(tx, message, request.dialog);
    if (again === undefined) return false;
    request.txId = again.id;
    request.sentAtMs = wheel.nowMs;
    return true;
  }

  /**
   * The 430 may answer a repetition, and the first copy have reached the peer: what must not be carried out twice is then not sent
   * again. On a stream it is a hop further on that repeats what it passes on by UDP. A 430 by another flow may be a stranger's, who has seen
   * the request go by.
   */
  #mayHaveArrived(request: PendingRequest): boolean {
    const { clients, wheel, timers } = this.#parts;
    if (isTargetRefresh(request.method) || request.method === 'OPTIONS') return false;
    return !clients.cameByOwnFlow || wheel.nowMs - request.sentAtMs >= timers.t1Ms;
  }

  /** Nobody waits for it any more, and what it asks for is under way for others, who are told only if that fails. */
  #isMended({ abandoned, dialog }: PendingRequest): boolean {
    return abandoned && this.#parts.healer.health.quick[dialog] === 1;
  }

  sentAgain(request: PendingRequest): void {
    this.waiting.limit(request);
  }

  onFailure(tx: ClientTransaction, why: ClientFailure): void {
    const request = this.#pending.get(tx.owner);
    if (request === undefined || request.place !== 'sent' || request.txId !== tx.id) return;
    this.#sent.ended(request);
    const { dialog, generation } = request;
    const { mode, healer, acks, hops } = this.#parts;
    if (why === 'hop-silent') acks.leave(tx, dialog, hops.of(dialog));
    const isStale = generation !== healer.health.generation[dialog];
    if (why === 'timeout' && !isStale && this.waiting.doubt(request, localResponse(408), 'local', 'either')) return;
    this.#pending.settle(request).failLocally(request.id, why === 'timeout' ? 408 : 503);
    if (why !== 'timeout') return; // whoever lost the flow marks all its dialogs next
    if (mode === 'none') {
      if (responseEffect(request.method, 408) !== 'transaction') this.#end(dialog, 'unreachable');
    } else if (!isStale) {
      healer.breakRoute(dialog, 'timeout', 0);
      healer.pump();
    }
  }

  #breakRoute(dialog: DialogIndex, status: number, mender: Mender): void {
    const { healer } = this.#parts;
    healer.breakRoute(dialog, 'response', status, mender);
    healer.pump();
  }

  #deliver(tx: ClientTransaction, request: PendingRequest, message: Message): void {
    if (message.status >= 300) {
      this.#fail(request, message, request.flowFailed);
      return;
    }
    const told = this.#pending.settle(request);
    if (request.resends > 0 && !request.abandoned) this.healedCount++;
    takeSuccess(this.#parts, tx, request, message);
    told.done(request.id, { response: responseData(message) });
  }

  #fail(request: PendingRequest, message: Message, cause?: ResponseData): void {
    this.#pending.settle(request).failWithResponse(request.id, responseData(message), originOf(message), cause);
  }

  #offerPending(dialog: DialogIndex): boolean {
    const { table } = this.#parts;
    const isEarly = table.state[dialog] === DialogState.early;
    // An offer waits for no answer but to the one that came before it (RFC 3264 §4).
    if (table.has(dialog, DialogFlag.remoteOfferPending)) return true;
    if (!isEarly && table.has(dialog, DialogFlag.remoteInvitePending)) return true;
    // Before its call is answered the INVITE's own; later a refresh's or a heal's, which are waited for.
    if (isEarly && table.has(dialog, DialogFlag.offerPending)) return true;
    return this.#pending.of(dialog).some(isOffer);
  }
}
