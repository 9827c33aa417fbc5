import { writeContact } from '../dialog/request.ts';
import { hashDescription } from '../dialog/session-description.ts';
import { minSessionIntervalS } from '../dialog/session-timer.ts';
import { emptySlice, sliceOf } from '../dialog/slab.ts';
import { DialogFlag, type DialogIndex, DialogState } from '../dialog/table.ts';
import { targetOf } from '../dialog/target.ts';
import { Message } from '../message/message.ts';
import type { ServerTransaction, ServerUser } from '../transaction/server.ts';
import type { Answers } from './answers.ts';
import type { Content } from './command.ts';
import { type DialogMaker, partyOf } from './dialog-maker.ts';
import type { Parts } from './parts.ts';
import { bodyOf } from './reporter.ts';
import type { Responder } from './responder.ts';

/** A call of a peer's until the program has answered or refused it. */
interface IncomingCall {
  readonly bytes: Uint8Array;
  readonly localTag: string;
  /** Once it rings. */
  early: DialogIndex | undefined;
}

interface TakenCall {
  readonly tx: ServerTransaction;
  readonly localTag: string;
  readonly early: DialogIndex | undefined;
}

/** A caller may well find room a little later. @see RFC 3261 §21.5.4 */
const retryAfter = 'Retry-After: 5\r\n';

/** Calls that come in: held until the program decides, answered into dialogs. @see RFC 3261 §13.3 */
export class IncomingCalls implements ServerUser {
  readonly #parts: Parts;
  readonly #maker: DialogMaker;
  readonly #responder: Responder;
  readonly #answers: Answers;
  /** By the id of their server transaction, which is what the program calls them by. */
  readonly #calls = new Map<number, IncomingCall>();
  /** Early dialogs, each with the call that it belongs to. */
  readonly #callOf = new Map<DialogIndex, number>();
  readonly #held = new Message();
  #draining = false;

  constructor(parts: Parts, maker: DialogMaker, responder: Responder, answers: Answers) {
    this.#parts = parts;
    this.#maker = maker;
    this.#responder = responder;
    this.#answers = answers;
  }

  get count(): number {
    return this.#calls.size;
  }

  /** An INVITE outside any dialog. */
  receive(tx: ServerTransaction, request: Message): void {
    const { token, sessions, table, reporter } = this.#parts;
    const localTag = token();
    const lacksTag = request.from.tag.end === request.from.tag.start;
    if (targetOf(request) === undefined || lacksTag || !this.#maker.canRoute(request)) {
      this.#responder.respond(tx, request, 400, { toTag: localTag });
      return;
    }
    if (sessions.tooSmall(request)) {
      this.#responder.respond(tx, request, 422, { toTag: localTag, lines: `Min-SE: ${minSessionIntervalS}\r\n` });
      return;
    }
    if (this.#draining || table.room <= 0) {
      this.#responder.respond(tx, request, 503, { toTag: localTag, ...(!this.#draining && { lines: retryAfter }) });
      return;
    }
    tx.user = this;
    this.#calls.set(tx.id, { bytes: request.bytes, localTag, early: undefined });
    this.#responder.pend(tx, request);
    reporter.emit({
      kind: 'incoming-call',
      call: tx.id,
      requestUri: request.text(request.requestUri),
      from: request.text(request.from.value),
      to: request.text(request.to.value),
      callId: request.text(request.callId),
      headers: request.headers(),
      body: bodyOf(request),
    });
  }

