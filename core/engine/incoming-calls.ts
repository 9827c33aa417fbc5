import { callAbilities } from '../dialog/abilities.ts';
import { writeContact } from '../dialog/request.ts';
import { hashDescription } from '../dialog/session-description.ts';
import { minSessionIntervalS } from '../dialog/session-timer.ts';
import { emptySlice, sliceOf } from '../dialog/slice.ts';
import { DialogFlag, type DialogIndex, DialogState } from '../dialog/table.ts';
import { firstTargetOf } from '../dialog/target.ts';
import { HeaderId } from '../message/header.ts';
import { Message } from '../message/message.ts';
import type { TimerId, TimerKind } from '../time/wheel.ts';
import type { ServerTransaction, ServerUser } from '../transaction/server-transaction.ts';
import type { Answers } from './answers.ts';
import type { Content } from './command.ts';
import { noContent } from './content.ts';
import { type DialogMaker, partyOf } from './dialog-maker.ts';
import { isEmergencyRequest } from './emergency.ts';
import { callsShare } from './limits.ts';
import type { Parts } from './parts.ts';
import { ReliableProvisionals, type ReliableUser } from './reliable-provisionals.ts';
import { bodyOf } from './reporter.ts';
import { inviteFault } from './request-faults.ts';
import type { Responder } from './responder.ts';
import { ringLimitS } from './ring-limit.ts';
import { Tickets, transactionIdOf } from './tickets.ts';
import { unsupportedContent } from './unsupported-content.ts';

/** A call of a peer's until the program has answered or refused it. */
interface IncomingCall {
  readonly ticket: number;
  readonly bytes: Uint8Array;
  readonly localTag: string;
  /** How it ends when nobody decides: its Expires, or our own limit. */
  readonly undecidedStatus: 480 | 487;
  readonly untilMs: number;
  timer: TimerId;
  /** Once it rings. */
  early: DialogIndex | undefined;
  /** The last provisional response that the program has sent. */
  rung: { readonly status: number; readonly content: Content } | undefined;
  /** The program has answered; its 2xx waits for the PRACK of a session description. */
  answering: { readonly id: number; readonly content: Content } | undefined;
}

/** A call with its transaction, and with its INVITE indexed in `#held`. */
interface TakenCall {
  readonly tx: ServerTransaction;
  readonly call: IncomingCall;
}

/** An undecided call tells its caller, and the proxies between, that it lives. @see RFC 3261 §13.3.1.1, RFC 3262 §3 */
const reminderMs = { unreliable: 60_000, reliable: 150_000 } as const;

/** A caller may well find room a little later. @see RFC 3261 §21.5.4 */
const retryAfter = 'Retry-After: 5\r\n';

/** Calls that come in: held until the program decides, answered into dialogs. @see RFC 3261 §13.3 */
export class IncomingCalls implements ServerUser, ReliableUser {
  readonly reliable: ReliableProvisionals;
  readonly #parts: Parts;
  readonly #maker: DialogMaker;
  readonly #responder: Responder;
  readonly #answers: Answers;
  readonly #tickets = new Tickets();
  /** By the id of their server transaction. */
  readonly #calls = new Map<number, IncomingCall>();
  /** Early dialogs, each with the call that it belongs to. */
  readonly #callOf = new Map<DialogIndex, number>();
  readonly #reminder: TimerKind;
  readonly #held = new Message();
  #draining = false;

  constructor(parts: Parts, maker: DialogMaker, responder: Responder, answers: Answers) {
    this.#parts = parts;
    this.#maker = maker;
    this.#responder = responder;
    this.#answers = answers;
    this.reliable = new ReliableProvisionals(parts, this);
    this.#reminder = parts.wheel.kind((callId) => this.#remind(callId));
  }

  get count(): number {
    return this.#calls.size;
  }

