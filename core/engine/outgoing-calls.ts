import type { FlowId } from '../contract.ts';
import { callAbilities, refreshAbilities, replacesHeader } from '../dialog/abilities.ts';
import type { DialogIndex } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import { addressOfText } from '../message/numeric-address.ts';
import { identityUri } from '../message/sent-by.ts';
import type { Hop } from '../recovery/hop.ts';
import { retryAfterMs } from '../recovery/schedule.ts';
import type { TimerKind } from '../time/wheel.ts';
import type { ClientFailure, ClientTransaction, ClientUser } from '../transaction/client-transaction.ts';
import { CallDialogs } from './call-dialogs.ts';
import type { Command, Content } from './command.ts';
import { endWithContent } from './content.ts';
import type { DialogMaker } from './dialog-maker.ts';
import type { OutgoingCall } from './outgoing-call.ts';
import type { Parts } from './parts.ts';
import { originOf, responseData } from './reporter.ts';
import { ringLimitS } from './ring-limit.ts';

const initialSequence = 1;

/** A call is tried again so often with a longer session interval: each proxy of a path may have a least one of its own. */
const intervalRefusalsMax = 5;

/**
 * Calls that the program makes: INVITE by a live hop, by the next one when a hop fails, CANCEL when the program has enough or the
 * call expires.
 *
 * @see RFC 3261 §13.2, §9.1; RFC 3263 §4.3
 */
export class OutgoingCalls implements ClientUser {
  readonly #parts: Parts;
  readonly #dialogs: CallDialogs;
  /** Calls that are not answered yet, by their id. */
  readonly #calls = new Map<number, OutgoingCall>();
  readonly #expiry: TimerKind;

  constructor(parts: Parts, maker: DialogMaker, settleOwedBye: (dialog: DialogIndex) => void) {
    this.#parts = parts;
    this.#dialogs = new CallDialogs(parts, maker, { giveUp: (id) => this.cancel(id), settleOwedBye });
    this.#expiry = parts.wheel.kind((id) => this.#expired(id));
  }

  get count(): number {
    return this.#calls.size;
  }

  invite(command: Extract<Command, { name: 'invite' }>): void {
    const { token, reporter, challenges, wheel, callId } = this.#parts;
    const { id, target, from, content, takesForks, answersOffers, expiresS } = command;
    if (!this.#dialogs.hasRoom(this.#calls.size)) {
      reporter.failWithCode(id, 'SIP_OVERLOADED', 'There is no room for another dialog.');
      return;
    }
    const call: OutgoingCall = {
      id,
      target,
      from: from ?? `<${identityUri(this.#parts.local('udp'))}>`,
      content,
      callId: callId(),
      localTag: token(),
      takesForks,
      answersOffers,
      expiresS,
      tried: [],
      authorization: challenges.forCall(),
      sequence: initialSequence,
      txId: 0,
      hasRung: false,
      givenUp: 'no',
      intervalRefusals: 0,
      minSeS: 0,
      timer: wheel.arm(this.#expiry, id, wheel.nowMs + 1000 * (expiresS ?? ringLimitS)),
      early: [],
      endedTags: [],
    };
    this.#calls.set(id, call);
    this.#tryNextHop(call);
  }

  /** The program has answered an offer of the far end. */
  answerOffer(offer: number, content: Content | undefined): void {
    this.#dialogs.offers.answer(offer, content);
  }

  /** Gives up every call that is not answered yet. */
  drain(): void {
    for (const id of [...this.#calls.keys()]) this.cancel(id);
    this.#dialogs.drain();
  }

  dialogEnded(dialog: DialogIndex): void {
    this.#dialogs.dialogEnded(dialog);
  }

  healed(dialog: DialogIndex): void {
    this.#dialogs.pracks.healed(dialog);
  }

  healFailed(dialog: DialogIndex): void {
    this.#dialogs.pracks.healFailed(dialog);
  }

  /** Gives a call up: by CANCEL once the peer has answered at all. */
  cancel(id: number): void {
    const call = this.#calls.get(id);
    if (call === undefined) this.#dialogs.offers.decline(id);
    else if (call.givenUp === 'no') this.#giveUp(call, 'by-program');
  }

  onResponse(tx: ClientTransaction, message: Message): void {
    const call = this.#calls.get(tx.owner);
    if (call === undefined || call.txId !== tx.id) {
      if (message.status >= 200) this.#dialogs.answeredAgain(tx, message);
      return;
    }
    if (message.status < 200) {
      if (call.givenUp !== 'no') this.#parts.clients.cancel(tx);
      else if (message.status > 100) {
        call.hasRung = true;
        this.#dialogs.rang(call, message);
      }
      return;
    }
    if (call.givenUp === 'no' && this.#sentAgain(tx, call, message)) {
      call.hasRung = false;
      return;
    }
    const hop = call.tried.at(-1);
    if (message.status === 503 && hop !== undefined) {
      this.#parts.hops.hold(hop, this.#parts.wheel.nowMs + retryAfterMs(message));
    }
    if (message.status < 300) {
      this.#forget(call);
      this.#dialogs.answered(tx, call, message);
    } else if (message.status === 503 && call.givenUp === 'no') {
      this.#tryNextHop(call, message);
    } else {
      this.#failed(call, message);
    }
  }

  onFailure(tx: ClientTransaction, why: ClientFailure): void {
    if (why === 'hop-silent') this.#parts.clients.forget(tx); // a late 2xx finds no call that its ACK would belong to
    const call = this.#calls.get(tx.owner);
    if (call === undefined || call.txId !== tx.id) return;
    if (call.givenUp !== 'no' || call.hasRung) this.#dialogs.endEarlyByBye(call);
    if (call.givenUp !== 'no') this.#failedGivenUp(call);
    else if (call.hasRung) {
      // It has arrived: once more it would be a merged request there (RFC 3261 §8.2.2.2), or ring twice.
      this.#end(call);
      this.#parts.reporter.failLocally(call.id, 503);
    } else this.#tryNextHop(call, undefined, why === 'timeout' ? 408 : 503);
  }

  /** A response that asks for the same INVITE once more, with another sequence number: it was sent. */
  #sentAgain(tx: ClientTransaction, call: OutgoingCall, message: Message): boolean {
    const again = this.#parts.challenges.answerOutside(tx, message, call.authorization);
    if (again !== undefined) {
      this.#dialogs.endEarly(call);
      call.txId = again.id;
      call.sequence = message.cseq.number + 1;
      return true;
    }
    return message.status === 422 && this.#askForLonger(call, message);
  }

  /** @see RFC 4028 §7.3 */
  #askForLonger(call: OutgoingCall, message: Message): boolean {
    const { minSe } = message;
    const hop = call.tried.at(-1);
    const asked = Math.max(this.#parts.sessions.intervalS, call.minSeS);
    if (minSe.presence !== 'present' || minSe.value <= asked || hop === undefined || asked === 0) return false;
    if (call.intervalRefusals === intervalRefusalsMax) return false;
    this.#dialogs.endEarly(call);
    call.intervalRefusals++;
    call.minSeS = minSe.value;
    call.sequence++;
    this.#sendBy(call, hop);
    return true;
  }

  #tryNextHop(call: OutgoingCall, response?: Message, status: 408 | 503 = 503): void {
    this.#dialogs.endEarly(call);
    call.hasRung = false;
    const hop = this.#nextHop(call);
    if (hop !== undefined) {
      call.tried.push(hop);
      this.#sendBy(call, hop);
      return;
    }
    this.#end(call);
    if (response === undefined) this.#parts.reporter.failLocally(call.id, status);
    else this.#parts.reporter.failWithResponse(call.id, responseData(response), originOf(response));
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

  #sendBy(call: OutgoingCall, hop: Hop): void {
    call.txId = 0;
    this.#parts.hops.whenOpen(hop, (flow) => {
      if (this.#calls.get(call.id) !== call) return;
      if (flow === undefined) this.#tryNextHop(call);
      else this.#send(call, hop, flow);
    });
  }

