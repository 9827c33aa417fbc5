import { equalsWord, indexOfOctet, parseDecimal, skipToken, word } from './bytes.ts';
import { methodOf } from './method.ts';
import { type Refusal, refusals } from './refusal.ts';
import { clearSpan, emptySpan, type Span, setSpan } from './span.ts';
import { parseUri, UriView } from './uri.ts';

const CR = 0x0d;
const SP = 0x20;

/** The parts of a Request-Line or Status-Line. Reused: valid until filled again. @see RFC 3261 §7.1, §7.2 */
export class StartLine {
  isRequest: boolean = false;
  /** '' in a response. */
  method: string = '';
  /** 0 in a request. */
  status: number = 0;
  readonly requestUri: Span = emptySpan();
  /** The parts of the Request-URI; empty in a response. */
  readonly uri: UriView = new UriView();
  readonly reason: Span = emptySpan();

  clear(): void {
    this.isRequest = false;
    this.method = '';
    this.status = 0;
    clearSpan(this.requestUri);
    clearSpan(this.reason);
    this.uri.clear();
  }
}

const SIP_SLASH = word('sip/');
const SIP_2_0 = word('sip/2.0');

/**
 * Reads the line in octets [start, end), without its CRLF.
 *
 * What does not begin with `SIP/` counts as a request, also where it is refused.
 */
export function parseStartLine(bytes: Uint8Array, start: number, end: number, into: StartLine): Refusal | undefined {
  into.clear();
  into.isRequest = end - start < 4 || !equalsWord(bytes, start, start + 4, SIP_SLASH);
  return into.isRequest ? parseRequestLine(bytes, start, end, into) : parseStatusLine(bytes, start, end, into);
}

function parseRequestLine(bytes: Uint8Array, start: number, end: number, into: StartLine): Refusal | undefined {
  const methodEnd = skipToken(bytes, start, end);
  if (methodEnd === start || methodEnd === end || bytes[methodEnd] !== SP) return refusals['start-line'];
  into.method = methodOf(bytes, start, methodEnd);
  const uriStart = methodEnd + 1;
  const uriEnd = end - SIP_2_0.length - 1;
  if (!isVersion(bytes, uriEnd, uriStart, end) || !parseUri(bytes, uriStart, uriEnd, into.uri)) {
    into.uri.clear();
    return requestLineFault(bytes, uriStart, end, into);
  }
  setSpan(into.requestUri, uriStart, uriEnd);
  // Its headers would be nobody's. @see RFC 3261 §19.1.1, table 1
  return into.uri.headers.start === 0 ? undefined : refusals['request-uri'];
}

/** True when the version that we speak stands behind a space at `at`, which is no part of the method, and ends the line. */
function isVersion(bytes: Uint8Array, at: number, uriStart: number, end: number): boolean {
  return at >= uriStart && bytes[at] === SP && equalsWord(bytes, at + 1, end, SIP_2_0);
}

/** What is wrong behind the method. The first space there ends the URI. */
function requestLineFault(bytes: Uint8Array, uriStart: number, end: number, into: StartLine): Refusal {
  const uriEnd = indexOfOctet(bytes, SP, uriStart, end);
  const version = checkVersion(bytes, uriEnd + 1, end);
  if (version !== undefined) return version;
  setSpan(into.requestUri, uriStart, uriEnd);
  return refusals['request-uri'];
}

function parseStatusLine(bytes: Uint8Array, start: number, end: number, into: StartLine): Refusal | undefined {
  const versionEnd = indexOfOctet(bytes, SP, start, end);
  const version = checkVersion(bytes, start, versionEnd);
  if (version !== undefined) return version;
  const statusEnd = indexOfOctet(bytes, SP, versionEnd + 1, end);
  const status = statusEnd - versionEnd === 4 ? parseDecimal(bytes, versionEnd + 1, statusEnd, 699) : -1;
  if (status < 100) return refusals['status-code'];
  into.status = status;
  // A start line has no folds, and only here one would go unseen.
  if (indexOfOctet(bytes, CR, statusEnd, end) < end) return refusals['start-line'];
  // The space before an empty Reason-Phrase gets lost in the field.
  if (statusEnd < end) setSpan(into.reason, statusEnd + 1, end);
  return undefined;
}

/** Tells another version of SIP from what is none at all. */
function checkVersion(bytes: Uint8Array, start: number, end: number): Refusal | undefined {
  if (equalsWord(bytes, start, end, SIP_2_0)) return undefined;
  const isSip = end - start >= SIP_2_0.length && equalsWord(bytes, start, start + 4, SIP_SLASH);
  return isSip && isVersionNumber(bytes, start + 4, end) ? refusals.version : refusals['start-line'];
}

const DOT = 0x2e;

function isVersionNumber(bytes: Uint8Array, start: number, end: number): boolean {
  let dot = start;
  while (dot < end && bytes[dot] !== DOT) dot++;
  return isDigits(bytes, start, dot) && isDigits(bytes, dot + 1, end);
}

function isDigits(bytes: Uint8Array, start: number, end: number): boolean {
  return parseDecimal(bytes, start, end, Number.POSITIVE_INFINITY) >= 0;
}
