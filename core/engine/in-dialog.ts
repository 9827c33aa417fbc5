import { allowHeader } from '../dialog/abilities.ts';
import { writeContact } from '../dialog/request.ts';
import { hashDescription } from '../dialog/session-description.ts';
import { minSessionIntervalS } from '../dialog/session-timer.ts';
import { DialogFlag, type DialogIndex, DialogState } from '../dialog/table.ts';
import { targetOf } from '../dialog/target.ts';
import { parseDate } from '../message/date.ts';
import { HeaderId } from '../message/header.ts';
import { Message } from '../message/message.ts';
import { isKnownMethod } from '../message/method.ts';
import { isTargetRefresh } from '../message/target-refresh.ts';
import type { TimerId, TimerKind } from '../time/wheel.ts';
import type { ServerTransaction, ServerUser } from '../transaction/server-transaction.ts';
import type { Answers } from './answers.ts';
import type { Content } from './command.ts';
import { noContent } from './content.ts';
import type { DialogMaker } from './dialog-maker.ts';
import type { DialogEnd, EndReason } from './event.ts';
import { unsupportedExtensions } from './extensions.ts';
import { heldInviteForMs } from './limits.ts';
import type { OwedByes } from './owed-byes.ts';
import type { Parts } from './parts.ts';
import type { ReleasedDialogs } from './released-dialogs.ts';
import type { ReliableProvisionals } from './reliable-provisionals.ts';
import { bodyOf } from './reporter.ts';
import { refreshFault } from './request-faults.ts';
import type { Responder } from './responder.ts';
import type { RouteAdoption } from './route-adoption.ts';
import { sameSession } from './same-session.ts';
import { Tickets, transactionIdOf } from './tickets.ts';
import { unsupportedContent } from './unsupported-content.ts';

/** A request that waits for the program's answer. */
interface HeldRequest {
  readonly ticket: number;
  readonly dialog: DialogIndex;
  readonly method: string;
  readonly bytes: Uint8Array;
  /** Route generation that it came under. */
  readonly generation: number;
  /** Of a re-INVITE. */
  limit: TimerId;
  /** A younger target refresh has been accepted meanwhile. */
  overtaken: boolean;
}

/**
 * Requests of peers inside dialogs: sequence, target and route refresh, session timers, and what the program answers.
 *
 * @see RFC 3261 §12.2.2
 */
export class InDialog implements ServerUser {
  readonly #parts: Parts;
  readonly #maker: DialogMaker;
  readonly #responder: Responder;
  readonly #answers: Answers;
  readonly #owedByes: OwedByes;
  readonly #adoption: RouteAdoption;
  readonly #released: ReleasedDialogs;
  readonly #reliable: ReliableProvisionals;
  readonly #tickets = new Tickets();
  /** By the id of their server transaction. */
  readonly #held = new Map<number, HeldRequest>();
  /** The ids in `#held` of one dialog's requests. */
  readonly #heldOf = new Map<DialogIndex, Set<number>>();
  /** The id of the one target refresh that a dialog may have in `#held`. */
  readonly #refreshing = new Map<DialogIndex, number>();
  readonly #limit: TimerKind;
  readonly #message = new Message();

  constructor(
    parts: Parts,
    others: {
      readonly maker: DialogMaker;
      readonly responder: Responder;
      readonly answers: Answers;
      readonly owedByes: OwedByes;
      readonly adoption: RouteAdoption;
      readonly released: ReleasedDialogs;
      readonly reliable: ReliableProvisionals;
    },
  ) {
    this.#parts = parts;
    this.#maker = others.maker;
    this.#responder = others.responder;
    this.#answers = others.answers;
    this.#owedByes = others.owedByes;
    this.#adoption = others.adoption;
    this.#released = others.released;
    this.#reliable = others.reliable;
    this.#limit = parts.wheel.kind((requestId) => this.#giveUp(requestId));
  }