  #send(call: OutgoingCall, hop: Hop, flow: FlowId): void {
    const { clients, writer, sessions, table, recovery, ownUri } = this.#parts;
    if (call.givenUp !== 'no') {
      this.#failedGivenUp(call);
      return;
    }
    const tx = clients.begin('INVITE', flow, hop.address.protocol !== 'udp', this, call.id);
    if (tx === undefined) {
      this.#end(call);
      this.#parts.reporter.failWithCode(call.id, 'SIP_OVERLOADED', 'Too many transactions are under way.');
      return;
    }
    call.txId = tx.id;
    writer.text(`INVITE ${call.target} SIP/2.0\r\n`).octets(hop.via);
    tx.writeBranch(writer);
    writer.text('\r\n');
    if (hop.listed) writer.text(`Route: ${hop.route}\r\n`);
    writer
      .text(`Max-Forwards: 70\r\nFrom: ${call.from};tag=${call.localTag}\r\nTo: <${call.target}>\r\n`)
      .text(
        `Call-ID: ${call.callId}\r\nCSeq: ${call.sequence} INVITE\r\nContact: <${ownUri(hop.address.protocol)}>\r\n`,
      )
      .octets(this.#dialogs.takesReliable(call) ? callAbilities(table) : refreshAbilities(table));
    if (recovery.replaces) writer.text(replacesHeader);
    if (call.expiresS !== undefined) writer.text('Expires: ').decimal(call.expiresS).text('\r\n');
    sessions.writeOffer(writer, call.minSeS);
    const claim = { method: 'INVITE', uri: call.target, sequence: call.sequence };
    if (call.authorization !== undefined) writer.text(call.authorization.lines(claim, call.content.body));
    clients.start(tx, endWithContent(writer, call.content));
  }

  /** It has rung for as long as it is good for. @see RFC 3261 §13.2.1 */
  #expired(id: number): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    call.timer = 0;
    if (call.givenUp === 'no') this.#giveUp(call, 'expired');
  }

  #giveUp(call: OutgoingCall, why: 'by-program' | 'expired'): void {
    call.givenUp = why;
    const tx = this.#parts.clients.get(call.txId);
    if (tx !== undefined) this.#parts.clients.cancel(tx);
  }

  #failed(call: OutgoingCall, message: Message): void {
    if (call.givenUp === 'by-program') {
      this.#failedGivenUp(call);
      return;
    }
    this.#end(call);
    this.#parts.reporter.failWithResponse(call.id, responseData(message), originOf(message));
  }

  #failedGivenUp(call: OutgoingCall): void {
    const { reporter } = this.#parts;
    this.#end(call);
    if (call.givenUp === 'expired') reporter.failLocally(call.id, 408);
    else reporter.failWithCode(call.id, 'SIP_ABORTED', 'The call was given up before it was answered.');
  }

  /** The call has not come about. */
  #end(call: OutgoingCall): void {
    this.#forget(call);
    this.#dialogs.endEarly(call);
  }

  #forget(call: OutgoingCall): void {
    this.#parts.wheel.disarm(call.timer);
    call.timer = 0;
    this.#calls.delete(call.id);
  }
}