  /** An INVITE outside any dialog. */
  receive(tx: ServerTransaction, request: Message): void {
    const { token, sessions, table, servers, reporter, wheel, heldOctets, takesCalls } = this.#parts;
    const fault = inviteFault(request, this.#maker.canRoute(request));
    if (fault !== undefined) {
      this.#responder.turnAway(tx, request, 400, { reason: fault });
      return;
    }
    const acceptable = unsupportedContent(request);
    if (acceptable !== undefined) {
      this.#responder.turnAway(tx, request, 415, { lines: acceptable });
      return;
    }
    if (sessions.tooSmall(request)) {
      this.#responder.turnAway(tx, request, 422, { lines: `Min-SE: ${minSessionIntervalS}\r\n` });
      return;
    }
    const isCrowded = servers.fill > callsShare || !heldOctets.hasRoom(request.bytes.length, true);
    if (this.#draining || table.room <= 0 || isCrowded) {
      this.#responder.turnAway(tx, request, 503, { lines: this.#draining ? '' : retryAfter });
      return;
    }
    if (!takesCalls) {
      this.#responder.turnAway(tx, request, 480);
      return;
    }
    tx.user = this;
    const expiresS = request.expires.presence === 'present' ? request.expires.value : ringLimitS;
    const untilMs = wheel.nowMs + 1000 * Math.min(expiresS, ringLimitS);
    const ticket = this.#tickets.issue(tx.id);
    this.#calls.set(tx.id, {
      ticket,
      bytes: heldOctets.take(request.bytes),
      localTag: token(),
      undecidedStatus: expiresS < ringLimitS ? 487 : 480,
      untilMs,
      timer: wheel.arm(this.#reminder, tx.id, Math.min(untilMs, wheel.nowMs + reminderMs.unreliable)),
      early: undefined,
      rung: undefined,
      answering: undefined,
    });
    this.#responder.pend(tx, request);
    reporter.emit({
      kind: 'incoming-call',
      call: ticket,
      requestUri: request.text(request.requestUri),
      from: request.text(request.from.value),
      to: request.text(request.to.value),
      callId: request.text(request.callId),
      headers: request.headers(),
      body: bodyOf(request),
      supportsReliable: canBeReliable(request),
    });
  }

  /** The id of the call that the program means; 0, of which there is none, when that is over. */
  idOf(ticket: number): number {
    const callId = transactionIdOf(ticket);
    return this.#calls.get(callId)?.ticket === ticket ? callId : 0;
  }

