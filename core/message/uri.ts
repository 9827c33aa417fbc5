import { messageLimits } from '../limits.ts';
import {
  decodeText,
  equalsWord,
  indexOfOctet,
  lowerCase,
  skipHostName,
  skipIpv6,
  skipScheme,
  skipUri,
  skipUriParam,
  skipUriParamName,
  word,
} from './bytes.ts';
import { hexDigit } from './ip-octets.ts';
import { clearSpan, emptySpan, type Span, setSpan } from './span.ts';
import { Vocabulary } from './vocabulary.ts';

const AMPERSAND = 0x26;
const AT = 0x40;
const COLON = 0x3a;
const LBRACKET = 0x5b;
const PLUS = 0x2b;
const QUESTION = 0x3f;
const RBRACKET = 0x5d;
const SEMI = 0x3b;
const ZERO = 0x30;

const PORT_MAX = 65_535;

const COUNT_MAX = messageLimits.paramCount;

export type UriScheme = 'sip' | 'sips' | 'tel' | 'urn' | 'other';

/**
 * The parts of a URI, as offsets into `bytes`. Reused: valid until filled again.
 *
 * Escapes stay as they are. `user` comes without the password, `host` without the brackets of an IPv6 reference; a `tel` URI
 * has its number in `user` and no host, and of a URI of another scheme, a URN too, only the scheme is looked at.
 *
 * @see RFC 3261 §19.1, §25.1; RFC 3966
 */
export class UriView {
  bytes: Uint8Array = new Uint8Array(0);
  /** Where the URI begins, and behind its end. */
  start: number = 0;
  end: number = 0;
  scheme: UriScheme = 'other';
  readonly user: Span = emptySpan();
  readonly host: Span = emptySpan();
  /** 0 when the URI has none. */
  port: number = 0;
  lr: boolean = false;
  /** Of the parameter, in lower case; '' when there is none. */
  transport: string = '';
  /** Without brackets; empty when there is none. */
  readonly maddr: Span = emptySpan();
  /** From behind the first semicolon up to the headers; empty when there are none. */
  readonly params: Span = emptySpan();
  /** From behind the question mark; empty when there are none. */
  readonly headers: Span = emptySpan();

  clear(): void {
    this.start = 0;
    this.end = 0;
    this.scheme = 'other';
    this.clearParts();
  }

  /** Leaves the scheme and where the URI is. */
  clearParts(): void {
    this.port = 0;
    this.lr = false;
    this.transport = '';
    clearSpan(this.user);
    clearSpan(this.host);
    clearSpan(this.maddr);
    clearSpan(this.params);
    clearSpan(this.headers);
  }
}

/** Reads the URI in octets [start, end), which are nothing else; false when it breaks the grammar. */
export function parseUri(bytes: Uint8Array, start: number, end: number, into: UriView): boolean {
  into.clear();
  into.bytes = bytes;
  into.start = start;
  into.end = end;
  switch (schemes.indexAt(bytes, start, end)) {
    case SIP:
      into.scheme = 'sip';
      return parseSipUri(bytes, start + 4, end, into);
    case SIPS:
      into.scheme = 'sips';
      return parseSipUri(bytes, start + 5, end, into);
    case TEL:
      into.scheme = 'tel';
      return parseTelUri(bytes, start + 4, end, into);
    case URN:
      into.scheme = 'urn';
      return parseOtherUri(bytes, start, end);
    default:
      return parseOtherUri(bytes, start, end);
  }
}

const SIP = 0;
const SIPS = 1;
const TEL = 2;
const URN = 3;
const schemes: Vocabulary<string> = new Vocabulary(['sip:', 'sips:', 'tel:', 'urn:']);

function parseOtherUri(bytes: Uint8Array, start: number, end: number): boolean {
  const colon = skipScheme(bytes, start, end);
  if (colon === start || colon + 1 >= end || bytes[colon] !== COLON) return false;
  let at = skipUri(bytes, colon + 1, end);
  while (at < end && bytes[at] === AT) at = skipUri(bytes, at + 1, end);
  return at === end;
}

function parseTelUri(bytes: Uint8Array, start: number, end: number, into: UriView): boolean {
  if (start === end || !parseOtherUri(bytes, into.start, end)) return false;
  const numberEnd = indexOfOctet(bytes, SEMI, start, end);
  setSpan(into.user, start, numberEnd);
  if (numberEnd < end) setSpan(into.params, numberEnd + 1, end);
  return true;
}