  /** The dialog that a request's Call-ID and tags name, or -1. */
  find(request: Message): DialogIndex {
    const { callId, to, from } = request;
    return this.#parts.table.find(
      request.bytes,
      callId.start,
      callId.end,
      to.tag.start,
      to.tag.end,
      from.tag.start,
      from.tag.end,
    );
  }

  /** The ACK of a 2xx has no transaction. False where there is no dialog for it. */
  receiveAck(ack: Message): boolean {
    const dialog = this.find(ack);
    if (dialog !== -1) this.#answers.acknowledged(dialog, ack);
    return dialog !== -1;
  }

  receive(tx: ServerTransaction, request: Message): void {
    const { table, healer, wheel, recovery } = this.#parts;
    const dialog = this.find(request);
    if (dialog !== -1 && table.state[dialog] === DialogState.owed) {
      this.#answerOwed(tx, request, dialog);
      return;
    }
    if (dialog === -1 && this.#released.has(request)) {
      this.#responder.respondStateless(tx, request, 500, { lines: 'Retry-After: 2\r\n' });
      return;
    }
    if (dialog === -1 || (table.state[dialog] === DialogState.ending && request.method !== 'BYE')) {
      this.#responder.turnAway(tx, request, 481);
      return;
    }
    // Equal is refused as lower is: the same request by another way must not be carried out twice. Without state: the answer stays
    // the same, and whoever replays what he has overheard, in transactions of his own, takes no room from the dialogs.
    if (
      table.has(dialog, DialogFlag.remoteSequence) &&
      request.cseq.number <= (table.remoteSequence[dialog] as number)
    ) {
      this.#responder.turnAway(tx, request, 500, { reason: 'CSeq Not Above the Last' });
      return;
    }
    // Whoever has to prove who he is has not been heard in the dialog yet: its sequence does not go on by him.
    const challenge = isTargetRefresh(request.method) ? this.#adoption.challenge(tx, request, dialog) : undefined;
    if (challenge !== undefined) {
      this.#responder.turnAway(tx, request, 401, { lines: challenge });
      return;
    }
    table.remoteSequence[dialog] = request.cseq.number;
    table.set(dialog, DialogFlag.remoteSequence, true);
    const aliveAtMs = healer.health.aliveAtMs[dialog] as number;
    healer.health.aliveAtMs[dialog] = wheel.nowMs;
    const unsupported = unsupportedExtensions(request, recovery.replaces);
    if (unsupported !== '') {
      this.#responder.refuse(tx, request, 420, { lines: `Unsupported: ${unsupported}\r\n` });
      return;
    }
    if (recovery.replaces && request.first(HeaderId.Replaces) !== -1) {
      this.#responder.refuse(tx, request, 400); // it begins dialogs only (RFC 3891 §3)
      return;
    }
    switch (request.method) {
      case 'BYE':
        this.#responder.respond(tx, request, 200);
        if (healer.oldDialogEnded(dialog)) break;
        this.#parts.endDialog(dialog, 'remote', this.#whyEnded(dialog), this.#endOf(request, dialog, aliveAtMs));
        break;
      case 'INVITE':
      case 'UPDATE':
        this.#refresh(tx, request, dialog);
        break;
      case 'OPTIONS':
        this.#responder.respond(tx, request, 200);
        break;
      case 'INFO':
      case 'MESSAGE':
        if (this.#hasRoom(tx, request)) this.#ask(tx, request, dialog);
        break;
      case 'PRACK':
        this.#receivePrack(tx, request, dialog);
        break;
      default:
        this.#responder.refuse(tx, request, isKnownMethod(request.method) ? 405 : 501, { lines: allowHeader });
    }
  }

  /** The program answers a request that it was asked about. */
  respond(ticket: number, status: number, content: Content): void {
    const requestId = transactionIdOf(ticket);
    if (this.#held.get(requestId)?.ticket !== ticket) return;
    const held = this.#release(requestId);
    const tx = this.#parts.servers.get(requestId);
    if (held === undefined || tx === undefined) return;
    const { table } = this.#parts;
    const { dialog, method } = held;
    const request = this.#message;
    request.scan(held.bytes);
    if (table.state[dialog] === DialogState.ending) {
      this.#responder.respond(tx, request, 487);
    } else if ((method === 'INVITE' || method === 'UPDATE') && status < 300) {
      // What the route has become since, or a younger request has told, is the newer word.
      const isOld = held.overtaken || held.generation !== this.#parts.healer.health.generation[dialog];
      this.#accept(tx, request, dialog, content, isOld);
    } else {
      if (method === 'PRACK') this.#answerPrack(request, dialog, status, content);
      this.#responder.respond(tx, request, status, { content });
    }
  }

  /** The dialog ends: what the program has not answered yet is over as well. @see RFC 3261 §15.1.2 */
  dialogEnded(dialog: DialogIndex): void {
    for (const requestId of [...(this.#heldOf.get(dialog) ?? [])]) {
      const held = this.#release(requestId);
      const tx = this.#parts.servers.get(requestId);
      if (held === undefined || tx === undefined) continue;
      this.#message.scan(held.bytes);
      this.#responder.respond(tx, this.#message, 487);
    }
  }

  /** The peer wants no more of its re-INVITE, of which nothing has taken effect yet. @see RFC 3261 §9.2, RFC 6141 §3.8 */
  cancelled(tx: ServerTransaction): void {
    const held = this.#release(tx.id);
    if (held === undefined) return;
    this.#message.scan(held.bytes);
    this.#responder.respond(tx, this.#message, 487);
  }

  /** The program has not answered a re-INVITE, and no CANCEL has come. */
  #giveUp(requestId: number): void {
    const held = this.#held.get(requestId);
    const tx = this.#parts.servers.get(requestId);
    if (held === undefined || tx === undefined) return;
    held.limit = 0;
    this.cancelled(tx);
  }

  onAck(): void {}

  onFailure(tx: ServerTransaction): void {
    this.#release(tx.id);
  }

  onFlowLost(): void {}

  /** The peer does not know yet that the dialog is over: our BYE tells it, and it goes before the answer that says the same. */
  #answerOwed(tx: ServerTransaction, request: Message, dialog: DialogIndex): void {
    if (request.method === 'BYE') {
      this.#owedByes.settle(dialog);
      this.#responder.respond(tx, request, 200);
      return;
    }
    this.#owedByes.heard(dialog, this.#parts.trust.hopOf(tx));
    this.#responder.respondStateless(tx, request, 481);
  }

  /** A peer that does not pause the session timer while the route is broken ends the session when it expires. */
  #whyEnded(dialog: DialogIndex): EndReason {
    const { healer, sessions } = this.#parts;
    return healer.health.recovering[dialog] === 1 && sessions.endsForPeer(dialog) ? 'session-expired' : 'bye';
  }

  /**
   * When a BYE of the peer's that came late was first sent: its Date says so. Of one that came in time, within the 32 s of its own
   * repetitions, it says nothing but how far the clocks are apart.
   *
   * @see RFC 3261 §20.17
   */
  #endOf(request: Message, dialog: DialogIndex, aliveAtMs: number): DialogEnd | undefined {
    const { wheel, timers, epochMs } = this.#parts;
    const line = request.first(HeaderId.Date);
    if (line === -1 || epochMs === undefined) return undefined;
    const dateMs = parseDate(request.bytes, request.valueStart(line), request.valueEnd(line));
    const sentAtMs = Math.max(dateMs - epochMs, aliveAtMs);
    if (dateMs === -1 || this.#parts.table.state[dialog] !== DialogState.confirmed) return undefined;
    if (wheel.nowMs - sentAtMs <= timers.t1x64Ms) return undefined;
    return { atMs: sentAtMs, notBeforeMs: aliveAtMs, notAfterMs: wheel.nowMs };
  }

  /** Whether there is room for a request that the program is to be asked about; refuses it where there is none. */
  #hasRoom(tx: ServerTransaction, request: Message): boolean {
    const has = this.#parts.heldOctets.hasRoom(request.bytes.length, false);
    if (!has) this.#responder.refuse(tx, request, 503, { lines: 'Retry-After: 5\r\n' });
    return has;
  }

  #ask(tx: ServerTransaction, request: Message, dialog: DialogIndex): void {
    const { reporter, heldOctets, wheel, healer } = this.#parts;
    tx.user = this;
    const ticket = this.#tickets.issue(tx.id);
    const { method } = request;
    const limit = method === 'INVITE' ? wheel.arm(this.#limit, tx.id, wheel.nowMs + heldInviteForMs) : 0;
    const bytes = heldOctets.take(request.bytes);
    const generation = healer.health.generation[dialog] as number;
    this.#held.set(tx.id, { ticket, dialog, method, bytes, generation, limit, overtaken: false });
    const others = this.#heldOf.get(dialog);
    if (others === undefined) this.#heldOf.set(dialog, new Set([tx.id]));
    else others.add(tx.id);
    this.#responder.pend(tx, request);
    reporter.emit({
      kind: 'request',
      request: ticket,
      dialog: reporter.dialog(dialog),
      method: request.method,
      headers: request.headers(),
      body: bodyOf(request),
    });
  }

  /** @see RFC 3262 §3, §5 */
  #receivePrack(tx: ServerTransaction, request: Message, dialog: DialogIndex): void {
    switch (this.#reliable.receive(dialog, request)) {
      case 'none':
        this.#responder.refuse(tx, request, 481);
        return;
      case 'offer':
        this.#parts.table.set(dialog, DialogFlag.remoteOfferPending, true);
        this.#ask(tx, request, dialog);
        break;
      case 'acknowledged':
        this.#responder.respond(tx, request, 200);
        break;
    }
    this.#reliable.goOn(dialog);
  }

  /** The answer to an offer that came in a PRACK is in the response to it. @see RFC 3262 §5 */
  #answerPrack(request: Message, dialog: DialogIndex, status: number, { body }: Content): void {
    const { table } = this.#parts;
    table.set(dialog, DialogFlag.remoteOfferPending, false);
    if (status >= 300) return;
    table.remoteSession[dialog] = hashDescription(request.bytes, request.body.start, request.body.end);
    if (body !== undefined) table.update(dialog, undefined, undefined, { bytes: body, start: 0, end: body.length });
  }

  /** A target refresh; one without a new offer is answered at once. @see RFC 3261 §14.2, RFC 3311 §5.2 */
  #refresh(tx: ServerTransaction, request: Message, dialog: DialogIndex): void {
    const { table, sessions } = this.#parts;
    const fault = refreshFault(request);
    if (fault !== undefined) {
      this.#responder.refuse(tx, request, 400, { reason: fault });
      return;
    }
    const acceptable = unsupportedContent(request);
    if (acceptable !== undefined) {
      this.#responder.refuse(tx, request, 415, { lines: acceptable });
      return;
    }
    if (table.exposes(dialog, targetOf(request), undefined)) {
      // §8.1.1.8: where the route is SIPS, so is the Contact.
      this.#responder.refuse(tx, request, 400, { reason: 'Contact Must Be a SIPS URI' });
      return;
    }
    const isInvite = request.method === 'INVITE';
    const hasBody = request.body.end > request.body.start;
    const isEarly = table.state[dialog] === DialogState.early;
    // An early dialog's own INVITE is pending: ours, or the peer's, to which this one is the second (RFC 3261 §14.2).
    const crossesOurs = isInvite && isEarly && table.has(dialog, DialogFlag.callIdOwner);
    const ourOfferPending = table.has(dialog, DialogFlag.offerPending) || this.#answers.awaitsAnswer(dialog);
    if (crossesOurs || ((isInvite || hasBody) && ourOfferPending)) {
      this.#responder.respond(tx, request, 491);
      return;
    }
    if (this.#overtakes(request, dialog, hasBody)) {
      const seconds = Math.floor(this.#parts.fraction() * 11);
      this.#responder.respond(tx, request, 500, { lines: `Retry-After: ${seconds}\r\n` });
      return;
    }
    if (isInvite) this.#answers.overtaken(dialog);
    if (sessions.tooSmall(request)) {
      this.#responder.refuse(tx, request, 422, { lines: `Min-SE: ${minSessionIntervalS}\r\n` });
      return;
    }
    const { bytes, body } = request;
    const isNewOffer = hasBody && hashDescription(bytes, body.start, body.end) !== table.remoteSession[dialog];
    if (isNewOffer) {
      if (!this.#hasRoom(tx, request)) return;
      this.#refreshing.set(dialog, tx.id);
      table.set(dialog, isInvite ? DialogFlag.remoteInvitePending : DialogFlag.remoteOfferPending, true);
      this.#ask(tx, request, dialog);
      return;
    }
    const held = this.#held.get(this.#refreshing.get(dialog) ?? 0);
    if (held !== undefined) held.overtaken = true;
    this.#accept(tx, request, dialog, isInvite || hasBody ? sameSession(this.#parts.table, dialog) : noContent, false);
  }

  /** A refresh that comes before the one before it is done with. @see RFC 3261 §14.2, RFC 3311 §5.2 */
  #overtakes(request: Message, dialog: DialogIndex, hasBody: boolean): boolean {
    const { table } = this.#parts;
    const held = this.#held.get(this.#refreshing.get(dialog) ?? 0);
    if (request.method === 'INVITE') {
      const isPending = table.has(dialog, DialogFlag.remoteInvitePending) && !this.#answers.waitsFor(dialog);
      return held !== undefined || isPending;
    }
    // The INVITE's own offer has no answer yet (RFC 3311 §5.2).
    if (hasBody && table.has(dialog, DialogFlag.remoteOfferPending)) return true;
    return held !== undefined && (hasBody || held.method === 'UPDATE');
  }

  /** Takes a request off the lists. */
  #release(requestId: number): HeldRequest | undefined {
    const held = this.#held.get(requestId);
    if (held === undefined) return undefined;
    const { dialog, method } = held;
    this.#parts.wheel.disarm(held.limit);
    this.#held.delete(requestId);
    this.#parts.heldOctets.give(held.bytes);
    const others = this.#heldOf.get(dialog);
    others?.delete(requestId);
    if (others?.size === 0) this.#heldOf.delete(dialog);
    if (this.#refreshing.get(dialog) === requestId) {
      this.#refreshing.delete(dialog);
      const flag = method === 'INVITE' ? DialogFlag.remoteInvitePending : DialogFlag.remoteOfferPending;
      this.#parts.table.set(dialog, flag, false);
    }
    return held;
  }

  /** 200 to a target refresh, and what it refreshes: one that `isOld` leaves target and route alone. @see RFC 6141 §4.8 */
  #accept(tx: ServerTransaction, request: Message, dialog: DialogIndex, content: Content, isOld: boolean): void {
    const { table, sessions, writer } = this.#parts;
    const routeChanged = !isOld && this.#adoption.adopt(tx, request, dialog);
    this.#maker.notePeer(dialog, request);
    const { bytes, body } = request;
    if (body.end > body.start) {
      table.remoteSession[dialog] = hashDescription(bytes, body.start, body.end);
      if (content.body !== undefined) {
        table.update(dialog, undefined, undefined, { bytes: content.body, start: 0, end: content.body.length });
      }
    }
    if (request.method === 'INVITE') {
      const offered = body.end === body.start && content.body !== undefined;
      this.#answers.await(dialog, tx, { sequence: request.cseq.number, id: undefined, offered });
    }
    this.#responder.respond(tx, request, 200, {
      recordRoute: true,
      content,
      write: () => {
        writeContact(writer, table, dialog);
        sessions.answerAsServer(dialog, request, writer);
      },
    });
    if (this.#parts.healer.health.recovering[dialog] === 1) sessions.suspend(dialog);
    if (routeChanged) this.#parts.healer.healedByRemote(dialog);
    if (table.state[dialog] === DialogState.early) {
      sessions.pause(dialog); // its session has not begun
      table.set(dialog, DialogFlag.sessionTimer, false);
    }
  }
}
