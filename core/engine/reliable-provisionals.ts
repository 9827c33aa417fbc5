import { hashDescription } from '../dialog/session-description.ts';
import { DialogFlag, type DialogIndex } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import type { TimerId, TimerKind } from '../time/wheel.ts';
import type { Content } from './command.ts';
import type { Parts } from './parts.ts';

/** The first RSeq is at most so high, so that no number wraps around. @see RFC 3262 §3 */
const firstRseqMax = 2 ** 31 - 1;

/** A provisional response that waits until the one before it is acknowledged. */
interface Provisional {
  readonly status: number;
  readonly content: Content;
}

/** The reliable responses to one call. */
interface Sequence {
  readonly callId: number;
  readonly dialog: DialogIndex;
  /** CSeq of the INVITE. */
  readonly cseq: number;
  readonly hasOffer: boolean;
  /** RSeq of the last one. */
  rseq: number;
  /** The one that is not acknowledged yet. */
  outstanding: (Provisional & { readonly bytes: Uint8Array }) | undefined;
  intervalMs: number;
  untilMs: number;
  timer: TimerId;
  readonly waiting: Provisional[];
}

/** Who writes and sends the responses of calls, and hears what becomes of them. */
export interface ReliableUser {
  /** Writes one and sends it for the first time; undefined when the call is over. */
  sendReliably(callId: number, status: number, content: Content, lines: string): Uint8Array | undefined;
  /** Sends it again. */
  sendAgain(callId: number, status: number, bytes: Uint8Array): void;
  /** The one that was sent is acknowledged. */
  acknowledged(callId: number): void;
  /** One was not acknowledged in 64*T1. */
  unacknowledged(callId: number): void;
}

/**
 * Provisional responses of ours that are sent again until their PRACK comes, one at a time.
 *
 * @see RFC 3262 §3
 */
export class ReliableProvisionals {
  readonly #parts: Parts;
  readonly #user: ReliableUser;
  readonly #ofCall = new Map<number, Sequence>();
  readonly #ofDialog = new Map<DialogIndex, Sequence>();
  readonly #retransmit: TimerKind;
  /** An answered call's last one may be acknowledged for a while yet. */
  readonly #over: TimerKind;