function parseSipUri(bytes: Uint8Array, start: number, end: number, into: UriView): boolean {
  // A telephone number begins with a plus.
  const wordEnd = skipHostName(bytes, bytes[start] === PLUS ? start + 1 : start, end);
  if (wordEnd === start) return parseHostPart(bytes, start, end, into) || parseUserPart(bytes, start, end, into);
  if (wordEnd < end && bytes[wordEnd] === AT) {
    setSpan(into.user, start, wordEnd);
    return parseHostPart(bytes, wordEnd + 1, end, into);
  }
  if (bytes[start] === PLUS) return parseUserPart(bytes, start, end, into);
  setSpan(into.host, start, wordEnd);
  return parseBehindHost(bytes, wordEnd, end, into) || parseUserPart(bytes, start, end, into);
}

/** Reads a URI whose user part is more than a word: semicolons, question marks and a password may stand there. */
function parseUserPart(bytes: Uint8Array, start: number, end: number, into: UriView): boolean {
  // The @ decides. A second one fits nowhere; it would let two readers send one request to two places.
  const at = skipUri(bytes, start, end);
  const userEnd = indexOfOctet(bytes, COLON, start, at);
  if (at === end || bytes[at] !== AT || userEnd === start) return false;
  into.clearParts();
  setSpan(into.user, start, userEnd);
  return parseHostPart(bytes, at + 1, end, into);
}

/** Reads hostport, parameters and headers, which end at `end`. */
function parseHostPart(bytes: Uint8Array, start: number, end: number, into: UriView): boolean {
  const hostEnd = parseHost(bytes, start, end, into.host);
  return hostEnd >= 0 && parseBehindHost(bytes, hostEnd, end, into);
}

function parseBehindHost(bytes: Uint8Array, start: number, end: number, into: UriView): boolean {
  let next = start;
  if (next < end && bytes[next] === COLON) next = parsePort(bytes, next + 1, end, into);
  if (next >= 0 && next < end && bytes[next] === SEMI) next = parseUriParams(bytes, next + 1, end, into);
  if (next >= 0 && next < end && bytes[next] === QUESTION) {
    setSpan(into.headers, next + 1, end);
    next = skipUriHeaders(bytes, next + 1, end);
  }
  return next === end;
}

/**
 * Reads a host name, IPv4 address or bracketed IPv6 address at `start`; `into` comes without the brackets.
 *
 * Gives the offset behind it, or -1 when there is none.
 */
export function parseHost(bytes: Uint8Array, start: number, end: number, into: Span): number {
  if (start < end && bytes[start] === LBRACKET) {
    const close = skipIpv6(bytes, start + 1, end);
    if (close >= end || bytes[close] !== RBRACKET || close - start < 3) return -1;
    setSpan(into, start + 1, close);
    return close + 1;
  }
  const hostEnd = skipHostName(bytes, start, end);
  if (hostEnd === start) return -1;
  setSpan(into, start, hostEnd);
  return hostEnd;
}

/** Reads what we ask for from the parameters at `start`; gives the offset of the question mark or the end, -1 where there are too
 * many, or two that say where a request goes. */
function parseUriParams(bytes: Uint8Array, start: number, end: number, into: UriView): number {
  let at = start;
  let count = 0;
  let seen = 0;
  while (at < end) {
    if (++count > COUNT_MAX) return -1;
    const paramEnd = skipUriParam(bytes, at, end);
    const which = takeParam(bytes, at, paramEnd, into);
    // No parameter may stand there twice (§19.1.1); two of these would let two readers send one request to two places.
    if ((seen & which) !== 0) return -1;
    seen |= which;
    at = paramEnd;
    if (at >= end || bytes[at] !== SEMI) break;
    at++;
  }
  setSpan(into.params, start, at);
  return at;
}

/** Reads the port at `start`; gives the offset behind it, or -1 when there is none from 1 to 65,535. */
export function parsePort(bytes: Uint8Array, start: number, end: number, into: { port: number }): number {
  let port = 0;
  let at = start;
  for (; at < end; at++) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) break;
    port = 10 * port + digit;
    if (port > PORT_MAX) return -1;
  }
  into.port = port;
  return port > 0 ? at : -1;
}

const LR = word('lr');
const TRANSPORT = word('transport');
const MADDR = word('maddr');
const TRANSPORT_IS = 0;
const MADDR_IS = 1;
const paramStarts: Vocabulary<string> = new Vocabulary(['transport=', 'maddr=']);

/** Bits that stand for parameters that say where a request goes. */
const NONE_SEEN = 0;
const TRANSPORT_SEEN = 1;
const MADDR_SEEN = 2;

