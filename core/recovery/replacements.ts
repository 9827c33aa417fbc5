import { replacesHeader } from '../dialog/abilities.ts';
import { localParty, remoteParty } from '../dialog/parties.ts';
import { Part } from '../dialog/record.ts';
import { sliceOf } from '../dialog/slice.ts';
import { DialogFlag, type DialogIndex, type DialogTable } from '../dialog/table.ts';
import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import { Writer } from '../message/write.ts';

/** An INVITE with Replaces under way. */
interface Replacement {
  readonly callId: string;
  readonly localTag: string;
  /** The peer has ended the old dialog meanwhile: because it took the new one, or by itself. */
  oldEnded: boolean;
}

/**
 * What the last rung offers a peer in place of a dialog that it cannot heal: a new one, whose identity the row then takes.
 *
 * @see RFC 3891 §4
 */
export class Replacements {
  readonly #table: DialogTable;
  readonly #token: () => string;
  readonly #callId: () => string;
  readonly #underWay = new Map<DialogIndex, Replacement>();
  readonly #writer = new Writer();

  constructor(table: DialogTable, fresh: { readonly token: () => string; readonly callId: () => string }) {
    this.#table = table;
    this.#token = fresh.token;
    this.#callId = fresh.callId;
  }

  /** From, To and Call-ID of a new dialog with the same parties, as header lines. */
  begin(dialog: DialogIndex): Uint8Array {
    const replacement: Replacement = { callId: this.#callId(), localTag: this.#token(), oldEnded: false };
    this.#underWay.set(dialog, replacement);
    const local = localParty(this.#table, dialog);
    const remote = remoteParty(this.#table, dialog);
    return this.#writer
      .text('From: ')
      .bytes(local.bytes, local.start, local.end)
      .text(`;tag=${replacement.localTag}\r\nTo: `)
      .bytes(remote.bytes, remote.start, remote.end)
      .text(`\r\nCall-ID: ${replacement.callId}\r\n`)
      .take();
  }

  /** Names the old dialog as its other side has it: the peer's own tag is to-tag. @see RFC 3891 §3 */
  write(writer: Writer, dialog: DialogIndex): void {
    const { records } = this.#table;
    const block = this.#table.block(dialog);
    const bytes = records.bytes(block);
    const put = (part: Part): void => void writer.bytes(bytes, records.start(block, part), records.end(block, part));
    const hasRemoteTag = records.end(block, Part.remoteTag) > records.start(block, Part.remoteTag);
    writer.text(replacesHeader).text('Require: replaces\r\nReplaces: ');
    put(Part.callId);
    writer.text(';to-tag=');
    if (hasRemoteTag) put(Part.remoteTag);
    else writer.text('0'); // of RFC 2543 (§6.1)
    writer.text(';from-tag=');
    put(Part.localTag);
    writer.text('\r\n');
  }

  isUnderWay(dialog: DialogIndex): boolean {
    return this.#underWay.has(dialog);
  }

  /** The peer has ended the old dialog; true when its answer to the new one is to be waited for. */
  oldEnded(dialog: DialogIndex): boolean {
    const replacement = this.#underWay.get(dialog);
    if (replacement !== undefined) replacement.oldEnded = true;
    return replacement !== undefined;
  }

  /** The row takes the identity that the peer has accepted; false when it is too large. */
  accept(dialog: DialogIndex, response: Message): boolean {
    const replacement = this.#underWay.get(dialog);
    const { tag } = response.to;
    if (replacement === undefined || tag.end === tag.start) return false;
    const isRenamed = this.#table.rename(dialog, {
      localParty: localParty(this.#table, dialog),
      localTag: sliceOf(replacement.localTag),
      remoteParty: remoteParty(this.#table, dialog),
      remoteTag: { bytes: response.bytes, start: tag.start, end: tag.end },
      callId: sliceOf(replacement.callId),
    });
    if (!isRenamed) return false;
    this.#table.set(dialog, DialogFlag.callIdOwner, true);
    this.#table.set(dialog, DialogFlag.remoteSequence, false);
    return true;
  }

  /** It is over; true when the peer has ended the old dialog meanwhile. */
  end(dialog: DialogIndex): boolean {
    const replacement = this.#underWay.get(dialog);
    this.#underWay.delete(dialog);
    return replacement?.oldEnded === true;
  }
}

/** Whether a peer has refused to replace the dialog for good: it has none, has ended it (§3), or cannot. */
export function refusesReplacement(response: Message): boolean {
  const { status } = response;
  return status === 481 || status === 603 || (status === 420 && response.hasToken(HeaderId.Unsupported, 'replaces'));
}
