import { refuseOffer } from '../dialog/refused-offer.ts';
import { hashDescription } from '../dialog/session-description.ts';
import { emptySlice, sliceOf } from '../dialog/slice.ts';
import { DialogFlag, type DialogIndex, DialogState } from '../dialog/table.ts';
import { partyTargetOf, targetOf } from '../dialog/target.ts';
import type { SipErrorCode } from '../errors.ts';
import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import type { TimerKind } from '../time/wheel.ts';
import type { ClientTransaction } from '../transaction/client-transaction.ts';
import type { Content } from './command.ts';
import { noContent } from './content.ts';
import { type DialogMaker, type OwnSide, partyOf } from './dialog-maker.ts';
import { EarlyDialogs } from './early-dialogs.ts';
import { isEmergencyCall } from './emergency.ts';
import type { ResponseData } from './event.ts';
import { Offers } from './offers.ts';
import type { OutgoingCall } from './outgoing-call.ts';
import type { Parts } from './parts.ts';
import { Pracks } from './pracks.ts';
import { bodyOf, responseData } from './reporter.ts';

/** CSeq numbers that a dialog may have used while it was early: more than a call has to say before it is answered. */
const earlySequences = 65_536;

/** What those ask who have calls' dialogs. */
export interface CallDialogsUser {
  /** Gives a call up that is not answered yet. */
  giveUp(call: number): void;
  /** What the peer is owed it gets in another way, or there is nothing: frees the row, if that is all that it stands for. */
  settleOwedBye(dialog: DialogIndex): void;
}

/**
 * Dialogs that responses to our calls make. Where a proxy forks a call, each branch that rings has an early dialog, and each one
 * that answers a dialog of its own: the first is the call's, any other is ended at once, or handed to a program that takes it.
 *
 * @see RFC 3261 §12.1, §13.2.2; RFC 3262 §4
 */
export class CallDialogs {
  readonly pracks: Pracks;
  readonly offers: Offers;
  readonly #parts: Parts;
  readonly #maker: DialogMaker;
  readonly #user: CallDialogsUser;
  readonly #early: EarlyDialogs;
  /** Answered calls of which another branch is awaited, by the id of their transaction. */
  readonly #answered = new Map<number, OutgoingCall>();
  readonly #branchesOver: TimerKind;

