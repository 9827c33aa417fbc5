import type { FlowId } from '../contract.ts';
import type { Authorizations } from '../dialog/authorizations.ts';
import { allowHeader, supportedHeader } from '../dialog/request.ts';
import { hashDescription } from '../dialog/session-description.ts';
import { emptySlice, type Slice, sliceOf } from '../dialog/slab.ts';
import { DialogFlag, type DialogIndex } from '../dialog/table.ts';
import { targetOf } from '../dialog/target.ts';
import type { Message } from '../message/message.ts';
import { addressOfText } from '../message/numeric-address.ts';
import { sipUri } from '../message/sent-by.ts';
import type { Hop } from '../recovery/hop.ts';
import { retryAfterMs } from '../recovery/schedule.ts';
import type { ClientTransaction, ClientUser } from '../transaction/client.ts';
import type { Content } from './command.ts';
import { endWithContent } from './content.ts';
import type { DialogMaker, OwnSide } from './dialog-maker.ts';
import type { Parts } from './parts.ts';
import { originOf, responseData } from './reporter.ts';

/** A call of ours until it is answered. */
interface OutgoingCall {
  readonly id: number;
  readonly target: string;
  readonly from: string;
  readonly content: Content;
  readonly callId: string;
  readonly localTag: string;
  /** Hops that it was tried by. */
  readonly tried: Hop[];
  /** What it proves with who makes it, once it is asked. */
  readonly authorization: Authorizations | undefined;
  /** CSeq of its INVITE. */
  sequence: number;
  txId: number;
  cancelled: boolean;
}

const initialSequence = 1;

/**
 * Calls that the program makes: INVITE by a live hop, by the next one when a hop fails, CANCEL when the program has enough.
 *
 * @see RFC 3261 §13.2, §9.1; RFC 3263 §4.3
 */
export class OutgoingCalls implements ClientUser {
  readonly #parts: Parts;
  readonly #maker: DialogMaker;
  readonly #calls = new Map<number, OutgoingCall>();

  constructor(parts: Parts, maker: DialogMaker) {
    this.#parts = parts;
    this.#maker = maker;
  }

  get count(): number {
    return this.#calls.size;
  }

  invite(id: number, target: string, from: string | undefined, content: Content): void {
    const { token, table, reporter, challenges } = this.#parts;
    if (table.count + this.#calls.size >= table.capacity) {
      reporter.failWithCode(id, 'SIP_OVERLOADED', 'There is no room for another dialog.');
      return;
    }
    const callId = token();
    const localTag = token();
    const call: OutgoingCall = {
      id,
      target,
      from: from ?? `<${this.#ownUri()}>`,
      content,
      callId,
      localTag,
      tried: [],
      authorization: challenges.forCall(),
      sequence: initialSequence,
      txId: 0,
      cancelled: false,
    };
    this.#calls.set(id, call);
    this.#tryNextHop(call);
  }

