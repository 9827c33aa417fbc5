import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import type { Writer } from '../message/write.ts';

/**
 * Writes the CANCEL of `invite`, our own request: the same in everything that finds its way and its transaction.
 *
 * @see RFC 3261 §9.1
 */
export function writeCancel(writer: Writer, invite: Message): Uint8Array {
  const { bytes, requestUri, via, from, to, callId, cseq } = invite;
  writer.text('CANCEL ').bytes(bytes, requestUri.start, requestUri.end).text(' SIP/2.0\r\nVia: ');
  writer.bytes(bytes, via.value.start, via.value.end).text('\r\n');
  for (let line = invite.first(HeaderId.Route); line >= 0; line = invite.next(line)) {
    writer.bytes(bytes, invite.lineStart(line), invite.lineEnd(line));
  }
  writer.text('Max-Forwards: 70\r\nFrom: ').bytes(bytes, from.value.start, from.value.end);
  writer.text('\r\nTo: ').bytes(bytes, to.value.start, to.value.end);
  writer.text('\r\nCall-ID: ').bytes(bytes, callId.start, callId.end);
  writer.text('\r\nCSeq: ').decimal(cseq.number).text(' CANCEL\r\n');
  return writer.text('Content-Length: 0\r\n\r\n').take();
}
