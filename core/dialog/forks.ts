import type { FlowId } from '../contract.ts';
import type { Message } from '../message/message.ts';
import { Part } from './record.ts';
import type { DialogIndex, DialogTable } from './table.ts';

/** An INVITE is answered by so many branches at most; a further 2xx is left to its UAS, which ends it for want of an ACK. */
const forksMax = 16;

/** A 2xx of another branch than the one that answered first: its dialog and its ACK are its own. */
export interface Fork {
  readonly dialog: DialogIndex;
  readonly remoteTag: Uint8Array;
  ack: Uint8Array | undefined;
  flow: FlowId;
  repeats: number;
}

const none: readonly Fork[] = [];

/** The 2xx of forked INVITEs beyond the first of each, by transaction: none in the ordinary case. @see RFC 3261 §13.2.2.4 */
export class Forks {
  readonly #table: DialogTable;
  readonly #byTransaction = new Map<number, Fork[]>();

  constructor(table: DialogTable) {
    this.#table = table;
  }

  /** Whether an INVITE may have one more. */
  hasRoom(txId: number): boolean {
    return this.#of(txId).length < forksMax;
  }

  /** Enters one; true when it is the first of its transaction. */
  add(txId: number, dialog: DialogIndex, flow: FlowId): boolean {
    const { records } = this.#table;
    const block = this.#table.block(dialog);
    const start = records.start(block, Part.remoteTag);
    const remoteTag = records.bytes(block).slice(start, records.end(block, Part.remoteTag));
    const fork: Fork = { dialog, remoteTag, ack: undefined, flow, repeats: 0 };
    const others = this.#byTransaction.get(txId);
    if (others === undefined) this.#byTransaction.set(txId, [fork]);
    else others.push(fork);
    return others === undefined;
  }

  /** The one that made a dialog: the newest, since rows are used again. */
  ofDialog(txId: number, dialog: DialogIndex): Fork | undefined {
    return this.#of(txId).findLast((fork) => fork.dialog === dialog);
  }

  /** The one that a 2xx repeats. */
  ofResponse(txId: number, response: Message): Fork | undefined {
    return this.#of(txId).find(({ remoteTag }) => hasToTag(response, remoteTag));
  }

  /** The transaction has ended: whatever still comes is stray. */
  forget(txId: number): void {
    this.#byTransaction.delete(txId);
  }

  #of(txId: number): readonly Fork[] {
    return this.#byTransaction.get(txId) ?? none;
  }
}

/** Whether the To tag of a response is, octet for octet, this one. */
function hasToTag(response: Message, tag: Uint8Array): boolean {
  const { start, end } = response.to.tag;
  return end - start === tag.length && tag.every((octet, at) => response.bytes[start + at] === octet);
}
