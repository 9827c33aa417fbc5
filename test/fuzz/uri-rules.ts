import { decodeText } from '../../core/message/bytes.ts';
import type { Message } from '../../core/message/message.ts';
import { requestUri } from '../../core/message/request-uri.ts';
import type { Span } from '../../core/message/span.ts';
import { parseUri, UriView, uriParameter } from '../../core/message/uri.ts';
import { equalUris } from '../../core/message/uri-equality.ts';
import type { UriList } from '../../core/message/uri-list.ts';
import { octetsText } from './octets-text.ts';
import { check, same } from './target.ts';

/** Pairs of more URIs than this say nothing new. */
const comparedMax = 8;

const value: Span = { start: 0, end: 0 };

/** What must hold for every URI that a message has: of each alone, and of each two that are compared. */
export function checkUris(message: Message, list: UriList): void {
  const uris: UriView[] = [];
  for (const { start, end } of uriSpans(message, list)) {
    const uri = new UriView();
    if (parseUri(message.bytes, start, end, uri)) uris.push(uri);
  }
  for (const uri of uris) checkUri(uri);
  const compared = uris.slice(0, comparedMax);
  for (const [index, a] of compared.entries()) {
    for (const b of compared.slice(index + 1)) {
      const agrees = equalUris(a, b) === equalUris(b, a);
      check(agrees, 'two URIs are the same either way', () => `${textOf(a)} ${textOf(b)}`);
    }
  }
}

function uriSpans(message: Message, list: UriList): Span[] {
  const { requestUri: target, from, to, contact } = message;
  const spans = [target, from.uri, to.uri, contact.uri];
  for (const presence of [message.routes(list), message.recordRoutes(list)]) {
    if (presence !== 'present') continue;
    for (let i = 0; i < list.count; i++) spans.push({ start: list.uriStart(i), end: list.uriEnd(i) });
  }
  return spans.map(({ start, end }) => ({ start, end })).filter(({ start, end }) => start < end);
}

function checkUri(uri: UriView): void {
  const alone = uri.bytes.slice(uri.start, uri.end);
  const copy = new UriView();
  check(parseUri(alone, 0, alone.length, copy), 'a URI is one wherever it stands');
  same(partsOf(copy), partsOf(uri), 'a URI has the same parts wherever it stands');
  check(equalUris(uri, copy) && equalUris(copy, uri) && equalUris(uri, uri), 'a URI is the same as itself', () =>
    textOf(uri),
  );
  if (uri.scheme !== 'sip' && uri.scheme !== 'sips') return;
  check(uri.host.start < uri.host.end, 'a SIP URI has a host');
  check(uriParameter(uri, 'lr', value) === uri.lr, 'lr is found where it is seen');
  uriParameter(uri, 'transport', value);
  same(
    decodeText(uri.bytes, value.start, value.end).toLowerCase(),
    uri.transport,
    'the transport is the one that is found',
  );
  checkRequestUri(uri);
}

function checkRequestUri(uri: UriView): void {
  const { bytes, start, end } = requestUri(uri);
  const taken = new UriView();
  check(parseUri(bytes, start, end, taken), 'what may stand in a Request-URI is a URI', () => textOf(uri));
  const hasMethod = uriParameter(taken, 'method', value);
  check(taken.headers.start === taken.headers.end && !hasMethod, 'a Request-URI has no headers and no method', () =>
    textOf(uri),
  );
  const rest = ({ scheme, user, host, port, lr, bytes: octets }: UriView): string =>
    [scheme, text(octets, user), text(octets, host), port, lr].join(' ');
  same(rest(taken), rest(uri), 'a Request-URI leads where its URI leads');
}

function partsOf(uri: UriView): string {
  const { bytes, scheme, port, lr, transport, user, host, maddr, params, headers } = uri;
  const parts = [user, host, maddr, params, headers].map((span) => text(bytes, span));
  return JSON.stringify([scheme, port, lr, transport, ...parts]);
}

function text(bytes: Uint8Array, { start, end }: Span): string {
  return octetsText(bytes.subarray(start, end));
}

function textOf({ bytes, start, end }: UriView): string {
  return text(bytes, { start, end });
}