/** Takes one parameter, and says which it is. */
function takeParam(bytes: Uint8Array, start: number, end: number, into: UriView): number {
  switch (paramStarts.indexAt(bytes, start, end)) {
    case TRANSPORT_IS:
      return takeTransport(bytes, start + TRANSPORT.length + 1, end, into);
    case MADDR_IS:
      return takeMaddr(bytes, start + MADDR.length + 1, end, into);
    default:
      return takeOtherParam(bytes, start, end, into);
  }
}

function takeOtherParam(bytes: Uint8Array, start: number, end: number, into: UriView): number {
  const nameEnd = skipUriParamName(bytes, start, end);
  if (nameIs(bytes, start, nameEnd, LR)) into.lr = true;
  // Without a value, or with escapes in its name, it may still be one of the two.
  else if (nameEnd === end || indexOfOctet(bytes, PERCENT, start, nameEnd) < nameEnd) {
    if (nameIs(bytes, start, nameEnd, TRANSPORT)) return takeTransport(bytes, nameEnd + 1, end, into);
    if (nameIs(bytes, start, nameEnd, MADDR)) return takeMaddr(bytes, nameEnd + 1, end, into);
  }
  return NONE_SEEN;
}

function takeTransport(bytes: Uint8Array, start: number, end: number, into: UriView): number {
  into.transport = transportOf(bytes, start, end);
  return TRANSPORT_SEEN;
}

function takeMaddr(bytes: Uint8Array, start: number, end: number, into: UriView): number {
  if (parseHost(bytes, start, end, into.maddr) !== end) clearSpan(into.maddr);
  return MADDR_SEEN;
}

/** The offset behind the headers at `start`, -1 where there are too many. */
function skipUriHeaders(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (let count = 1; count <= COUNT_MAX; count++) {
    at = indexOfOctet(bytes, AMPERSAND, at, end) + 1;
    if (at > end) return skipUri(bytes, start, end);
  }
  return -1;
}

const PERCENT = 0x25;

/** True when a URI parameter's name is `lower`, also where it is written with escapes. @see RFC 3261 §19.1.4 */
export function nameIs(bytes: Uint8Array, start: number, end: number, lower: Uint8Array): boolean {
  const size = end - start;
  if (size === lower.length) return equalsWord(bytes, start, end, lower);
  return size > lower.length && size <= 3 * lower.length && unescapedNameIs(bytes, start, end, lower);
}

function unescapedNameIs(bytes: Uint8Array, start: number, end: number, lower: Uint8Array): boolean {
  let at = start;
  for (let i = 0; i < lower.length; i++) {
    let octet = bytes[at++] ?? 0;
    if (octet === PERCENT && at + 1 < end && hexDigit(bytes[at]) >= 0 && hexDigit(bytes[at + 1]) >= 0) {
      octet = 16 * hexDigit(bytes[at]) + hexDigit(bytes[at + 1]);
      at += 2;
    }
    if (at > end || lowerCase(octet) !== lower[i]) return false;
  }
  return at === end;
}

export const transports: readonly string[] = ['udp', 'tcp', 'tls', 'ws', 'wss', 'sctp', 'tls-sctp'];
const transportWords: Vocabulary<string> = new Vocabulary(transports);

/** The transport that [start, end) names, in lower case: a usual one without making a string. */
export function transportOf(bytes: Uint8Array, start: number, end: number): string {
  return transportWords.find(bytes, start, end) || decodeText(bytes, start, end).toLowerCase();
}

/**
 * Finds a parameter among `uri`'s: fills `into` with its value and gives true when it is there. A parameter without a
 * value gives an empty span. `name` is ASCII in lower case.
 */
export function uriParameter(uri: UriView, name: string, into: Span): boolean {
  const { bytes, params } = uri;
  const lower = word(name);
  clearSpan(into);
  for (let at = params.start; at < params.end; at++) {
    const nameStart = at;
    const nameEnd = skipUriParamName(bytes, at, params.end);
    at = skipUriParam(bytes, nameEnd, params.end);
    if (nameIs(bytes, nameStart, nameEnd, lower)) {
      setSpan(into, Math.min(nameEnd + 1, at), at);
      return true;
    }
  }
  return false;
}

const encoder = new TextEncoder();

/** The parts of the URI that `text` spells, over octets of its own; undefined when it breaks the grammar. */
export function parseUriText(text: string): UriView | undefined {
  const bytes = encoder.encode(text);
  const view = new UriView();
  return parseUri(bytes, 0, bytes.length, view) ? view : undefined;
}
