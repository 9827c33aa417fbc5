import * as assert from 'uvu/assert';
import { authorizationFor } from '../../core/message/authorization.ts';
import { challengesOf } from '../../core/message/challenge.ts';
import { parseDate } from '../../core/message/date.ts';
import { HeaderId, headerIdCount } from '../../core/message/header.ts';
import type { Message } from '../../core/message/message.ts';
import { ReplacesView, readReplaces } from '../../core/message/replaces.ts';
import { requestUri } from '../../core/message/request-uri.ts';
import type { Span } from '../../core/message/span.ts';
import { parseUri, UriView, uriParameter } from '../../core/message/uri.ts';
import { equalUris } from '../../core/message/uri-equality.ts';
import { UriList } from '../../core/message/uri-list.ts';
import { beginResponse, endMessage, Writer } from '../../core/message/write.ts';

const list = new UriList();
const replaces = new ReplacesView();
const uri = new UriView();
const found: Span = { start: 0, end: 0 };
const writer = new Writer();

/** Scans `bytes`, asks for everything that can be asked, and gives what was said. No span may point beyond the octets. */
export function everythingOf(message: Message, bytes: Uint8Array): string {
  const refusal = message.scan(bytes);
  const {
    via,
    secondVia,
    from,
    to,
    callId,
    cseq,
    contact,
    contactUri,
    requestUri: line,
    requestUriParts,
    body,
  } = message;
  const { maxForwards, expires, minSe, retryAfter, rseq, rack, sessionExpires, recoveryAction } = message;
  const spans: { readonly start: number; readonly end: number }[] = [callId, line, body];
  for (const view of [via, secondVia]) {
    spans.push(view.host, view.branch, view.received, view.maddr, view.value, view.rportParam, view.receivedParam);
  }
  for (const view of [from, to, contact]) spans.push(view.uri, view.tag, view.value, view.display, view.params);
  for (const view of [requestUriParts, contactUri])
    spans.push(view.user, view.host, view.maddr, view.params, view.headers);
  const said: unknown[] = [refusal?.reason, message.isRequest, message.method, message.status, message.reason];
  said.push(via.presence, via.protocol, via.port, via.rport, via.rportPort, secondVia.presence, message.answerable);
  said.push(
    from.presence,
    to.presence,
    callId.presence,
    { ...cseq },
    contact.presence,
    message.size,
    message.lineCount,
  );
  for (const view of [maxForwards, expires, minSe, retryAfter, rseq, rack]) said.push({ ...view });
  said.push({ ...sessionExpires }, { ...recoveryAction }, readReplaces(message, replaces));
  spans.push(replaces.callId, replaces.toTag, replaces.fromTag);
  for (const which of ['routes', 'recordRoutes'] as const) {
    said.push(message[which](list));
    for (let i = 0; i < list.count; i++) {
      said.push(list.hasLr(i), list.secure(i));
      spans.push(
        { start: list.uriStart(i), end: list.uriEnd(i) },
        { start: list.valueStart(i), end: list.valueEnd(i) },
      );
    }
  }
  for (let index = 0; index < message.lineCount; index++) {
    spans.push({ start: message.lineStart(index), end: message.lineEnd(index) });
    spans.push({ start: message.valueStart(index), end: message.valueEnd(index) });
  }
  for (let id = 0; id < headerIdCount; id++) {
    said.push(message.headerText(id as HeaderId), message.hasToken(id as HeaderId, 'timer'));
  }
  said.push(message.headers(), message.field('subject'), message.field('x-none'));
  said.push(challengesOf(message, HeaderId.WwwAuthenticate), challengesOf(message, HeaderId.ProxyAuthenticate));
  said.push(authorizationFor(message, HeaderId.Authorization, 'r'));
  const date = message.first(HeaderId.Date);
  if (date >= 0) said.push(parseDate(bytes, message.valueStart(date), message.valueEnd(date)));
  for (const view of [from, to]) {
    if (!parseUri(bytes, view.uri.start, view.uri.end, uri)) continue;
    said.push(uriParameter(uri, 'transport', found), equalUris(uri, uri), equalUris(uri, contactUri));
    const target = requestUri(uri);
    said.push(Array.from(target.bytes.subarray(target.start, target.end)));
    spans.push(uri.user, uri.host, uri.params, uri.headers, found);
  }
  for (const { start, end } of spans)
    assert.ok(start >= 0 && start <= end && end <= bytes.length, `${start} to ${end}`);
  said.push(spans.map((span) => message.text(span)));
  if (message.answerable) {
    const source = { host: '192.0.2.1', port: 5060 };
    beginResponse(writer, message, 400, refusal?.phrase, { toTag: 'ours', recordRoute: true, source });
    said.push(Array.from(endMessage(writer, undefined, undefined)));
  }
  return JSON.stringify(said);
}
