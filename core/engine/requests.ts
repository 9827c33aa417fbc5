import { beginDialogRequest, routeSetPath } from '../dialog/request.ts';
import { DialogFlag, type DialogId, type DialogIndex, DialogState } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import { isTargetRefresh } from '../message/target-refresh.ts';
import { classifyResponse, type Mender, menderOf, tellsOfRoute } from '../recovery/classify.ts';
import type { Hop } from '../recovery/hop.ts';
import { responseEffect } from '../recovery/response-effect.ts';
import type { TimerKind } from '../time/wheel.ts';
import type { ClientTransaction, ClientUser } from '../transaction/client.ts';
import type { Content } from './command.ts';
import { endWithContent } from './content.ts';
import type { EndReason, ResponseData, ResponseOrigin } from './event.ts';
import { Failover } from './failover.ts';
import type { Parts } from './parts.ts';
import { type DoubtedFailure, type PendingRequest, PendingRequests } from './pending-requests.ts';
import { givenUpText, localResponse, originOf, type Reporter, responseData } from './reporter.ts';
import { takeSuccess } from './request-success.ts';
import { isOvertaken, SecondTries } from './second-tries.ts';

/** A request may be sent again so often after a heal. @see [MS-SIPRE] §3.7.5.3.1 */
const resendsMax = 2;

/** A heal and the sending again share so long; past it the sender is told of the 430. */
const quickLimitMs = 4000;

/** So many requests of a dialog wait for its route: more than a dialog has to say in the minutes that a break may last. */
const heldMax = 64;

/** A request without a response for so long makes its hop suspect. */
const suspectAfterMs = { unreliable: 3500, reliable: 4000 } as const;

/**
 * Requests that the program sends inside dialogs: each succeeds or fails quickly, and may find that the route is broken.
 *
 * A 430 that asks the source to heal parks the request behind one heal of its dialog and sends it again; everything else
 * that speaks of the route fails the request first, then breaks the route.
 */
export class Requests implements ClientUser {
  readonly #parts: Parts;
  readonly #pending = new PendingRequests();
  /** Ends a dialog by BYE. */
  readonly #end: (dialog: DialogIndex, reason: EndReason) => void;
  readonly #secondTries: SecondTries;
  readonly #failover: Failover;
  readonly #suspect: TimerKind;
  readonly #quickLimit: TimerKind;
  readonly #inviteLimit: TimerKind;
  /** Requests that were sent again after a heal and then answered. */
  healedCount = 0;

