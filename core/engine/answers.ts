import { DialogFlag, type DialogIndex } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import type { ServerTransaction, ServerUser } from '../transaction/server-transaction.ts';
import type { EndReason } from './event.ts';
import type { Parts } from './parts.ts';

interface Answer {
  readonly txId: number;
  readonly sequence: number;
  /** The program's `answer` that ends with the ACK. */
  readonly id: number | undefined;
  /** It carried an offer, whose answer comes with the ACK. */
  readonly offered: boolean;
  /** The peer has shown that it holds the dialog to be confirmed: it is not ended for want of an ACK. */
  peerHasIt: boolean;
}

/** Our 2xx to INVITEs that wait for their ACK; without one the session is ended. @see RFC 3261 §13.3.1.4 */
export class Answers implements ServerUser {
  readonly #parts: Parts;
  readonly #waiting = new Map<DialogIndex, Answer>();
  /** Commands of a BYE that wait for the ACK of the call's 2xx. */
  readonly #deferred = new Map<DialogIndex, number[]>();
  readonly #end: (dialog: DialogIndex, reason: EndReason, id?: number) => void;

  constructor(parts: Parts, end: (dialog: DialogIndex, reason: EndReason, id?: number) => void) {
    this.#parts = parts;
    this.#end = end;
  }

  /** The 2xx to `tx` is about to go. */
  await(
    dialog: DialogIndex,
    tx: ServerTransaction,
    { sequence, id, offered }: Pick<Answer, 'sequence' | 'id' | 'offered'>,
  ): void {
    tx.user = this;
    tx.owner = dialog;
    this.#parts.table.set(dialog, DialogFlag.remoteInvitePending, true);
    this.#waiting.set(dialog, { txId: tx.id, sequence, id, offered, peerHasIt: false });
  }

  /** A callee sends no BYE before the ACK, or the end of waiting for it: the command waits; false where it need not. @see RFC 3261 §15 */
  deferBye(dialog: DialogIndex, id: number): boolean {
    if (this.#waiting.get(dialog)?.id === undefined) return false;
    const others = this.#deferred.get(dialog);
    if (others === undefined) this.#deferred.set(dialog, [id]);
    else others.push(id);
    return true;
  }

  waitsFor(dialog: DialogIndex): boolean {
    return this.#waiting.has(dialog);
  }

  /** Whether the answer to an offer of ours is still to come, with an ACK. */
  awaitsAnswer(dialog: DialogIndex): boolean {
    return this.#waiting.get(dialog)?.offered === true;
  }

  /** An ACK inside this dialog came. */
  acknowledged(dialog: DialogIndex, ack: Message): void {
    const answer = this.#waiting.get(dialog);
    if (answer?.sequence !== ack.cseq.number) return;
    this.#confirm(dialog);
    if (answer.offered && ack.body.end > ack.body.start) this.#noteAnswer(dialog, ack);
  }

  /** The first answer of the peer's is news to the program, any other only when it is another than the last. */
  #noteAnswer(dialog: DialogIndex, ack: Message): void {
    const { table, healer, reporter } = this.#parts;
    if (table.remoteSession[dialog] === 0) reporter.sessionChanged(dialog, ack);
    healer.noteAnswer(dialog, ack);
  }

  /** A new INVITE in the dialog: its sender has had our 2xx, whatever has become of the ACK. @see RFC 5407 §3.1.4 */
  overtaken(dialog: DialogIndex): void {
    this.#confirm(dialog);
  }

  /** Our heal of the dialog was answered: its peer has it, whatever the old route has taken of 2xx and ACK. */
  healed(dialog: DialogIndex): void {
    const answer = this.#waiting.get(dialog);
    if (answer !== undefined) answer.peerHasIt = true;
  }

  dialogEnded(dialog: DialogIndex): void {
    const answer = this.#waiting.get(dialog);
    if (answer === undefined) return;
    this.#settle(dialog);
    const tx = this.#parts.servers.get(answer.txId);
    if (tx !== undefined) this.#parts.servers.acknowledge(tx);
    if (answer.id !== undefined) {
      this.#parts.reporter.failWithCode(answer.id, 'SIP_DIALOG_ENDED', 'The dialog ended before the ACK came.');
    }
    for (const id of this.#takeDeferred(dialog)) this.#parts.reporter.done(id);
  }

  onAck(): void {}

  onFailure(tx: ServerTransaction): void {
    const dialog = tx.owner;
    const answer = this.#waiting.get(dialog);
    if (answer === undefined || answer.txId !== tx.id) return;
    if (answer.peerHasIt) {
      this.#confirm(dialog);
      return;
    }
    this.#settle(dialog);
    if (answer.id === undefined && this.#parts.mode !== 'none') {
      // The ACK of a re-INVITE that does not come says something of the route, not of the session.
      this.#parts.healer.breakRoute(dialog, 'timeout', 0);
      this.#parts.healer.pump();
      return;
    }
    if (answer.id !== undefined) this.#parts.reporter.failLocally(answer.id, 408);
    const ids = this.#takeDeferred(dialog);
    this.#end(dialog, 'no-ack');
    for (const id of ids) this.#end(dialog, 'bye', id);
  }

  onFlowLost(): void {}

  #confirm(dialog: DialogIndex): void {
    const answer = this.#waiting.get(dialog);
    if (answer === undefined) return;
    this.#settle(dialog);
    const tx = this.#parts.servers.get(answer.txId);
    if (tx !== undefined) this.#parts.servers.acknowledge(tx);
    if (answer.id === undefined) return;
    this.#parts.reporter.done(answer.id, { dialog: this.#parts.reporter.dialog(dialog) });
    for (const id of this.#takeDeferred(dialog)) this.#end(dialog, 'bye', id);
  }

  #takeDeferred(dialog: DialogIndex): readonly number[] {
    const ids = this.#deferred.get(dialog) ?? [];
    this.#deferred.delete(dialog);
    return ids;
  }

  #settle(dialog: DialogIndex): void {
    this.#waiting.delete(dialog);
    this.#parts.table.set(dialog, DialogFlag.remoteInvitePending, false);
  }
}