  /** Sends a provisional response, which makes an early dialog. @see RFC 3261 §13.3.1.1, §12.1.1; RFC 3262 §3 */
  ring(callId: number, status: number, content: Content, reliable: boolean): void {
    const taken = this.#take(callId);
    if (taken === undefined || taken.call.answering !== undefined) return;
    const { call } = taken;
    call.rung = { status, content };
    call.early ??= this.#makeEarly(callId, taken);
    const required = this.#held.hasToken(HeaderId.Require, '100rel');
    if (required || (reliable && canBeReliable(this.#held))) {
      if (call.early !== undefined) this.reliable.send(callId, call.early, this.#held, status, content);
      if (call.early !== undefined || required) return;
    }
    this.#sendProvisional(taken, status, content, '');
  }

  sendReliably(callId: number, status: number, content: Content, lines: string): Uint8Array | undefined {
    const taken = this.#take(callId);
    return taken && this.#sendProvisional(taken, status, content, lines);
  }

  sendAgain(callId: number, status: number, bytes: Uint8Array): void {
    const { servers } = this.#parts;
    const tx = servers.get(callId);
    if (tx !== undefined) servers.respond(tx, status, bytes);
  }

  acknowledged(callId: number): void {
    const call = this.#calls.get(callId);
    if (call?.answering === undefined || this.reliable.holdsAnswer(callId)) return;
    const { id, content } = call.answering;
    call.answering = undefined;
    this.answer(id, callId, content);
  }

  unacknowledged(callId: number): void {
    this.#end(callId, 504);
  }

  /** Answers with 200; the command ends with the ACK. */
  answer(id: number, callId: number, content: Content): void {
    const taken = this.#take(callId);
    if (taken === undefined || taken.call.answering !== undefined) {
      this.#parts.reporter.failWithCode(
        id,
        'SIP_ABORTED',
        'The call is over: the caller gave up, or it was answered before.',
      );
    } else if (this.reliable.holdsAnswer(callId)) {
      taken.call.answering = { id, content };
    } else {
      this.#answer(id, callId, taken, content);
    }
  }

  #answer(id: number, callId: number, taken: TakenCall, content: Content): void {
    const { table, sessions, writer, reporter } = this.#parts;
    const { tx, call } = taken;
    const request = this.#held;
    const dialog = call.early ?? this.#make(taken);
    this.#forget(callId, call, true);
    if (dialog === undefined) {
      this.#responder.respond(tx, request, 503, { toTag: call.localTag, lines: retryAfter });
      reporter.failWithCode(id, 'SIP_OVERLOADED', 'There is no room for the dialog.');
      return;
    }
    table.state[dialog] = DialogState.confirmed;
    table.set(dialog, DialogFlag.remoteOfferPending, false);
    if (content.body !== undefined) {
      table.update(dialog, undefined, undefined, { bytes: content.body, start: 0, end: content.body.length });
    }
    this.#answers.await(dialog, tx, {
      sequence: request.cseq.number,
      id,
      offered: request.body.end === request.body.start && content.body !== undefined,
    });
    this.#responder.respond(tx, request, 200, {
      toTag: call.localTag,
      recordRoute: true,
      content,
      write: () => {
        writeContact(writer, table, dialog);
        sessions.answerAsServer(dialog, request, writer);
      },
    });
  }

  refuse(callId: number, status: number, content: Content): void {
    const taken = this.#take(callId);
    if (taken === undefined || taken.call.answering !== undefined) return;
    this.#responder.respond(taken.tx, this.#held, status, { toTag: taken.call.localTag, content });
    this.#endEarly(callId, taken.call);
  }

  /** Refuses whatever rings, and from now on every call. */
  drain(): void {
    this.#draining = true;
    for (const callId of [...this.#calls.keys()]) this.#end(callId, 503);
  }

  /** Our tag in the responses to a call that is not decided yet. */
  tagOf(callId: number): string | undefined {
    return this.#calls.get(callId)?.localTag;
  }

  /** The caller has given up. @see RFC 3261 §9.2 */
  cancelled(tx: ServerTransaction): void {
    this.#end(tx.id, 487);
  }

  /** Its caller has come by another way, since this one is dead. */
  superseded(callId: number): void {
    this.#end(callId, 500);
  }

  /** An early dialog ends by itself, as by the caller's BYE: so does its call. @see RFC 3261 §15.1.2 */
  dialogEnded(dialog: DialogIndex): void {
    const callId = this.#callOf.get(dialog);
    if (callId !== undefined) this.#end(callId, 487);
    this.reliable.dialogEnded(dialog);
  }

  /** Our side wants no more of an early dialog, for which a callee has no BYE. @see RFC 3261 §15 */
  endEarly(dialog: DialogIndex): boolean {
    const callId = this.#callOf.get(dialog);
    if (callId !== undefined) this.#end(callId, 480);
    return callId !== undefined;
  }

  onAck(): void {}
  onFailure(): void {}
  onFlowLost(): void {}

  /** The call is over before the program has decided. */
  #end(callId: number, status: number): void {
    const taken = this.#take(callId);
    if (taken === undefined) return;
    const { tx, call } = taken;
    const { reporter } = this.#parts;
    this.#responder.respond(tx, this.#held, status, { toTag: call.localTag });
    this.#endEarly(callId, call);
    reporter.emit({ kind: 'call-cancelled', call: call.ticket });
    const { answering } = call;
    if (answering !== undefined)
      reporter.failWithCode(answering.id, 'SIP_ABORTED', 'The call was over before it was answered.');
  }

  /** The program has not decided yet: the caller hears once more that the call lives, or that it has expired. */
  #remind(callId: number): void {
    const taken = this.#take(callId);
    if (taken === undefined) return;
    const { call } = taken;
    const { wheel } = this.#parts;
    call.timer = 0;
    if (wheel.nowMs >= call.untilMs) {
      this.#end(callId, call.undecidedStatus);
      return;
    }
    const required = this.#held.hasToken(HeaderId.Require, '100rel');
    const pace = required ? reminderMs.reliable : reminderMs.unreliable;
    call.timer = wheel.arm(this.#reminder, callId, Math.min(call.untilMs, wheel.nowMs + pace));
    if (call.answering !== undefined || this.reliable.isWaiting(callId)) return;
    const { status, content } = call.rung ?? { status: 183, content: noContent };
    this.ring(callId, status, required ? noContent : content, false);
  }

  #sendProvisional({ tx, call }: TakenCall, status: number, content: Content, lines: string): Uint8Array {
    const { writer, table } = this.#parts;
    return this.#responder.respond(tx, this.#held, status, {
      toTag: call.localTag,
      recordRoute: true,
      write: () => void writer.octets(callAbilities(table)),
      lines: `Contact: <${this.#ownUri(tx)}>\r\n${lines}`,
      content,
    });
  }

  #makeEarly(callId: number, taken: TakenCall): DialogIndex | undefined {
    const dialog = this.#make(taken);
    if (dialog === undefined) return undefined;
    const { table } = this.#parts;
    table.state[dialog] = DialogState.early;
    table.set(dialog, DialogFlag.remoteInvitePending, true);
    table.set(dialog, DialogFlag.remoteOfferPending, this.#held.body.end > this.#held.body.start);
    this.#callOf.set(dialog, callId);
    return dialog;
  }

  #make({ tx, call }: TakenCall): DialogIndex | undefined {
    const { table, trust, remote } = this.#parts;
    const request = this.#held;
    const dialog = this.#maker.fromRequest(request, {
      target: firstTargetOf(request) ?? emptySlice,
      localParty: partyOf(request, request.to),
      localTag: sliceOf(call.localTag),
      callId: { bytes: request.bytes, start: request.callId.start, end: request.callId.end },
      contact: sliceOf(`<${this.#ownUri(tx)}>`),
      session: emptySlice,
      secure: request.requestUriParts.scheme === 'sips',
      emergency: isEmergencyRequest(request),
      hop: trust.hopOf(tx),
      source: remote(tx.flow),
    });
    if (dialog === undefined) return undefined;
    table.remoteSequence[dialog] = request.cseq.number;
    table.set(dialog, DialogFlag.remoteSequence, true);
    if (request.body.end > request.body.start) {
      table.remoteSession[dialog] = hashDescription(request.bytes, request.body.start, request.body.end);
    }
    return dialog;
  }

  #endEarly(callId: number, call: IncomingCall): void {
    this.#forget(callId, call, false);
    // One that is ending already is why the call ends.
    if (call.early !== undefined && this.#parts.table.state[call.early] === DialogState.early) {
      this.#parts.endDialog(call.early, 'local', 'bye');
    }
  }

  #forget(callId: number, call: IncomingCall, isAnswered: boolean): void {
    this.#parts.wheel.disarm(call.timer);
    this.#calls.delete(callId);
    this.#parts.heldOctets.give(call.bytes);
    this.reliable.end(callId, isAnswered);
    if (call.early !== undefined) this.#callOf.delete(call.early);
  }

  #take(callId: number): TakenCall | undefined {
    const call = this.#calls.get(callId);
    const tx = this.#parts.servers.get(callId);
    if (call === undefined || tx === undefined) return undefined;
    this.#held.scan(call.bytes);
    return { tx, call };
  }

  /** By the protocol that the call came by. */
  #ownUri({ flow }: ServerTransaction): string {
    return this.#parts.ownUri(this.#parts.remote(flow)?.protocol);
  }
}

/** Whether the caller takes provisional responses that it has to acknowledge. @see RFC 3262 §3 */
function canBeReliable(request: Message): boolean {
  return request.hasToken(HeaderId.Supported, '100rel') || request.hasToken(HeaderId.Require, '100rel');
}
