import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import type { Writer } from '../message/write.ts';

/** What an ACK takes from the INVITE: its Route, and its credentials (§22.1: an ACK cannot be challenged). */
const copied: readonly HeaderId[] = [HeaderId.Route, HeaderId.Authorization, HeaderId.ProxyAuthorization];

/**
 * Writes the ACK for a 3xx–6xx `response` to `invite`, our own request. The ACK of a 2xx is not made here.
 *
 * @see RFC 3261 §17.1.1.3, §22.1
 */
export function writeAck(writer: Writer, invite: Message, response: Message): Uint8Array {
  const { bytes, requestUri, via, from, callId, cseq } = invite;
  const maxForwards = invite.maxForwards;
  writer.text('ACK ').bytes(bytes, requestUri.start, requestUri.end).text(' SIP/2.0\r\nVia: ');
  writer.bytes(bytes, via.value.start, via.value.end);
  writer.text('\r\nMax-Forwards: ').decimal(maxForwards.presence === 'present' ? maxForwards.value : 70);
  writer.text('\r\nFrom: ').bytes(bytes, from.value.start, from.value.end);
  writer.text('\r\nTo: ').bytes(response.bytes, response.to.value.start, response.to.value.end);
  writer.text('\r\nCall-ID: ').bytes(bytes, callId.start, callId.end);
  writer.text('\r\nCSeq: ').decimal(cseq.number).text(' ACK\r\n');
  for (const id of copied) {
    for (let line = invite.first(id); line >= 0; line = invite.next(line)) {
      writer.bytes(bytes, invite.lineStart(line), invite.lineEnd(line));
    }
  }
  return writer.text('Content-Length: 0\r\n\r\n').take();
}
