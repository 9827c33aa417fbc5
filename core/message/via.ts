import { isLws, parseDecimal, skipLws, skipToken, trimEnd } from './bytes.ts';
import { ParamCursor } from './params.ts';
import type { Presence } from './presence.ts';
import { clearSpan, emptySpan, type Span, setSpan } from './span.ts';
import { parseHost, parsePort, transportOf, transports } from './uri.ts';
import { Vocabulary } from './vocabulary.ts';

const COLON = 0x3a;
const LBRACKET = 0x5b;
const RBRACKET = 0x5d;
const SLASH = 0x2f;

/**
 * One Via value. Reused: valid until the next scan.
 *
 * @see RFC 3261 §20.42, RFC 3581 §3
 */
export class ViaView {
  presence: Presence = 'absent';
  /** The transport in lower case: 'udp', 'tcp', 'tls' … */
  protocol: string = '';
  /** Of sent-by, without brackets. */
  readonly host: Span = emptySpan();
  /** Of sent-by; 0 when there is none. */
  port: number = 0;
  /** Empty when there is none (RFC 2543). */
  readonly branch: Span = emptySpan();
  /** True when there is an `rport` parameter, with a value or without. */
  rport: boolean = false;
  /** The value of `rport`; 0 when it has none, which asks the server to fill it in. */
  rportPort: number = 0;
  /** Value of `received`, without brackets; empty when there is none. */
  readonly received: Span = emptySpan();
  /** Value of `maddr`, without brackets; empty when there is none. */
  readonly maddr: Span = emptySpan();
  /** The whole value, without the white space around it. */
  readonly value: Span = emptySpan();
  /** The parameters `rport` and `received` from their semicolon to their end, for whoever rewrites them. */
  readonly rportParam: Span = emptySpan();
  readonly receivedParam: Span = emptySpan();

  clear(presence: Presence): void {
    this.presence = presence;
    this.protocol = '';
    this.port = 0;
    this.rport = false;
    this.rportPort = 0;
    clearSpan(this.host);
    clearSpan(this.branch);
    clearSpan(this.received);
    clearSpan(this.maddr);
    clearSpan(this.value);
    clearSpan(this.rportParam);
    clearSpan(this.receivedParam);
  }
}

const params = new Vocabulary(['branch', 'rport', 'received', 'maddr']);
const cursor = new ParamCursor();

/**
 * Reads the first Via value of [start, end) into `into`, whose presence it leaves to the caller.
 *
 * Gives the offset of the comma behind it, or `end`, or -1 when it breaks the grammar.
 */
export function parseVia(bytes: Uint8Array, start: number, end: number, into: ViaView): number {
  into.clear('absent');
  const first = skipLws(bytes, start, end);
  const sentBy = parseSentProtocol(bytes, first, end, into);
  const hostEnd = sentBy < 0 ? -1 : parseHost(bytes, sentBy, end, into.host);
  const portEnd = hostEnd < 0 ? -1 : parseOptionalPort(bytes, hostEnd, end, into);
  if (portEnd < 0) return -1;
  cursor.begin(portEnd);
  let paramStart = portEnd;
  while (cursor.next(bytes, end)) {
    if (!takeParam(bytes, paramStart, into)) return -1;
    paramStart = cursor.at;
  }
  if (cursor.malformed) return -1;
  setSpan(into.value, first, trimEnd(bytes, first, cursor.at));
  return cursor.at;
}

const SIP_2_0_SIZE = 'SIP/2.0/'.length;
const sentProtocols: Vocabulary<string> = new Vocabulary(transports.map((transport) => `sip/2.0/${transport}`));

/** `SIP / 2.0 / UDP` and the white space behind it; gives the offset of sent-by. */
function parseSentProtocol(bytes: Uint8Array, start: number, end: number, into: ViaView): number {
  // Nearly all are written exactly so.
  const usual = sentProtocols.indexAt(bytes, start, end);
  if (usual >= 0) {
    const usualEnd = start + SIP_2_0_SIZE + (transports[usual] ?? '').length;
    if (usualEnd < end && isLws(bytes[usualEnd])) {
      into.protocol = transports[usual] ?? '';
      return skipLws(bytes, usualEnd, end);
    }
  }
  let at = start;
  for (let part = 0; part < 2; part++) {
    const tokenEnd = skipToken(bytes, at, end);
    if (tokenEnd === at) return -1;
    at = skipLws(bytes, tokenEnd, end);
    if (at >= end || bytes[at] !== SLASH) return -1;
    at = skipLws(bytes, at + 1, end);
  }
  const transportEnd = skipToken(bytes, at, end);
  if (transportEnd === at || transportEnd >= end || !isLws(bytes[transportEnd])) return -1;
  into.protocol = transportOf(bytes, at, transportEnd);
  return skipLws(bytes, transportEnd, end);
}

function parseOptionalPort(bytes: Uint8Array, start: number, end: number, into: ViaView): number {
  const at = skipLws(bytes, start, end);
  if (at >= end || bytes[at] !== COLON) return at;
  return parsePort(bytes, skipLws(bytes, at + 1, end), end, into);
}

/**
 * Takes the parameter that `cursor` stands on; false when it is one of ours and breaks the grammar, or stands there twice:
 * two branches would let two readers see two transactions, and two maddr would have them answer to two places.
 */
function takeParam(bytes: Uint8Array, paramStart: number, into: ViaView): boolean {
  const { nameStart, nameEnd, valueStart, valueEnd } = cursor;
  switch (params.find(bytes, nameStart, nameEnd)) {
    case 'branch':
      if (into.branch.end !== 0 || !cursor.plain) return false;
      setSpan(into.branch, valueStart, valueEnd);
      return true;
    case 'rport':
      if (into.rport) return false;
      into.rport = true;
      setSpan(into.rportParam, paramStart, valueEnd);
      into.rportPort = valueStart === valueEnd ? 0 : parseDecimal(bytes, valueStart, valueEnd, 65_535);
      return into.rportPort >= 0;
    case 'received':
      if (into.receivedParam.end !== 0) return false;
      setSpan(into.receivedParam, paramStart, valueEnd);
      setBareHost(bytes, valueStart, valueEnd, into.received);
      return true;
    case 'maddr':
      if (into.maddr.end !== 0) return false;
      setBareHost(bytes, valueStart, valueEnd, into.maddr);
      return true;
    default:
      return true;
  }
}

/** An IPv6 address may come in brackets, although `received` has none by the grammar. @see RFC 5118 §4.5 */
function setBareHost(bytes: Uint8Array, start: number, end: number, into: Span): void {
  const bracketed = end - start > 2 && bytes[start] === LBRACKET && bytes[end - 1] === RBRACKET;
  setSpan(into, bracketed ? start + 1 : start, bracketed ? end - 1 : end);
}
