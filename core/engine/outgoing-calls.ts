import type { FlowId } from '../contract.ts';
import { allowHeader, supportedHeader } from '../dialog/request.ts';
import { hashDescription } from '../dialog/session-description.ts';
import { emptySlice, sliceOf } from '../dialog/slab.ts';
import { DialogFlag, type DialogIndex, DialogState } from '../dialog/table.ts';
import { targetOf } from '../dialog/target.ts';
import type { Message } from '../message/message.ts';
import { addressOfText } from '../message/numeric-address.ts';
import { identityUri } from '../message/sent-by.ts';
import type { Hop } from '../recovery/hop.ts';
import { retryAfterMs } from '../recovery/schedule.ts';
import type { TimerKind } from '../time/wheel.ts';
import type { ClientTransaction, ClientUser } from '../transaction/client.ts';
import type { Content } from './command.ts';
import { endWithContent } from './content.ts';
import { type DialogMaker, type OwnSide, partyOf } from './dialog-maker.ts';
import { EarlyDialogs } from './early-dialogs.ts';
import type { OutgoingCall } from './outgoing-call.ts';
import type { Parts } from './parts.ts';
import { originOf, responseData } from './reporter.ts';

const initialSequence = 1;

/**
 * Calls that the program makes: INVITE by a live hop, by the next one when a hop fails, CANCEL when the program has enough.
 *
 * Where a proxy forks it, each branch that rings has an early dialog, and each one that answers a dialog of its own: the first is
 * the call's, any other is ended at once, or handed to a program that takes it.
 *
 * @see RFC 3261 §13.2, §9.1; RFC 3263 §4.3
 */
export class OutgoingCalls implements ClientUser {
  readonly #parts: Parts;
  readonly #maker: DialogMaker;
  readonly #early: EarlyDialogs;
  /** Calls that are not answered yet, by their id. */
  readonly #calls = new Map<number, OutgoingCall>();
  /** Answered ones of which another branch is awaited, by the id of their transaction. */
  readonly #answered = new Map<number, OutgoingCall>();
  readonly #branchesOver: TimerKind;

