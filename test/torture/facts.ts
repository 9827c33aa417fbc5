import * as assert from 'uvu/assert';
import { AddressView, parseAddress } from '../../core/message/address.ts';
import { HeaderId } from '../../core/message/header.ts';
import type { Message } from '../../core/message/message.ts';
import { ParamCursor } from '../../core/message/params.ts';
import { parseUriText, type UriView } from '../../core/message/uri.ts';
import { UriList } from '../../core/message/uri-list.ts';
import { parseVia, ViaView } from '../../core/message/via.ts';

/** What is asserted of a message: as much as is named. Texts are as the message has them, users and URI parameters without their escapes. */
export interface Facts {
  readonly method?: string;
  /** 0 in a request. */
  readonly status?: number;
  readonly reason?: string;
  readonly requestUri?: string;
  readonly scheme?: string;
  readonly user?: string;
  /** Without brackets. */
  readonly host?: string;
  /** 0 for none. */
  readonly port?: number;
  readonly uriParams?: readonly string[];
  readonly fromDisplay?: string;
  readonly fromUri?: string;
  readonly fromUser?: string;
  readonly fromTag?: string;
  /** As `name=value`. */
  readonly fromParams?: readonly string[];
  readonly toDisplay?: string;
  readonly toUri?: string;
  readonly toUser?: string;
  readonly toUriParams?: readonly string[];
  readonly toTag?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly maxForwards?: number | 'absent' | 'malformed';
  readonly expires?: number | 'absent' | 'malformed';
  readonly retryAfter?: number | 'absent' | 'malformed';
  /** Of all: `udp host:port`, with brackets around an IPv6 address. */
  readonly vias?: readonly string[];
  readonly branch?: string;
  readonly received?: string;
  readonly rport?: boolean;
  readonly routes?: readonly string[] | 'malformed';
  readonly recordRoutes?: readonly string[] | 'malformed';
  /** How many Contact values there are; -1 when one of them is malformed. */
  readonly contacts?: number;
  /** Of the first. */
  readonly contact?: 'present' | 'absent' | 'malformed';
  readonly contactDisplay?: string;
  readonly contactUri?: string;
  readonly contactUser?: string;
  readonly contactUriParams?: readonly string[];
  readonly contactUriHeaders?: string;
  readonly contactParams?: readonly string[];
  readonly contactLr?: boolean;
  /** Values by name, decoded and unfolded. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
  /** Values by name, octet for octet: a character for each. */
  readonly octets?: Readonly<Record<string, string>>;
  readonly bodySize?: number;
}

/** Sees that every fact holds. */
export function assertFacts(message: Message, facts: Facts, name: string): void {
  const { fields = {}, octets = {}, ...plain } = facts;
  const found: Readonly<Record<string, unknown>> = { ...factsOf(message) };
  for (const [key, expected] of Object.entries(plain)) assert.equal(found[key], expected, `${name}: ${key}`);
  for (const [field, expected] of Object.entries(fields)) {
    assert.is(message.field(field), expected, `${name}: ${field}`);
  }
  for (const [field, expected] of Object.entries(octets)) {
    assert.is(octetsOf(message, field), expected, `${name}: octets of ${field}`);
  }
}