  /** Gives up every call that is not answered yet. */
  drain(): void {
    for (const id of [...this.#calls.keys()]) this.cancel(id);
  }

  /** Gives a call up: by CANCEL once the peer has answered at all. */
  cancel(id: number): void {
    const call = this.#calls.get(id);
    if (call === undefined || call.cancelled) return;
    call.cancelled = true;
    const tx = this.#parts.clients.get(call.txId);
    if (tx !== undefined) this.#parts.clients.cancel(tx);
  }

  onResponse(tx: ClientTransaction, message: Message): void {
    const call = this.#calls.get(tx.owner);
    if (call === undefined || call.txId !== tx.id) {
      this.#parts.acks.repeat(tx);
      return;
    }
    if (message.status < 200) {
      if (call.cancelled) {
        this.#parts.clients.cancel(tx);
      } else if (message.status > 100) {
        this.#parts.reporter.emit({ kind: 'provisional', id: call.id, response: responseData(message) });
      }
      return;
    }
    if (!call.cancelled && this.#answerChallenge(tx, call, message)) return;
    const hop = call.tried.at(-1);
    if (message.status === 503 && hop !== undefined) {
      this.#parts.hops.hold(hop, this.#parts.wheel.nowMs + retryAfterMs(message));
    }
    if (message.status < 300) this.#answered(tx, call, message);
    else if (message.status === 503 && !call.cancelled) this.#tryNextHop(call, message);
    else this.#failed(call, message);
  }

  onFailure(tx: ClientTransaction, why: 'timeout' | 'flow-lost'): void {
    const call = this.#calls.get(tx.owner);
    if (call === undefined || call.txId !== tx.id) return;
    if (!call.cancelled) {
      this.#tryNextHop(call, undefined, why === 'timeout' ? 408 : 503);
      return;
    }
    this.#calls.delete(call.id);
    this.#parts.reporter.failWithCode(call.id, 'SIP_ABORTED', 'The call was given up before it was answered.');
  }

  #answerChallenge(tx: ClientTransaction, call: OutgoingCall, message: Message): boolean {
    const again = this.#parts.challenges.answerOutside(tx, message, call.authorization);
    if (again === undefined) return false;
    call.txId = again.id;
    call.sequence = message.cseq.number + 1;
    return true;
  }

  #tryNextHop(call: OutgoingCall, response?: Message, status: 408 | 503 = 503): void {
    const hop = this.#nextHop(call);
    if (hop === undefined) {
      this.#calls.delete(call.id);
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
    const { clients, writer, sessions } = this.#parts;
    if (call.cancelled) {
      this.#calls.delete(call.id);
      this.#parts.reporter.failWithCode(call.id, 'SIP_ABORTED', 'The call was given up before it was sent.');
      return;
    }
    const tx = clients.begin('INVITE', flow, hop.address.protocol !== 'udp', this, call.id);
    if (tx === undefined) {
      this.#calls.delete(call.id);
      this.#parts.reporter.failWithCode(call.id, 'SIP_OVERLOADED', 'Too many transactions are under way.');
      return;
    }
    call.txId = tx.id;
    writer.text(`INVITE ${call.target} SIP/2.0\r\n${hop.via}${tx.branch}\r\n`);
    if (hop.listed) writer.text(`Route: ${hop.route}\r\n`);
    writer
      .text(`Max-Forwards: 70\r\nFrom: ${call.from};tag=${call.localTag}\r\nTo: <${call.target}>\r\n`)
      .text(`Call-ID: ${call.callId}\r\nCSeq: ${call.sequence} INVITE\r\nContact: <${this.#ownUri()}>\r\n`)
      .text(allowHeader)
      .text(supportedHeader);
    sessions.writeOffer(writer);
    const claim = { method: 'INVITE', uri: call.target, sequence: call.sequence };
    if (call.authorization !== undefined) writer.text(call.authorization.lines(claim, call.content.body));
    clients.start(tx, endWithContent(writer, call.content));
  }

  #answered(tx: ClientTransaction, call: OutgoingCall, message: Message): void {
    const { table, sessions, reporter, hops, acks } = this.#parts;
    this.#calls.delete(call.id);
    const isSound = this.#maker.canRoute(message);
    const dialog = this.#makeDialog(call, message, isSound);
    if (dialog === undefined) {
      reporter.failWithCode(call.id, 'SIP_OVERLOADED', 'There is no room for the dialog.');
      return;
    }
    const hop = hops.of(dialog);
    if (hop !== undefined) acks.send(tx, dialog, message.cseq.number, hop);
    if (message.body.end > message.body.start) {
      table.remoteSession[dialog] = hashDescription(message.bytes, message.body.start, message.body.end);
    }
    sessions.agreeAsClient(dialog, message);
    if (call.cancelled) {
      this.#maker.endAtOnce(dialog);
      reporter.failWithCode(call.id, 'SIP_ABORTED', 'The call was given up as it was answered; it was ended.');
      return;
    }
    if (!isSound) {
      this.#maker.endAtOnce(dialog);
      reporter.failLocally(call.id, 503);
      return;
    }
    reporter.done(call.id, { response: responseData(message), dialog: reporter.dialog(dialog) });
  }

  #makeDialog(call: OutgoingCall, message: Message, isSound: boolean): DialogIndex | undefined {
    const body: Slice =
      call.content.body === undefined
        ? emptySlice
        : { bytes: call.content.body, start: 0, end: call.content.body.length };
    const own: OwnSide = {
      target: targetOf(message) ?? sliceOf(call.target),
      localParty: sliceOf(call.from),
      localTag: sliceOf(call.localTag),
      callId: sliceOf(call.callId),
      contact: sliceOf(`<${this.#ownUri()}>`),
      session: body,
      hop: call.tried.at(-1),
    };
    const dialog = isSound ? this.#maker.fromResponse(message, own) : this.#maker.withoutRoutes(message, own);
    if (dialog === undefined) return undefined;
    this.#parts.table.localSequence[dialog] = call.sequence;
    if (call.authorization?.isAsked) this.#parts.table.authorizations.set(dialog, call.authorization.copy());
    this.#parts.table.set(dialog, DialogFlag.callIdOwner, true);
    return dialog;
  }

  #failed(call: OutgoingCall, message: Message): void {
    this.#calls.delete(call.id);
    const { reporter } = this.#parts;
    if (call.cancelled) reporter.failWithCode(call.id, 'SIP_ABORTED', 'The call was given up before it was answered.');
    else reporter.failWithResponse(call.id, responseData(message), originOf(message));
  }

  #ownUri(): string {
    return sipUri(this.#parts.local('udp'));
  }
}
