import type { Message } from '../message/message.ts';
import { parseUri, UriView } from '../message/uri.ts';
import { equalUris } from '../message/uri-equality.ts';
import { Part } from './record.ts';
import type { DialogIndex, DialogTable } from './table.ts';

/*
 * Whose word on the remote target is newer. CSeq orders the peer's requests among each other, and our requests, and so the answers to
 * them; a request of the peer's and its answer to one of ours are not ordered by anything. A peer that moves says so by a request wherever
 * it can (RFC 6141 §4.8), so its request has the word: an answer to what we sent before that came is the older one. Where its request told
 * of no move, an answer that does is believed.
 */

/** Whether a message is a response that is older than the dialog's remote target, and names another one. */
export function isOlderTarget(table: DialogTable, dialog: DialogIndex, message: Message): boolean {
  const { status, cseq } = message;
  const isOlder = status !== 0 && cseq.number < (table.movedBefore[dialog] as number);
  return isOlder && movesTarget(table, dialog, message);
}

/** The peer has moved: a request of its, or the response to one of ours, says so. */
export function noteMove(table: DialogTable, dialog: DialogIndex, { status, cseq }: Message): void {
  if (status === 0) outdateAnswers(table, dialog);
  else table.movedBefore[dialog] = cseq.number;
}

/** The row has another dialog: what answers requests of the old one says nothing of it. */
export function outdateAnswers(table: DialogTable, dialog: DialogIndex): void {
  table.movedBefore[dialog] = (table.localSequence[dialog] as number) + 1;
}

/** Whether the Contact of a message is the dialog's remote target, octet for octet: mostly it is, and nothing is to be done. */
export function namesTarget(table: DialogTable, dialog: DialogIndex, { contact, bytes }: Message): boolean {
  const { uri, presence } = contact;
  return presence === 'present' && table.records.equals(table.block(dialog), Part.target, bytes, uri.start, uri.end);
}

const before = new UriView();

/** Whether the Contact of a message, which has one, is another remote target than the dialog has, and not only spelt otherwise. @see RFC 3261 §19.1.4 */
export function movesTarget(table: DialogTable, dialog: DialogIndex, { contactUri }: Message): boolean {
  const { records } = table;
  const block = table.block(dialog);
  const start = records.start(block, Part.target);
  const isKnown = parseUri(records.bytes(block), start, records.end(block, Part.target), before);
  return !isKnown || !equalUris(before, contactUri);
}