  constructor(parts: Parts, maker: DialogMaker) {
    this.#parts = parts;
    this.#maker = maker;
    this.#early = new EarlyDialogs(parts);
    this.#branchesOver = parts.wheel.kind((txId) => {
      const call = this.#answered.get(txId);
      if (call !== undefined) this.#endBranches(call);
    });
  }

  get count(): number {
    return this.#calls.size;
  }

  invite(id: number, target: string, from: string | undefined, content: Content, takesForks: boolean): void {
    const { token, reporter, challenges } = this.#parts;
    if (!this.#hasRoom()) {
      reporter.failWithCode(id, 'SIP_OVERLOADED', 'There is no room for another dialog.');
      return;
    }
    const call: OutgoingCall = {
      id,
      target,
      from: from ?? `<${identityUri(this.#parts.local('udp'))}>`,
      content,
      callId: token(),
      localTag: token(),
      takesForks,
      tried: [],
      authorization: challenges.forCall(),
      sequence: initialSequence,
      txId: 0,
      givenUp: 'no',
      timer: 0,
      early: [],
      endedTags: [],
    };
    this.#calls.set(id, call);
    this.#tryNextHop(call);
  }

  /** Gives up every call that is not answered yet. */
  drain(): void {
    for (const id of [...this.#calls.keys()]) this.cancel(id);
    for (const call of [...this.#answered.values()]) this.#endBranches(call);
  }

  dialogEnded(dialog: DialogIndex): void {
    this.#early.dialogEnded(dialog);
  }

  /** Gives a call up: by CANCEL once the peer has answered at all. */
  cancel(id: number): void {
    const call = this.#calls.get(id);
    if (call === undefined || call.givenUp !== 'no') return;
    call.givenUp = 'by-program';
    const tx = this.#parts.clients.get(call.txId);
    if (tx !== undefined) this.#parts.clients.cancel(tx);
  }

  onResponse(tx: ClientTransaction, message: Message): void {
    const call = this.#calls.get(tx.owner);
    if (call === undefined || call.txId !== tx.id) {
      if (message.status >= 200 && !this.#parts.acks.repeats(tx, message)) this.#answeredByAnother(tx, message);
      return;
    }
    if (message.status < 200) {
      this.#rang(tx, call, message);
      return;
    }
    if (call.givenUp === 'no' && this.#answerChallenge(tx, call, message)) return;
    const hop = call.tried.at(-1);
    if (message.status === 503 && hop !== undefined) {
      this.#parts.hops.hold(hop, this.#parts.wheel.nowMs + retryAfterMs(message));
    }
    if (message.status < 300) this.#answer(tx, call, message);
    else if (message.status === 503 && call.givenUp === 'no') this.#tryNextHop(call, message);
    else this.#failed(call, message);
  }

  onFailure(tx: ClientTransaction, why: 'timeout' | 'flow-lost'): void {
    const call = this.#calls.get(tx.owner);
    if (call === undefined || call.txId !== tx.id) return;
    if (call.givenUp === 'no') {
      this.#tryNextHop(call, undefined, why === 'timeout' ? 408 : 503);
      return;
    }
    this.#end(call);
    this.#parts.reporter.failWithCode(call.id, 'SIP_ABORTED', 'The call was given up before it was answered.');
  }

  #answerChallenge(tx: ClientTransaction, call: OutgoingCall, message: Message): boolean {
    const again = this.#parts.challenges.answerOutside(tx, message, call.authorization);
    if (again === undefined) return false;
    this.#early.endAll(call);
    call.txId = again.id;
    call.sequence = message.cseq.number + 1;
    return true;
  }

  #tryNextHop(call: OutgoingCall, response?: Message, status: 408 | 503 = 503): void {
    this.#early.endAll(call);
    call.endedTags.length = 0;
    const hop = this.#nextHop(call);
    if (hop === undefined) {
      this.#end(call);
      if (response !== undefined) {
        this.#parts.reporter.failWithResponse(call.id, responseData(response), originOf(response));
      } else {
        this.#parts.reporter.failLocally(call.id, status);
      }
      return;
    }
    call.tried.push(hop);
    call.txId = 0;
    this.#parts.hops.whenOpen(hop, (flow) => {
      if (this.#calls.get(call.id) !== call) return;
      if (flow === undefined) this.#tryNextHop(call);
      else this.#send(call, hop, flow);
    });
  }

  /** A listed hop that was not tried, or where none is listed the address that the target names. */
  #nextHop(call: OutgoingCall): Hop | undefined {
    const { hops } = this.#parts;
    if (hops.listed.length > 0) {
      const first = hops.pick();
      if (first !== undefined && !call.tried.includes(first)) return first;
      return hops.listed.find((hop) => !call.tried.includes(hop) && hops.takes(hop));
    }
    if (call.tried.length > 0) return undefined;
    const address = addressOfText(call.target);
    return address === undefined ? undefined : hops.forAddress(address);
  }

  #send(call: OutgoingCall, hop: Hop, flow: FlowId): void {
    const { clients, writer, sessions, table, ownUri } = this.#parts;
    if (call.givenUp !== 'no') {
      this.#end(call);
      this.#parts.reporter.failWithCode(call.id, 'SIP_ABORTED', 'The call was given up before it was sent.');
      return;
    }
    const tx = clients.begin('INVITE', flow, hop.address.protocol !== 'udp', this, call.id);
    if (tx === undefined) {
      this.#end(call);
      this.#parts.reporter.failWithCode(call.id, 'SIP_OVERLOADED', 'Too many transactions are under way.');
      return;
    }
    call.txId = tx.id;
    writer.text(`INVITE ${call.target} SIP/2.0\r\n${hop.via}${tx.branch}\r\n`);
    if (hop.listed) writer.text(`Route: ${hop.route}\r\n`);
    writer
      .text(`Max-Forwards: 70\r\nFrom: ${call.from};tag=${call.localTag}\r\nTo: <${call.target}>\r\n`)
      .text(
        `Call-ID: ${call.callId}\r\nCSeq: ${call.sequence} INVITE\r\nContact: <${ownUri(hop.address.protocol)}>\r\n`,
      )
      .text(allowHeader)
      .text(supportedHeader(table));
    sessions.writeOffer(writer);
    const claim = { method: 'INVITE', uri: call.target, sequence: call.sequence };
    if (call.authorization !== undefined) writer.text(call.authorization.lines(claim, call.content.body));
    clients.start(tx, endWithContent(writer, call.content));
  }

  #rang(tx: ClientTransaction, call: OutgoingCall, message: Message): void {
    if (call.givenUp !== 'no') {
      this.#parts.clients.cancel(tx);
      return;
    }
    if (message.status === 100) return;
    const { reporter } = this.#parts;
    const early = this.#earlyDialog(call, message);
    reporter.emit({
      kind: 'provisional',
      id: call.id,
      response: responseData(message),
      dialog: early === undefined ? undefined : reporter.dialog(early),
    });
  }

  /** The early dialog of a provisional response, which makes one when its To tag is new. @see RFC 3261 §12.1.2 */
  #earlyDialog(call: OutgoingCall, message: Message): DialogIndex | undefined {
    const { table } = this.#parts;
    if (message.to.tag.end === message.to.tag.start) return undefined;
    const known = this.#early.find(call, message);
    if (known !== undefined) return table.state[known] === DialogState.early ? known : undefined;
    const { capacity, count } = table;
    const mayHaveOne = this.#early.hasRoom(call) && !this.#early.hasEnded(call, message);
    // One that has no row of its own yet may take the one that its call was promised.
    if (!mayHaveOne || (call.early.length === 0 ? count >= capacity : !this.#hasRoom())) return undefined;
    if (!this.#maker.canRoute(message)) return undefined;
    const dialog = this.#make(call, message, true);
    if (dialog !== undefined) this.#early.add(call, dialog);
    return dialog;
  }

  /** The first 2xx: its dialog is the call's. */
  #answer(tx: ClientTransaction, call: OutgoingCall, message: Message): void {
    const { sessions, reporter } = this.#parts;
    const wanted = call.givenUp === 'no' && !this.#wasEnded(call, message);
    const { dialog, isSound } = this.#establish(tx, call, message);
    if (dialog === undefined) {
      this.#end(call);
      reporter.failWithCode(call.id, 'SIP_OVERLOADED', 'There is no room for the dialog.');
      return;
    }
    this.#calls.delete(call.id);
    this.#awaitBranches(tx, call);
    sessions.agreeAsClient(dialog, message);
    if (wanted && isSound) {
      reporter.done(call.id, { response: responseData(message), dialog: reporter.dialog(dialog) });
      return;
    }
    this.#maker.endAtOnce(dialog);
    if (wanted) reporter.failLocally(call.id, 503);
    else reporter.failWithCode(call.id, 'SIP_ABORTED', 'The call was given up as it was answered; it was ended.');
  }

  /** A further 2xx, of another branch: a dialog of its own. @see RFC 3261 §13.2.2.4 */
  #answeredByAnother(tx: ClientTransaction, message: Message): void {
    const { acks, sessions, reporter } = this.#parts;
    if (!acks.hasRoom(tx)) return;
    const call = this.#answered.get(tx.id);
    const wanted = call?.takesForks === true && call.givenUp === 'no' && !this.#wasEnded(call, message);
    const { dialog, isSound } = this.#establish(tx, call, message);
    if (dialog === undefined) return;
    if (call === undefined || !wanted || !isSound) {
      this.#maker.endAtOnce(dialog);
      return;
    }
    sessions.agreeAsClient(dialog, message);
    reporter.emit({ kind: 'fork', id: call.id, dialog: reporter.dialog(dialog) });
  }

  /** The branch was ended by BYE while it was early. */
  #wasEnded(call: OutgoingCall, message: Message): boolean {
    const early = this.#early.find(call, message);
    if (early !== undefined) return this.#parts.table.state[early] !== DialogState.early;
    return this.#early.hasEnded(call, message);
  }

  /** The dialog of a 2xx, made or confirmed, and its ACK. */
  #establish(
    tx: ClientTransaction,
    call: OutgoingCall | undefined,
    message: Message,
  ): { readonly dialog: DialogIndex | undefined; readonly isSound: boolean } {
    const { table, hops, acks } = this.#parts;
    const isSound = this.#maker.canRoute(message);
    let dialog = call && this.#early.find(call, message);
    if (call === undefined || dialog === undefined) {
      dialog = call === undefined ? this.#makeUnknown(tx, message, isSound) : this.#make(call, message, isSound);
    } else {
      const state = table.state[dialog];
      this.#early.leave(call, dialog);
      this.#maker.confirm(dialog, message, call.tried.at(-1));
      if (state === DialogState.ending) table.state[dialog] = DialogState.ending;
    }
    if (dialog === undefined) return { dialog, isSound };
    const hop = hops.of(dialog);
    if (hop !== undefined) acks.send(tx, dialog, message.cseq.number, hop);
    if (message.body.end > message.body.start) {
      table.remoteSession[dialog] = hashDescription(message.bytes, message.body.start, message.body.end);
    }
    return { dialog, isSound };
  }

  #make(call: OutgoingCall, message: Message, isSound: boolean): DialogIndex | undefined {
    const { body } = call.content;
    return this.#makeDialog(message, isSound, call, {
      target: targetOf(message) ?? sliceOf(call.target),
      localParty: sliceOf(call.from),
      localTag: sliceOf(call.localTag),
      callId: sliceOf(call.callId),
      contact: sliceOf(`<${this.#parts.ownUri(call.tried.at(-1)?.address.protocol)}>`),
      session: body === undefined ? emptySlice : { bytes: body, start: 0, end: body.length },
      secure: /^sips:/i.test(call.target),
      hop: call.tried.at(-1),
    });
  }

  /** Of a branch whose call is no longer kept: all that an ACK and a BYE need is in the 2xx. */
  #makeUnknown(tx: ClientTransaction, message: Message, isSound: boolean): DialogIndex | undefined {
    const { bytes, from, to, callId } = message;
    return this.#makeDialog(message, isSound, undefined, {
      target: targetOf(message) ?? { bytes, start: to.uri.start, end: to.uri.end },
      localParty: partyOf(message, from),
      localTag: { bytes, start: from.tag.start, end: from.tag.end },
      callId: { bytes, start: callId.start, end: callId.end },
      contact: sliceOf(`<${this.#parts.ownUri(this.#parts.remote(tx.flow)?.protocol)}>`),
      session: emptySlice,
      secure: false,
      hop: this.#parts.hops.byFlow(tx.flow),
    });
  }

  #makeDialog(
    message: Message,
    isSound: boolean,
    call: OutgoingCall | undefined,
    own: OwnSide,
  ): DialogIndex | undefined {
    const { table } = this.#parts;
    const dialog = isSound ? this.#maker.fromResponse(message, own) : this.#maker.withoutRoutes(message, own);
    if (dialog === undefined) return undefined;
    table.localSequence[dialog] = message.cseq.number;
    if (call?.authorization?.isAsked) table.authorizations.set(dialog, call.authorization.copy());
    table.set(dialog, DialogFlag.callIdOwner, true);
    return dialog;
  }

  #failed(call: OutgoingCall, message: Message): void {
    this.#end(call);
    const { reporter } = this.#parts;
    if (call.givenUp === 'no') reporter.failWithResponse(call.id, responseData(message), originOf(message));
    else reporter.failWithCode(call.id, 'SIP_ABORTED', 'The call was given up before it was answered.');
  }

  /** The call has not come about. */
  #end(call: OutgoingCall): void {
    this.#calls.delete(call.id);
    this.#early.endAll(call);
  }

  /** Other branches may answer for 64*T1 after the first 2xx. @see RFC 3261 §13.2.2.4 */
  #awaitBranches(tx: ClientTransaction, call: OutgoingCall): void {
    const { wheel, timers } = this.#parts;
    if (call.early.length === 0 && !call.takesForks) return;
    this.#answered.set(tx.id, call);
    call.timer = wheel.arm(this.#branchesOver, tx.id, wheel.nowMs + timers.t1x64Ms);
  }

  #endBranches(call: OutgoingCall): void {
    this.#parts.wheel.disarm(call.timer);
    this.#answered.delete(call.txId);
    this.#early.endAll(call);
    if (call.takesForks) this.#parts.reporter.emit({ kind: 'forks-over', id: call.id });
  }

  /** Each call that has no dialog yet was promised a row. */
  #hasRoom(): boolean {
    const { count, capacity } = this.#parts.table;
    return Math.max(count, count - this.#early.count + this.#calls.size) < capacity;
  }
}
