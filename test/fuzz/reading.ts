import type { AddressView } from '../../core/message/address.ts';
import { type HeaderId, headerIdCount } from '../../core/message/header.ts';
import type { Message } from '../../core/message/message.ts';
import type { Span } from '../../core/message/span.ts';
import type { UriView } from '../../core/message/uri.ts';
import type { ViaView } from '../../core/message/via.ts';
import { check } from './target.ts';

/** What the scan of a message found, as one text. */
export function scanReading(message: Message, refusal: string | undefined): string {
  const { via, from, to, callId, cseq, body, requestUri, requestUriParts } = message;
  const said: unknown[] = [refusal, message.isRequest, message.method, message.status, message.reason, message.size];
  said.push(message.answerable, cseq.presence, cseq.number, cseq.method, callId.presence);
  said.push(viaReading(message, via), addressReading(message, from), addressReading(message, to));
  said.push(uriReading(message, requestUriParts), spansReading(message, callId, body, requestUri));
  for (let line = 0; line < message.lineCount; line++) {
    said.push(message.headerId(line), message.lineStart(line), message.lineEnd(line));
    said.push(message.valueStart(line), message.valueEnd(line), message.next(line));
  }
  for (let id = 0; id < headerIdCount; id++) said.push(message.first(id as HeaderId));
  return said.join();
}

export function viaReading(message: Message, via: ViaView): string {
  const { presence, protocol, port, rport, rportPort } = via;
  const { host, branch, received, maddr, value, rportParam, receivedParam } = via;
  const spans = spansReading(message, host, branch, received, maddr, value, rportParam, receivedParam);
  return `${presence} ${protocol} ${port} ${rport} ${rportPort} ${spans}`;
}

export function addressReading(message: Message, address: AddressView): string {
  const { presence, bracketed, uri, tag, value, display, params } = address;
  return `${presence} ${bracketed} ${spansReading(message, uri, tag, value, display, params)}`;
}

export function uriReading(message: Message, uri: UriView): string {
  const { scheme, port, lr, transport, user, host, maddr, params, headers } = uri;
  return `${scheme} ${port} ${lr} ${transport} ${spansReading(message, user, host, maddr, params, headers)}`;
}

/** Where spans are; they must lie inside the message. */
export function spansReading(message: Message, ...spans: readonly Span[]): string {
  let text = '';
  for (const { start, end } of spans) {
    check(
      start >= 0 && start <= end && end <= message.bytes.length,
      'a span lies inside the message',
      () => `${start} to ${end} of ${message.bytes.length}`,
    );
    text += `${start}-${end} `;
  }
  return text;
}
