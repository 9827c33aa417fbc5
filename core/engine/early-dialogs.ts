import { Part } from '../dialog/record.ts';
import { DialogFlag, type DialogIndex, DialogState } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import type { OutgoingCall } from './outgoing-call.ts';
import type { Parts } from './parts.ts';

/** A call has so many early dialogs at most: a forking proxy may reach many phones, but a program follows few. */
const earlyMax = 16;

/** What is known of an early dialog beside its row. */
export interface EarlyDialog {
  readonly call: OutgoingCall;
  /** RSeq of the last reliable response in order; 0 before one. @see RFC 3262 §4 */
  rseq: number;
  /** Offer and answer have been exchanged in reliable responses. @see RFC 3262 §5 */
  settled: boolean;
}

/**
 * Early dialogs of calls that we make: one for each To tag of provisional responses.
 *
 * Each ends with its 2xx, which confirms it, with the final response that refuses the call, or when no branch can answer any more.
 *
 * @see RFC 3261 §12.1, §12.3, §13.2.2.4
 */
export class EarlyDialogs {
  readonly #parts: Parts;
  readonly #known = new Map<DialogIndex, EarlyDialog>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#known.size;
  }

  /** Whether a provisional response whose tag is new may have one. */
  hasRoom(call: OutgoingCall): boolean {
    return call.early.length + call.endedTags.length < earlyMax;
  }

  /** The early dialog of a response's To tag. */
  find(call: OutgoingCall, response: Message): DialogIndex | undefined {
    const { table } = this.#parts;
    const { bytes, to } = response;
    const has = (dialog: DialogIndex): boolean =>
      table.records.equals(table.block(dialog), Part.remoteTag, bytes, to.tag.start, to.tag.end);
    return call.early.find(has);
  }

  /** The dialog of that tag was early and has been ended: its 2xx is not wanted. */
  hasEnded(call: OutgoingCall, response: Message): boolean {
    return call.endedTags.length > 0 && call.endedTags.includes(response.text(response.to.tag));
  }

  add(call: OutgoingCall, dialog: DialogIndex): void {
    const { table } = this.#parts;
    table.state[dialog] = DialogState.early;
    // Until the call is answered its offer is pending, or the one that it waits for (RFC 3311 §5.1).
    table.set(dialog, DialogFlag.offerPending, true);
    call.early.push(dialog);
    this.#known.set(dialog, { call, rseq: 0, settled: false });
  }

  get(dialog: DialogIndex): EarlyDialog | undefined {
    return this.#known.get(dialog);
  }

  /** Offer and answer of its call have been exchanged: another offer may be made (RFC 3311 §5.1). */
  settle(dialog: DialogIndex): void {
    const early = this.#known.get(dialog);
    if (early === undefined) return;
    early.settled = true;
    this.#parts.table.set(dialog, DialogFlag.offerPending, false);
  }

  /** It was confirmed. */
  leave(call: OutgoingCall, dialog: DialogIndex): void {
    this.#parts.table.set(dialog, DialogFlag.offerPending, false);
    call.early.splice(call.early.indexOf(dialog), 1);
    this.#known.delete(dialog);
  }

  /**
   * No final response has come, so that each may have been answered, or ring on: its peer is told by BYE that nobody waits any more.
   *
   * @see RFC 3261 §15
   */
  endAllByBye(call: OutgoingCall, bye: (dialog: DialogIndex) => void): void {
    for (const dialog of [...call.early]) {
      if (this.#parts.table.state[dialog] === DialogState.early) bye(dialog);
      this.leave(call, dialog);
    }
  }

  /** None of a call's can be confirmed any more; those whose BYE is under way end with it. */
  endAll(call: OutgoingCall): void {
    const { table, endDialog } = this.#parts;
    for (const dialog of [...call.early]) {
      if (table.state[dialog] === DialogState.early) endDialog(dialog, 'local', 'bye');
      else this.leave(call, dialog);
    }
  }

  dialogEnded(dialog: DialogIndex): void {
    const call = this.#known.get(dialog)?.call;
    if (call === undefined) return;
    this.leave(call, dialog);
    call.endedTags.push(this.#parts.table.text(dialog, Part.remoteTag));
  }
}