  constructor(parts: Parts, user: ReliableUser) {
    this.#parts = parts;
    this.#user = user;
    this.#retransmit = parts.wheel.kind((callId) => this.#again(callId));
    this.#over = parts.wheel.kind((dialog) => {
      const sequence = this.#ofDialog.get(dialog);
      if (sequence !== undefined) sequence.timer = 0;
      this.#ofDialog.delete(dialog);
    });
  }

  /** Sends one, or lets it wait for the PRACK of the one before. `invite` is the call's. */
  send(callId: number, dialog: DialogIndex, invite: Message, status: number, content: Content): void {
    let sequence = this.#ofCall.get(callId);
    if (sequence === undefined) {
      sequence = {
        callId,
        dialog,
        cseq: invite.cseq.number,
        hasOffer: invite.body.end > invite.body.start,
        rseq: Math.floor(this.#parts.fraction() * firstRseqMax),
        outstanding: undefined,
        intervalMs: 0,
        untilMs: 0,
        timer: 0,
        waiting: [],
      };
      this.#ofCall.set(callId, sequence);
      this.#ofDialog.set(dialog, sequence);
    }
    if (sequence.outstanding === undefined) this.#send(sequence, { status, content });
    else sequence.waiting.push({ status, content });
  }

  /** Whether one is not acknowledged yet. */
  isWaiting(callId: number): boolean {
    return this.#ofCall.get(callId)?.outstanding !== undefined;
  }

  /** Whether the 2xx has to wait: a session description is not acknowledged yet, or has not been sent. @see RFC 3262 §3, §5 */
  holdsAnswer(callId: number): boolean {
    const sequence = this.#ofCall.get(callId);
    if (sequence === undefined) return false;
    const { outstanding, waiting } = sequence;
    return outstanding?.content.body !== undefined || waiting.some(({ content }) => content.body !== undefined);
  }

  /**
   * What a PRACK amounts to: `none` is unacknowledged by that number (481), `acknowledged` settles it, `offer` brings a new one
   * besides.
   */
  receive(dialog: DialogIndex, prack: Message): 'none' | 'acknowledged' | 'offer' {
    const sequence = this.#ofDialog.get(dialog);
    const sent = sequence?.outstanding;
    const { rseq, cseq, method } = prack.rack;
    const matches = method === 'INVITE' && rseq === sequence?.rseq && cseq === sequence.cseq;
    if (sequence === undefined || sent === undefined || !matches) return 'none';
    this.#disarm(sequence);
    sequence.outstanding = undefined;
    const hasBody = prack.body.end > prack.body.start;
    const isOffer = hasBody && this.#isSettled(sequence, sent);
    this.#settle(sequence, sent, prack, hasBody && !isOffer);
    return isOffer ? 'offer' : 'acknowledged';
  }

  /** What follows the PRACK, once it is answered. */
  goOn(dialog: DialogIndex): void {
    const sequence = this.#ofDialog.get(dialog);
    if (sequence === undefined || !this.#ofCall.has(sequence.callId)) return;
    this.#user.acknowledged(sequence.callId);
    if (!this.#ofCall.has(sequence.callId)) return; // it was answered
    const next = sequence.waiting.shift();
    if (next !== undefined) this.#send(sequence, next);
  }

  /** The call has its final response; where that is a 2xx, the last one may be acknowledged yet. */
  end(callId: number, isAnswered: boolean): void {
    const sequence = this.#ofCall.get(callId);
    if (sequence === undefined) return;
    const { wheel, timers } = this.#parts;
    this.#disarm(sequence);
    this.#ofCall.delete(callId);
    if (isAnswered && sequence.outstanding !== undefined) {
      sequence.timer = wheel.arm(this.#over, sequence.dialog, wheel.nowMs + timers.t1x64Ms);
    } else {
      this.#ofDialog.delete(sequence.dialog);
    }
  }

  dialogEnded(dialog: DialogIndex): void {
    const sequence = this.#ofDialog.get(dialog);
    if (sequence === undefined) return;
    this.#disarm(sequence);
    this.#ofCall.delete(sequence.callId);
    this.#ofDialog.delete(dialog);
  }

  #send(sequence: Sequence, { status, content }: Provisional): void {
    const { wheel, timers, table } = this.#parts;
    const { callId, dialog } = sequence;
    sequence.rseq++;
    const lines = `Require: 100rel\r\nRSeq: ${sequence.rseq}\r\n`;
    const bytes = this.#user.sendReliably(callId, status, content, lines);
    if (bytes === undefined) return;
    sequence.outstanding = { status, content, bytes };
    // Ours until the PRACK brings the answer.
    if (content.body !== undefined && !sequence.hasOffer) table.set(dialog, DialogFlag.offerPending, true);
    sequence.intervalMs = timers.t1Ms;
    sequence.untilMs = wheel.nowMs + timers.t1x64Ms;
    sequence.timer = wheel.arm(this.#retransmit, callId, wheel.nowMs + timers.t1Ms);
  }

  #again(callId: number): void {
    const sequence = this.#ofCall.get(callId);
    if (sequence?.outstanding === undefined) return;
    const { wheel } = this.#parts;
    sequence.timer = 0;
    if (wheel.nowMs >= sequence.untilMs) {
      this.#user.unacknowledged(callId);
      return;
    }
    const { status, bytes } = sequence.outstanding;
    sequence.intervalMs *= 2;
    const atMs = Math.min(wheel.nowMs + sequence.intervalMs, sequence.untilMs);
    sequence.timer = wheel.arm(this.#retransmit, callId, atMs);
    this.#user.sendAgain(callId, status, bytes);
  }

  /** Whether offer and answer were exchanged before this response was sent. */
  #isSettled({ dialog, hasOffer }: Sequence, sent: Provisional): boolean {
    const { table } = this.#parts;
    if (sent.content.body !== undefined) return hasOffer;
    return !table.has(dialog, DialogFlag.remoteOfferPending) && !table.has(dialog, DialogFlag.offerPending);
  }

  /** What the acknowledged response says of the session is agreed on. */
  #settle({ dialog, hasOffer }: Sequence, sent: Provisional, prack: Message, isAnswer: boolean): void {
    const { table, reporter } = this.#parts;
    const { body } = sent.content;
    if (body !== undefined) {
      table.update(dialog, undefined, undefined, { bytes: body, start: 0, end: body.length });
      if (hasOffer) table.set(dialog, DialogFlag.remoteOfferPending, false);
      else table.set(dialog, DialogFlag.offerPending, false);
    }
    if (!isAnswer) return;
    table.remoteSession[dialog] = hashDescription(prack.bytes, prack.body.start, prack.body.end);
    reporter.sessionChanged(dialog, prack);
  }

  #disarm(sequence: Sequence): void {
    this.#parts.wheel.disarm(sequence.timer);
    sequence.timer = 0;
  }
}