  constructor(parts: Parts, maker: DialogMaker, user: CallDialogsUser) {
    this.#parts = parts;
    this.#maker = maker;
    this.#user = user;
    this.#early = new EarlyDialogs(parts);
    this.pracks = new Pracks(parts);
    this.offers = new Offers(parts);
    this.#branchesOver = parts.wheel.kind((txId) => {
      const call = this.#answered.get(txId);
      if (call !== undefined) this.#endBranches(call);
    });
  }

  /** Whether there is room for a dialog more, where so many calls were promised one each. */
  hasRoom(calls: number): boolean {
    return this.#parts.table.room > Math.max(0, calls - this.#early.count);
  }

  /** Whether a call can take reliable responses: without an offer of its own it must be able to answer theirs. @see RFC 3262 §5 */
  takesReliable(call: OutgoingCall): boolean {
    return call.content.body !== undefined || call.answersOffers;
  }

  /** A provisional response other than 100: told to the program with the early dialog of its branch. */
  rang(call: OutgoingCall, message: Message): void {
    const { reporter } = this.#parts;
    const dialog = this.#earlyDialog(call, message);
    const isReliable = this.takesReliable(call) && message.hasToken(HeaderId.Require, '100rel');
    if (isReliable && !this.#isNext(dialog, message)) return;
    reporter.emit({
      kind: 'provisional',
      id: call.id,
      response: responseData(message),
      dialog: dialog === undefined ? undefined : reporter.dialog(dialog),
    });
    if (isReliable && dialog !== undefined) this.#acknowledgeReliable(call, dialog, message);
  }

  /** The first 2xx: its dialog is the call's. */
  answered(tx: ClientTransaction, call: OutgoingCall, message: Message): void {
    const { reporter } = this.#parts;
    const wanted = call.givenUp === 'no' && !this.#wasEnded(call, message);
    const { dialog, isSound, isOffer } = this.#establish(call, tx, message);
    this.#awaitBranches(tx, call);
    if (dialog === undefined) {
      this.#endBranches(call);
      reporter.failWithCode(call.id, 'SIP_OVERLOADED', 'There is no room for the dialog.');
      return;
    }
    const end = (): void => {
      this.#acknowledge(tx.id, dialog, message.cseq.number, isOffer ? refusedContent(bodyOf(message)) : undefined);
      this.#maker.endAtOnce(dialog);
    };
    if (!wanted) {
      end();
      if (call.givenUp === 'expired') reporter.failLocally(call.id, 408);
      else reporter.failWithCode(call.id, 'SIP_ABORTED', 'The call was given up as it was answered; it was ended.');
    } else if (!isSound) {
      end();
      reporter.failLocally(call.id, 503);
    } else if (isOffer && !call.answersOffers) {
      end();
      reporter.failLocally(call.id, 488);
    } else {
      this.#conclude(tx, call, dialog, message, isOffer, {
        done: (response) => reporter.done(call.id, { response, dialog: reporter.dialog(dialog) }),
        failed: (code, text) => reporter.failWithCode(call.id, code, text),
      });
    }
  }

  /** A further 2xx: one that is repeated gets its ACK again, one of another branch is a dialog of its own. @see RFC 3261 §13.2.2.4 */
  answeredAgain(tx: ClientTransaction, message: Message): void {
    const { acks, reporter } = this.#parts;
    if (acks.repeats(tx, message) || this.#waitsForAnswer(message) || !acks.hasRoom(tx)) return;
    const call = this.#answered.get(tx.id);
    const wanted = call?.takesForks === true && call.givenUp === 'no' && !this.#wasEnded(call, message);
    const { dialog, isSound, isOffer } = this.#establish(call, tx, message);
    if (dialog === undefined) return;
    if (call === undefined || !wanted || !isSound || (isOffer && !call.answersOffers)) {
      this.#acknowledge(tx.id, dialog, message.cseq.number, isOffer ? refusedContent(bodyOf(message)) : undefined);
      this.#maker.endAtOnce(dialog);
      return;
    }
    this.#conclude(tx, call, dialog, message, isOffer, {
      done: () => reporter.emit({ kind: 'fork', id: call.id, dialog: reporter.dialog(dialog) }),
      failed: () => undefined,
    });
  }

  /** None of the early dialogs of a call can be confirmed any more. */
  endEarly(call: OutgoingCall): void {
    this.#early.endAll(call);
    call.endedTags.length = 0;
  }

  /** The same where no final response has told their peers. */
  endEarlyByBye(call: OutgoingCall): void {
    this.#early.endAllByBye(call, (dialog) => this.#maker.endAtOnce(dialog));
    call.endedTags.length = 0;
  }

  dialogEnded(dialog: DialogIndex): void {
    this.offers.dialogEnded(dialog);
    this.pracks.dialogEnded(dialog);
    this.#early.dialogEnded(dialog);
  }

  drain(): void {
    this.offers.declineAll();
    for (const call of [...this.#answered.values()]) this.#endBranches(call);
  }

  /** The early dialog of a provisional response, which makes one when its To tag is new. @see RFC 3261 §12.1.2 */
  #earlyDialog(call: OutgoingCall, message: Message): DialogIndex | undefined {
    const { table } = this.#parts;
    if (message.to.tag.end === message.to.tag.start) return undefined;
    const known = this.#early.find(call, message);
    if (known !== undefined) return table.state[known] === DialogState.early ? known : undefined;
    if (!this.#early.hasRoom(call) || this.#early.hasEnded(call, message)) return undefined;
    if (table.room <= 0 || !this.#maker.canRoute(message)) return undefined;
    const dialog = this.#make(call, message, true);
    if (dialog !== undefined) this.#early.add(call, dialog);
    return dialog;
  }

  /** Whether a reliable response is the first of its branch, or follows the last one: only then it counts. @see RFC 3262 §4 */
  #isNext(dialog: DialogIndex | undefined, message: Message): boolean {
    const early = dialog === undefined ? undefined : this.#early.get(dialog);
    const { rseq } = message;
    if (dialog === undefined || early === undefined || rseq.presence !== 'present' || rseq.value === 0) return false;
    if (early.rseq !== 0 && rseq.value !== early.rseq + 1) return false;
    return this.pracks.hasRoom(dialog);
  }

  /** PRACK, with the answer where the response brings an offer. @see RFC 3262 §5 */
  #acknowledgeReliable(call: OutgoingCall, dialog: DialogIndex, message: Message): void {
    const early = this.#early.get(dialog);
    if (early === undefined) return;
    const rseq = message.rseq.value;
    const cseq = message.cseq.number;
    early.rseq = rseq;
    const isSession = isDescription(message) && !early.settled;
    if (isSession) this.#noteSession(dialog, message);
    if (!isSession || call.content.body !== undefined) {
      this.pracks.send(dialog, rseq, cseq, noContent);
      if (isSession) this.#early.settle(dialog);
      return;
    }
    const response = responseData(message);
    this.offers.ask(call.id, dialog, response, {
      answered: (content) => {
        this.pracks.send(dialog, rseq, cseq, content ?? refusedContent(response.body));
        if (content === undefined) {
          this.#user.giveUp(call.id);
          return;
        }
        this.#keepSession(dialog, content);
        this.#early.settle(dialog);
      },
      ended: () => undefined,
    });
  }

  /** The branch was ended by BYE while it was early. */
  #wasEnded(call: OutgoingCall, message: Message): boolean {
    const early = this.#early.find(call, message);
    if (early !== undefined) return this.#parts.table.state[early] !== DialogState.early;
    return this.#early.hasEnded(call, message);
  }

  /** The dialog of a 2xx, made or confirmed; `isOffer`: its body wants an answer in the ACK. */
  #establish(call: OutgoingCall | undefined, tx: ClientTransaction, message: Message): Established {
    const { table, sessions } = this.#parts;
    const isSound = this.#maker.canRoute(message);
    const early = call && this.#early.find(call, message);
    const settled = early !== undefined && this.#early.get(early)?.settled === true;
    let dialog = early;
    if (call !== undefined && early !== undefined) {
      const state = table.state[early];
      this.#early.leave(call, early);
      this.#maker.confirm(early, message, call.tried.at(-1));
      if (state !== undefined && state !== DialogState.early) table.state[early] = state;
    } else {
      this.#user.settleOwedBye(this.#rowOf(message)); // its BYE goes from the dialog that is made now
      dialog = call === undefined ? this.#makeUnknown(tx, message, isSound) : this.#make(call, message, isSound);
    }
    if (dialog === undefined) return { dialog, isSound, isOffer: false };
    const isSession = isDescription(message) && !settled;
    if (isSession) this.#noteSession(dialog, message);
    sessions.agreeAsClient(dialog, message);
    return { dialog, isSound, isOffer: isSession && call !== undefined && call.content.body === undefined };
  }

  /** The dialog has come to stay: its ACK goes out, once the program has answered an offer. @see RFC 3261 §13.2.2.4 */
  #conclude(
    tx: ClientTransaction,
    call: OutgoingCall,
    dialog: DialogIndex,
    message: Message,
    isOffer: boolean,
    outcome: Outcome,
  ): void {
    const { id: txId } = tx;
    const cseq = message.cseq.number;
    const response = responseData(message);
    if (!isOffer) {
      this.#acknowledge(txId, dialog, cseq, undefined);
      outcome.done(response);
      return;
    }
    this.offers.ask(call.id, dialog, response, {
      answered: (content) => {
        this.#acknowledge(txId, dialog, cseq, content ?? refusedContent(response.body));
        if (content === undefined) {
          this.#maker.endAtOnce(dialog);
          outcome.failed('SIP_ABORTED', 'The offer of the far end was not answered: the call was ended.');
          return;
        }
        this.#keepSession(dialog, content);
        outcome.done(response);
      },
      ended: () => outcome.failed('SIP_DIALOG_ENDED', 'The dialog ended before the offer was answered.'),
    });
  }

  #acknowledge(txId: number, dialog: DialogIndex, cseq: number, answer: Content | undefined): void {
    const { clients, hops, acks } = this.#parts;
    const tx = clients.get(txId);
    const hop = hops.of(dialog);
    if (tx === undefined || hop === undefined) return;
    const { contentType, body } = answer ?? noContent;
    acks.send(
      tx,
      dialog,
      cseq,
      hop,
      contentType === undefined || body === undefined ? undefined : { contentType, body },
    );
  }

  /** A 2xx that comes again while the program thinks about its offer. */
  #waitsForAnswer(message: Message): boolean {
    const dialog = this.#rowOf(message);
    return dialog !== -1 && this.offers.waits(dialog);
  }

  /** -1 without one. */
  #rowOf({ callId, from, to, bytes }: Message): DialogIndex {
    return this.#parts.table.find(
      bytes,
      callId.start,
      callId.end,
      from.tag.start,
      from.tag.end,
      to.tag.start,
      to.tag.end,
    );
  }

  #noteSession(dialog: DialogIndex, { bytes, body }: Message): void {
    this.#parts.table.remoteSession[dialog] = hashDescription(bytes, body.start, body.end);
  }

  #keepSession(dialog: DialogIndex, { body }: Content): void {
    if (body !== undefined) {
      this.#parts.table.update(dialog, undefined, undefined, { bytes: body, start: 0, end: body.length });
    }
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
      emergency: isEmergencyCall(call),
      hop: call.tried.at(-1),
    });
  }

  /** Of a branch whose call is no longer kept: all that an ACK and a BYE need is in the 2xx, unless it answers nothing of ours, being without our tag. */
  #makeUnknown(tx: ClientTransaction, message: Message, isSound: boolean): DialogIndex | undefined {
    const { bytes, from, to, callId } = message;
    const target = targetOf(message) ?? partyTargetOf(message, to);
    if (target === undefined || from.tag.end === from.tag.start) return undefined;
    return this.#makeDialog(message, isSound, undefined, {
      target,
      localParty: partyOf(message, from),
      localTag: { bytes, start: from.tag.start, end: from.tag.end },
      callId: { bytes, start: callId.start, end: callId.end },
      contact: sliceOf(`<${this.#parts.ownUri(this.#parts.remote(tx.flow)?.protocol)}>`),
      session: emptySlice,
      secure: false,
      emergency: false,
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
    // The branch may have been an early dialog that was ended, and has said something: its CSeq is not used again (RFC 3261 §12.2.1.1).
    const mayHaveSpoken = call === undefined || this.#early.hasEnded(call, message);
    table.localSequence[dialog] = message.cseq.number + (mayHaveSpoken ? earlySequences : 0);
    if (call?.authorization?.isAsked) table.authorizations.set(dialog, call.authorization.copy());
    table.set(dialog, DialogFlag.callIdOwner, true);
    return dialog;
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
}

interface Established {
  readonly dialog: DialogIndex | undefined;
  readonly isSound: boolean;
  readonly isOffer: boolean;
}

/** How a call, or one more branch of it, ends up. */
interface Outcome {
  done(response: ResponseData): void;
  failed(code: SipErrorCode, text: string): void;
}

/** Whether a message carries a session description: an offer, or an answer. */
function isDescription(message: Message): boolean {
  const { body } = message;
  if (body.end === body.start) return false;
  return message.headerText(HeaderId.ContentType)?.toLowerCase().startsWith('application/sdp') === true;
}

function refusedContent(offer: Uint8Array): Content {
  const body = refuseOffer(offer);
  return body === undefined ? noContent : { headers: [], contentType: 'application/sdp', body };
}