  /** Sends a provisional response, which makes an early dialog. @see RFC 3261 §13.3.1.1, §12.1.1 */
  ring(callId: number, status: number, content: Content): void {
    const call = this.#take(callId);
    if (call === undefined) return;
    if (call.early === undefined) this.#makeEarly(callId, call);
    const contact = `Contact: <${this.#ownUri(call.tx)}>\r\n`;
    this.#responder.respond(call.tx, this.#held, status, {
      toTag: call.localTag,
      recordRoute: true,
      lines: contact,
      content,
    });
  }

  /** Answers with 200; the command ends with the ACK. */
  answer(id: number, callId: number, content: Content): void {
    const { table, sessions, writer, reporter } = this.#parts;
    const call = this.#take(callId);
    if (call === undefined) {
      reporter.failWithCode(id, 'SIP_ABORTED', 'The call is over: the caller gave up, or it was answered before.');
      return;
    }
    const request = this.#held;
    const dialog = call.early ?? this.#make(call);
    this.#forget(callId, call);
    if (dialog === undefined) {
      this.#responder.respond(call.tx, request, 503, { toTag: call.localTag, lines: retryAfter });
      reporter.failWithCode(id, 'SIP_OVERLOADED', 'There is no room for the dialog.');
      return;
    }
    table.state[dialog] = DialogState.confirmed;
    if (content.body !== undefined) {
      table.update(dialog, undefined, undefined, { bytes: content.body, start: 0, end: content.body.length });
    }
    this.#answers.await(dialog, call.tx, {
      sequence: request.cseq.number,
      id,
      offered: request.body.end === request.body.start && content.body !== undefined,
    });
    this.#responder.respond(call.tx, request, 200, {
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
    const call = this.#take(callId);
    if (call === undefined) return;
    this.#responder.respond(call.tx, this.#held, status, { toTag: call.localTag, content });
    this.#endEarly(callId, call);
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

  /** An early dialog ends by itself, as by the caller's BYE: so does its call. @see RFC 3261 §15.1.2 */
  dialogEnded(dialog: DialogIndex): void {
    const callId = this.#callOf.get(dialog);
    if (callId !== undefined) this.#end(callId, 487);
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
    const call = this.#take(callId);
    if (call === undefined) return;
    this.#responder.respond(call.tx, this.#held, status, { toTag: call.localTag });
    this.#endEarly(callId, call);
    this.#parts.reporter.emit({ kind: 'call-cancelled', call: callId });
  }

  #makeEarly(callId: number, call: TakenCall): void {
    const dialog = this.#make(call);
    const held = this.#calls.get(callId);
    if (dialog === undefined || held === undefined) return;
    const { table } = this.#parts;
    table.state[dialog] = DialogState.early;
    table.set(dialog, DialogFlag.remoteInvitePending, true);
    held.early = dialog;
    this.#callOf.set(dialog, callId);
  }

  #make(call: TakenCall): DialogIndex | undefined {
    const { table, trust, remote } = this.#parts;
    const request = this.#held;
    const dialog = this.#maker.fromRequest(request, {
      target: targetOf(request) ?? emptySlice,
      localParty: partyOf(request, request.to),
      localTag: sliceOf(call.localTag),
      callId: { bytes: request.bytes, start: request.callId.start, end: request.callId.end },
      contact: sliceOf(`<${this.#ownUri(call.tx)}>`),
      session: emptySlice,
      secure: request.requestUriParts.scheme === 'sips',
      hop: trust.hopOf(call.tx),
      source: remote(call.tx.flow),
    });
    if (dialog === undefined) return undefined;
    table.remoteSequence[dialog] = request.cseq.number;
    table.set(dialog, DialogFlag.remoteSequence, true);
    if (request.body.end > request.body.start) {
      table.remoteSession[dialog] = hashDescription(request.bytes, request.body.start, request.body.end);
    }
    return dialog;
  }

  #endEarly(callId: number, call: TakenCall): void {
    this.#forget(callId, call);
    // One that is ending already is why the call ends.
    if (call.early !== undefined && this.#parts.table.state[call.early] === DialogState.early) {
      this.#parts.endDialog(call.early, 'local', 'bye');
    }
  }

  #forget(callId: number, call: TakenCall): void {
    this.#calls.delete(callId);
    if (call.early !== undefined) this.#callOf.delete(call.early);
  }

  /** The call and its transaction, with its INVITE indexed again in `#held`. */
  #take(callId: number): TakenCall | undefined {
    const call = this.#calls.get(callId);
    const tx = this.#parts.servers.get(callId);
    if (call === undefined || tx === undefined) return undefined;
    this.#held.scan(call.bytes);
    return { tx, localTag: call.localTag, early: call.early };
  }

  /** By the protocol that the call came by. */
  #ownUri({ flow }: ServerTransaction): string {
    return this.#parts.ownUri(this.#parts.remote(flow)?.protocol);
  }
}