  constructor(parts: Parts, end: (dialog: DialogIndex, reason: EndReason) => void) {
    this.#parts = parts;
    this.#end = end;
    this.#secondTries = new SecondTries(parts, this.#pending, {
      send: (request) => this.#begin(request),
      giveUp: (request) => this.#giveUp(request),
    });
    this.#failover = new Failover(parts);
    this.#suspect = parts.wheel.kind((id) => this.#suspectHop(id));
    this.#quickLimit = parts.wheel.kind((id) => this.#quickLimitReached(id));
    this.#inviteLimit = parts.wheel.kind((id) => this.#inviteLimitReached(id));
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
    if (invitePending || (isOffer(method, content) && this.#offerPending(dialog))) {
      reporter.failLocally(id, 491);
      return;
    }
    if (this.#isHeld(dialog) && this.#pending.waiting(dialog).length >= heldMax) {
      reporter.failWithCode(id, 'SIP_QUEUE_FULL', `${heldMax} requests wait for the dialog's route already.`);
      return;
    }
    this.#begin(this.#pending.add(id, dialog, method, content, confirms));
  }

  /** Sends a request, or has it wait behind a heal that others wait for, or for a route that is broken. */
  #begin(request: PendingRequest): void {
    request.place = 'waiting';
    if (this.#isHeld(request.dialog)) this.#hold(request);
    else this.#send(request);
  }

  /** The program no longer waits for the outcome. */
  abandon(id: number): void {
    const { reporter, clients, wheel } = this.#parts;
    const request = this.#pending.get(id);
    if (request === undefined || request.abandoned) return;
    reporter.failWithCode(id, 'SIP_ABORTED', 'The request was abandoned.');
    if (request.method === 'INVITE' && request.place === 'sent') {
      // It may be answered all the same, and the answer must then be acknowledged.
      request.abandoned = true;
      wheel.disarm(request.timer);
      request.timer = 0;
      const tx = clients.get(request.txId);
      if (tx !== undefined) clients.cancel(tx);
      return;
    }
    this.#settle(request);
    this.#forget(request);
    this.#endIdleQuickHeal(request.dialog);
  }

  /** The route works again: what waited for it goes out, in order. */
  healed(dialog: DialogIndex): void {
    for (const request of this.#pending.waiting(dialog)) {
      if (request.doubted !== undefined) this.#tellDoubted(request, request.doubted, true);
      else if (request.flowFailed !== undefined) this.#resend(request);
      else if (!this.#isHeld(dialog)) this.#send(request);
    }
  }

  /** The heal failed that requests waited for: each hears of it, but those that came behind may go on waiting for the route. */
  quickHealFailed(dialog: DialogIndex, response: Message | undefined): void {
    const { reporter, recovery } = this.#parts;
    const staysHeld = recovery.holdsRequests && tellsOfRoute(response);
    for (const request of this.#pending.waiting(dialog)) {
      const cause = request.doubted?.response ?? request.flowFailed;
      if (cause === undefined && staysHeld) {
        this.#stop(request);
        continue;
      }
      if (response === undefined && request.doubted !== undefined) {
        this.#tellDoubted(request, request.doubted, false);
        continue;
      }
      this.#settle(request);
      if (response !== undefined)
        reporter.failWithResponse(request.id, responseData(response), originOf(response), cause);
      else if (cause !== undefined) reporter.failWithResponse(request.id, cause, 'intermediary');
      else reporter.failLocally(request.id, 408);
    }
  }

  /** The route broke before it was healed for those that have failed once: they hear of it. Those behind, not sent yet, wait on. */
  brokeMeanwhile(dialog: DialogIndex): void {
    const { reporter, recovery } = this.#parts;
    for (const request of this.#pending.waiting(dialog)) {
      const { id, doubted, flowFailed } = request;
      if (doubted !== undefined) {
        this.#tellDoubted(request, doubted, false);
      } else if (flowFailed !== undefined) {
        this.#settle(request);
        reporter.failWithResponse(id, flowFailed, 'intermediary');
      } else if (recovery.holdsRequests) {
        this.#stop(request);
      }
    }
  }

  /** The break is given up: what waited for the route has not been sent. */
  givenUp(dialog: DialogIndex): void {
    const { reporter, healer } = this.#parts;
    const status = healer.health.causeStatus(dialog) || (healer.health.cause(dialog) === 'timeout' ? 408 : 503);
    for (const request of this.#pending.waiting(dialog)) {
      this.#settle(request);
      const failure = request.doubted?.response ?? request.flowFailed;
      const message = `${givenUpText} The request was not sent.`;
      if (failure !== undefined) reporter.failWithResponse(request.id, failure, 'intermediary');
      else reporter.fail(request.id, { code: 'SIP_RECOVERY_FAILED', message, cause: localResponse(status) });
    }
  }

  /** The dialog ends: its requests have failed. */
  dialogEnded(dialog: DialogIndex): void {
    for (const request of [...this.#pending.of(dialog)]) {
      this.#settle(request);
      this.#forget(request);
      this.#reporter(request).failWithCode(
        request.id,
        'SIP_DIALOG_ENDED',
        'The dialog ended before the response came.',
      );
    }
  }

  onResponse(tx: ClientTransaction, message: Message): void {
    const request = this.#pending.get(tx.owner);
    if (request === undefined || request.place !== 'sent' || request.txId !== tx.id) {
      if (message.status >= 200) this.#parts.acks.repeat(tx);
      return;
    }
    if (message.status < 200) {
      if (request.abandoned) this.#parts.clients.cancel(tx);
      return;
    }
    if (!request.abandoned && this.#answerChallenge(tx, request, message)) return;
    this.#endSending(request);
    if (this.#secondTries.take(request, message)) return;
    if (this.#failover.takes(tx, request, message)) {
      this.#send(request, true);
      return;
    }
    const { healer, mode } = this.#parts;
    const { dialog, id } = request;
    // What was asked by an older route says nothing of the one that the dialog has now.
    const isStale = request.generation !== healer.health.generation[dialog];
    const verdict = isOvertaken(this.#parts, dialog, message) ? 'delivered' : classifyResponse(mode, message);
    switch (verdict) {
      case 'delivered':
        this.#deliver(tx, request, message);
        break;
      case 'heal-and-resend':
        if (
          request.resends < resendsMax &&
          !request.abandoned &&
          (isStale || healer.mayHeal(dialog)) &&
          !this.#mayHaveArrived(tx, request)
        ) {
          this.#noteFlowFailed(request, message);
          if (isStale) this.#resend(request);
          else this.#park(request);
          break;
        }
        if (!isStale && this.#doubts(request, responseData(message), originOf(message), 'us')) break;
        this.#settle(request);
        this.#reporter(request).failWithResponse(id, responseData(message), originOf(message));
        if (!isStale) this.#breakRoute(dialog, message.status, 'us');
        break;
      case 'route-broken':
      case 'said-gone':
        if (!isStale && this.#doubts(request, responseData(message), originOf(message), menderOf(message))) break;
        this.#settle(request);
        this.#reporter(request).failWithResponse(id, responseData(message), originOf(message), request.flowFailed);
        if (!isStale) this.#breakRoute(dialog, message.status, menderOf(message));
        break;
      case 'usage-over':
        this.#settle(request);
        this.#reporter(request).failWithResponse(id, responseData(message), originOf(message));
        this.#end(dialog, message.status === 481 ? 'does-not-exist' : 'unreachable');
        break;
      case 'gone':
        this.#settle(request);
        this.#reporter(request).failWithResponse(id, responseData(message), originOf(message));
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
   * again.
   */
  #mayHaveArrived(tx: ClientTransaction, request: PendingRequest): boolean {
    const { wheel, timers } = this.#parts;
    const isRepeatable = isTargetRefresh(request.method) || request.method === 'OPTIONS';
    return !isRepeatable && !tx.reliable && wheel.nowMs - request.sentAtMs >= timers.t1Ms;
  }

  onFailure(tx: ClientTransaction, why: 'timeout' | 'flow-lost'): void {
    const request = this.#pending.get(tx.owner);
    if (request === undefined || request.place !== 'sent' || request.txId !== tx.id) return;
    this.#endSending(request);
    const { dialog, generation } = request;
    const { mode, healer } = this.#parts;
    const isStale = generation !== healer.health.generation[dialog];
    if (why === 'timeout' && !isStale && this.#doubts(request, localResponse(408), 'local', 'either')) return;
    this.#settle(request);
    this.#reporter(request).failLocally(request.id, why === 'timeout' ? 408 : 503);
    if (why === 'flow-lost') return; // whoever lost the flow marks all its dialogs next
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

  /** `isAgain`: the same request, with the sequence number that it had. */
  #send(request: PendingRequest, isAgain = false): void {
    if (this.#parts.table.state[request.dialog] === DialogState.ending) {
      // It has waited, and the BYE has gone by now (RFC 3261 §15.1.1).
      this.#settle(request);
      this.#reporter(request).failWithCode(request.id, 'SIP_DIALOG_ENDED', endedWhileWaitingText);
      return;
    }
    if (!this.#parts.table.hasSequence(request.dialog)) {
      this.#settle(request);
      this.#reporter(request).failWithCode(
        request.id,
        'SIP_OVERLOADED',
        'The dialog has no CSeq number left but for BYE.',
      );
      return;
    }
    if (isOffer(request.method, request.content) && this.#secondTries.defers(request)) return;
    const { table, clients, wheel, writer, sessions, healer, mode } = this.#parts;
    const { dialog, method } = request;
    const hop = this.#failover.hopOf(request);
    const isUp = hop?.state === 'up' || mode === 'none';
    if (hop !== undefined && isUp && hop.flow === undefined) {
      this.#sendWhenOpen(request, hop);
      return;
    }
    const tx =
      hop?.flow === undefined || !isUp
        ? undefined
        : clients.begin(method, hop.flow, hop.address.protocol !== 'udp', this, request.id);
    if (hop === undefined || tx === undefined) {
      this.#settle(request);
      this.#reporter(request).failLocally(request.id, 503);
      if (!isUp) {
        healer.breakRoute(dialog, 'flow-lost', 0);
        healer.pump();
      }
      return;
    }
    request.place = 'sent';
    request.txId = tx.id;
    request.sentAtMs = wheel.nowMs;
    request.generation = healer.health.generation[dialog] as number;
    wheel.disarm(request.timer);
    if (request.flowFailed === undefined) {
      const afterMs = tx.reliable ? suspectAfterMs.reliable : suspectAfterMs.unreliable;
      request.timer = wheel.arm(this.#suspect, request.id, wheel.nowMs + afterMs);
    } else {
      request.timer = wheel.arm(this.#quickLimit, request.id, request.quickUntilMs);
    }
    if (isOffer(method, request.content)) table.set(dialog, DialogFlag.offerPending, true);
    if (!isAgain) request.sequence = table.nextSequence(dialog);
    beginDialogRequest(writer, table, dialog, {
      method,
      sequence: request.sequence,
      via: hop.via,
      branch: tx.branch,
      path: routeSetPath,
    });
    if (isTargetRefresh(method)) sessions.writeRefresh(writer, dialog);
    clients.start(tx, endWithContent(writer, request.content));
  }

  #sendWhenOpen(request: PendingRequest, hop: Hop): void {
    request.place = 'opening';
    this.#parts.hops.whenOpen(hop, (flow) => {
      if (this.#pending.get(request.id) !== request || request.place !== 'opening') return;
      if (flow !== undefined) {
        this.#send(request);
        return;
      }
      this.#settle(request);
      this.#reporter(request).failLocally(request.id, 503);
    });
  }

  /** What cannot be tried once more fails with its refusal, or for the offer that was in its way all the time. */
  #giveUp(request: PendingRequest): void {
    this.#settle(request);
    const { id, refusal } = request;
    if (refusal === undefined) this.#reporter(request).failLocally(id, 491);
    else this.#reporter(request).failWithResponse(id, refusal.response, refusal.origin);
  }

  #noteFlowFailed(request: PendingRequest, message: Message): void {
    if (request.flowFailed !== undefined) return;
    request.flowFailed = responseData(message);
    request.quickUntilMs = this.#parts.wheel.nowMs + quickLimitMs;
  }

  #resend(request: PendingRequest): void {
    request.resends++;
    this.#send(request);
  }

  /** Waits for the heal of its dialog. @see [MS-SIPRE] §3.7.5.3.1 */
  #park(request: PendingRequest): void {
    const { wheel, healer } = this.#parts;
    request.timer = wheel.arm(this.#quickLimit, request.id, request.quickUntilMs);
    healer.quickHeal(request.dialog, 'response', 430, 'us');
  }

  /** Waits behind a heal that another request has asked for, or for a broken route. */
  #hold(request: PendingRequest): void {
    const { wheel, healer } = this.#parts;
    if (healer.health.quick[request.dialog] === 0) return;
    request.timer = wheel.arm(this.#quickLimit, request.id, wheel.nowMs + quickLimitMs);
  }

  /** Whether new requests wait: behind a heal that others wait for, or where the policy holds them while the route is broken. */
  #isHeld(dialog: DialogIndex): boolean {
    const { recovery, healer } = this.#parts;
    const { quick, recovering } = healer.health;
    return quick[dialog] === 1 || (recovery.holdsRequests && recovering[dialog] === 1);
  }

  /**
   * Puts a failure to the peer where the sender wishes that: one heal, whose verdict decides what the sender is told. False where a
   * heal could not tell more.
   */
  #doubts(request: PendingRequest, response: ResponseData, origin: ResponseOrigin, mender: Mender): boolean {
    const { mode, wheel, healer } = this.#parts;
    if (!request.confirms || request.abandoned || mode === 'none' || mender === 'registration') return false;
    if (!healer.mayHeal(request.dialog)) return false;
    request.doubted = { response, origin, mender };
    request.timer = wheel.arm(this.#quickLimit, request.id, wheel.nowMs + quickLimitMs);
    const cause = origin === 'local' ? 'timeout' : 'response';
    healer.quickHeal(request.dialog, cause, cause === 'timeout' ? 0 : response.status, mender);
    return true;
  }

  /** The failure itself is the sender's error. When the peer has answered meanwhile, it was none of the peer's. */
  #tellDoubted(request: PendingRequest, { response, origin }: DoubtedFailure, peerAnswered: boolean): void {
    this.#settle(request);
    const maker = peerAnswered && origin === 'remote' ? 'intermediary' : origin;
    this.#reporter(request).failWithResponse(request.id, response, maker);
  }

  #quickLimitReached(id: number): void {
    const request = this.#pending.get(id);
    if (request === undefined) return;
    request.timer = 0;
    const { dialog, flowFailed, doubted } = request;
    const { recovery, healer } = this.#parts;
    const { health } = healer;
    if (flowFailed === undefined && doubted === undefined) {
      // It only came behind another's heal: now it goes as the route is.
      if (!recovery.holdsRequests || health.recovering[dialog] === 0) this.#send(request);
      return;
    }
    if (doubted !== undefined) {
      this.#tellDoubted(request, doubted, false);
    } else if (flowFailed !== undefined) {
      this.#settle(request);
      this.#forget(request);
      this.#reporter(request).failWithResponse(id, flowFailed, 'intermediary');
    }
    const status = doubted === undefined ? 430 : health.causeStatus(dialog);
    const cause = status === 0 ? 'timeout' : 'response';
    healer.breakRoute(dialog, cause, status, doubted?.mender ?? 'us');
    this.#endIdleQuickHeal(dialog);
    healer.pump();
  }

  #deliver(tx: ClientTransaction, request: PendingRequest, message: Message): void {
    const reporter = this.#reporter(request);
    this.#settle(request);
    if (message.status >= 300) {
      reporter.failWithResponse(request.id, responseData(message), originOf(message), request.flowFailed);
      return;
    }
    if (request.resends > 0) this.healedCount++;
    takeSuccess(this.#parts, tx, request, message);
    reporter.done(request.id, { response: responseData(message) });
  }

  #suspectHop(id: number): void {
    const request = this.#pending.get(id);
    if (request === undefined) return;
    request.timer = 0;
    const { hops, mode, wheel, timers } = this.#parts;
    const hop = hops.of(request.dialog);
    if (hop !== undefined && mode !== 'none') hops.suspect(hop);
    // A provisional response stops an INVITE's own timers, and an INVITE that never ends would block the dialog's heals.
    if (request.method === 'INVITE') {
      request.timer = wheel.arm(this.#inviteLimit, request.id, request.sentAtMs + timers.t1x64Ms);
    }
  }

  #inviteLimitReached(id: number): void {
    const request = this.#pending.get(id);
    if (request === undefined || request.place !== 'sent') return;
    request.timer = 0;
    const tx = this.#parts.clients.get(request.txId);
    if (tx !== undefined) this.#parts.clients.cancel(tx);
  }

  /** When nobody is left whose 430 asked for the heal, those that came behind are sent as the route is: they have no limit. */
  #endIdleQuickHeal(dialog: DialogIndex): void {
    const waiting = this.#pending.waiting(dialog);
    if (waiting.some((request) => request.flowFailed !== undefined || request.doubted !== undefined)) return;
    this.#parts.healer.endQuickHeal(dialog);
    for (const request of waiting) {
      if (this.#isHeld(dialog)) this.#stop(request);
      else this.#send(request);
    }
  }

  #offerPending(dialog: DialogIndex): boolean {
    const { table } = this.#parts;
    const isEarly = table.state[dialog] === DialogState.early;
    if (table.has(dialog, isEarly ? DialogFlag.remoteOfferPending : DialogFlag.remoteInvitePending)) return true;
    // Before its call is answered the INVITE's own; later a refresh's or a heal's, which are waited for.
    if (isEarly && table.has(dialog, DialogFlag.offerPending)) return true;
    return this.#pending.of(dialog).some((request) => isOffer(request.method, request.content));
  }

  /** The transaction is over. */
  #endSending(request: PendingRequest): void {
    request.place = 'waiting';
    this.#parts.wheel.disarm(request.timer);
    request.timer = 0;
    if (isOffer(request.method, request.content)) this.#parts.table.set(request.dialog, DialogFlag.offerPending, false);
  }

  /** Whom a request's outcome is told to: nobody, when the program has given it up. */
  #reporter(request: PendingRequest): Pick<Reporter, 'done' | 'failWithResponse' | 'failLocally' | 'failWithCode'> {
    return request.abandoned ? mute : this.#parts.reporter;
  }

  /** Takes a request off the lists: whatever is reported now is its one outcome. */
  #settle(request: PendingRequest): void {
    this.#stop(request);
    this.#pending.delete(request);
  }

  #stop(request: PendingRequest): void {
    this.#parts.wheel.disarm(request.timer);
    request.timer = 0;
  }

  #forget(request: PendingRequest): void {
    if (request.place !== 'sent') return;
    this.#endSending(request);
    const { clients, acks, hops } = this.#parts;
    const tx = clients.get(request.txId);
    if (tx === undefined) return;
    if (request.method === 'INVITE') acks.leave(tx, request.dialog, hops.of(request.dialog));
    else clients.forget(tx);
  }
}

const endedWhileWaitingText = 'The dialog ended while the request waited.';

const mute = { done() {}, failWithResponse() {}, failLocally() {}, failWithCode() {} };

/** Whether a request carries an offer, or asks for one: of these there may be one at a time. @see RFC 3261 §14.1, RFC 3311 §5.1 */
function isOffer(method: string, content: Content): boolean {
  return method === 'INVITE' || (method === 'UPDATE' && content.body !== undefined);
}