function factsOf(message: Message): Facts {
  const { requestUriParts, from, to, via, body, contactUri, contact } = message;
  const text = message.text.bind(message);
  return {
    method: message.method,
    status: message.status,
    reason: message.reason,
    requestUri: text(message.requestUri),
    scheme: requestUriParts.scheme,
    user: decoded(text(requestUriParts.user)),
    host: text(requestUriParts.host),
    port: requestUriParts.port,
    uriParams: uriParams(requestUriParts),
    fromDisplay: text(from.display),
    fromUri: text(from.uri),
    fromUser: userOf(text(from.uri)),
    fromTag: text(from.tag),
    fromParams: params(message, from),
    toDisplay: text(to.display),
    toUri: text(to.uri),
    toUser: userOf(text(to.uri)),
    toUriParams: uriParams(parseUriText(text(to.uri))),
    toTag: text(to.tag),
    callId: text(message.callId),
    cseq: message.cseq.number,
    maxForwards: numberOf(message.maxForwards),
    expires: numberOf(message.expires),
    retryAfter: numberOf(message.retryAfter),
    vias: viasOf(message),
    branch: text(via.branch),
    received: text(via.received),
    rport: via.rport,
    routes: uris(message, 'routes'),
    recordRoutes: uris(message, 'recordRoutes'),
    contacts: contactCount(message),
    contact: contact.presence,
    contactDisplay: text(contact.display),
    contactUri: text(contact.uri),
    contactUser: decoded(text(contactUri.user)),
    contactUriParams: uriParams(contactUri),
    contactUriHeaders: text(contactUri.headers),
    contactParams: params(message, contact),
    contactLr: contactUri.lr,
    bodySize: body.end - body.start,
  };
}

function numberOf(view: { presence: string; value: number }): number | 'absent' | 'malformed' {
  return view.presence === 'present' ? view.value : (view.presence as 'absent' | 'malformed');
}

function decoded(text: string): string {
  return decodeURIComponent(text);
}

function userOf(uri: string): string {
  const view = parseUriText(uri);
  return view === undefined
    ? ''
    : decoded(new TextDecoder().decode(view.bytes.subarray(view.user.start, view.user.end)));
}

function uriParams(uri: UriView | undefined): string[] {
  if (uri === undefined || uri.params.start === uri.params.end) return [];
  return new TextDecoder().decode(uri.bytes.subarray(uri.params.start, uri.params.end)).split(';').map(decoded);
}

function params(message: Message, { params: span }: AddressView): string[] {
  const cursor = new ParamCursor();
  cursor.begin(span.start);
  const found: string[] = [];
  while (cursor.next(message.bytes, span.end)) {
    const name = message.text({ start: cursor.nameStart, end: cursor.nameEnd });
    const value = message.text({ start: cursor.valueStart, end: cursor.valueEnd });
    found.push(value === '' ? name : `${name}=${value}`);
  }
  return found;
}

function uris(message: Message, which: 'routes' | 'recordRoutes'): string[] | 'malformed' {
  const list = new UriList();
  if (message[which](list) === 'malformed') return 'malformed';
  return Array.from({ length: list.count }, (_, i) => message.text({ start: list.uriStart(i), end: list.uriEnd(i) }));
}

function viasOf(message: Message): string[] {
  const view = new ViaView();
  const found: string[] = [];
  eachValue(message, HeaderId.Via, (start, end) => {
    const next = parseVia(message.bytes, start, end, view);
    const port = view.port === 0 ? '' : `:${view.port}`;
    const host = message.text(view.host);
    found.push(next < 0 ? 'malformed' : `${view.protocol} ${host.includes(':') ? `[${host}]` : host}${port}`);
    return next;
  });
  return found;
}

function contactCount(message: Message): number {
  const view = new AddressView();
  let count = 0;
  let isSound = true;
  eachValue(message, HeaderId.Contact, (start, end) => {
    const next = parseAddress(message.bytes, start, end, view);
    count++;
    isSound &&= next >= 0;
    return next;
  });
  return isSound ? count : -1;
}

/** Reads value after value; `read` gives where it stopped, -1 where it cannot go on. */
function eachValue(message: Message, header: HeaderId, read: (start: number, end: number) => number): void {
  for (let line = message.first(header); line >= 0; line = message.next(line)) {
    const end = message.valueEnd(line);
    for (let at = message.valueStart(line); at >= 0 && at < end; ) {
      const next = read(at, end);
      at = next < 0 ? -1 : next + 1;
    }
  }
}

function octetsOf(message: Message, field: string): string | undefined {
  for (let line = 0; line < message.lineCount; line++) {
    const name = latin1(message.bytes.subarray(message.lineStart(line), message.lineStart(line) + field.length));
    if (name !== field) continue;
    return latin1(message.bytes.subarray(message.valueStart(line), message.valueEnd(line)));
  }
  return undefined;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
