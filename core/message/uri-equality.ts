import { equalsOctets, indexOfOctet, lowerCase, skipUriParam, skipUriParamName } from './bytes.ts';
import { hexDigit, parseIpv4, parseIpv6 } from './ip-octets.ts';
import type { UriView } from './uri.ts';

const AMPERSAND = 0x26;
const COLON = 0x3a;
const EQUAL = 0x3d;
const LBRACKET = 0x5b;
const PERCENT = 0x25;

/** Whatever an escape of a reserved octet is: none of the octets themselves. @see RFC 2396 §2.2 */
const ESCAPED = 0x100;
const reserved: ReadonlySet<number> = new Set(Array.from(';/?:@&=+$,', (character) => character.charCodeAt(0)));

/** A parameter with one of these names in one URI alone makes it another URI: each has a default that is not the same as none. */
const neverIgnored: readonly string[] = ['user', 'ttl', 'method', 'maddr', 'transport'];

/** Values that have case: methods and Call-IDs, and a body is octets. @see RFC 3261 §7.3.1, §20.8 */
const caseSensitive: readonly string[] = ['method', 'body', 'call-id'];

/** A run of octets. */
interface Run {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Names with values, as parameters and headers of a URI are. */
interface Fields {
  readonly run: Run;
  /** True for headers: parted by `&`. */
  readonly headers: boolean;
}

/**
 * Whether two URIs are the same by the rules of RFC 3261. Not transitive: a parameter that only one of them has is mostly ignored.
 *
 * A URI of another scheme than `sip` and `sips` is the same only octet by octet.
 *
 * @see RFC 3261 §19.1.4; RFC 5954 §4.2, by which addresses are compared as numbers
 */
export function equalUris(a: UriView, b: UriView): boolean {
  if (a.scheme !== b.scheme) return false;
  // What repeats a parameter breaks the rules (§19.1.1), and is the same as itself all the same.
  if (equalsOctets(a.bytes, a.start, a.end, b.bytes.subarray(b.start, b.end))) return true;
  return (
    (a.scheme === 'sip' || a.scheme === 'sips') &&
    a.port === b.port &&
    equalUserinfo(a, b) &&
    equalHosts(a, b) &&
    parametersMatch(paramsOf(a), paramsOf(b)) &&
    parametersMatch(paramsOf(b), paramsOf(a)) &&
    headersMatch(headersOf(a), headersOf(b)) &&
    headersMatch(headersOf(b), headersOf(a))
  );
}

function equalUserinfo(a: UriView, b: UriView): boolean {
  const userA = userinfoOf(a);
  const userB = userinfoOf(b);
  const passwordA = indexOfOctet(a.bytes, COLON, userA.start, userA.end);
  const passwordB = indexOfOctet(b.bytes, COLON, userB.start, userB.end);
  // An empty password is not the same as none.
  return passwordA < userA.end === passwordB < userB.end && equalEscaped(userA, userB, false);
}

/** User and password; empty when there are none. */
function userinfoOf(uri: UriView): Run {
  const { bytes, user, host } = uri;
  if (user.start === user.end) return { bytes, start: 0, end: 0 };
  const hostStart = isBracketed(uri) ? host.start - 1 : host.start;
  return { bytes, start: user.start, end: hostStart - 1 };
}

const octetsA = new Uint8Array(16);
const octetsB = new Uint8Array(16);

function equalHosts(a: UriView, b: UriView): boolean {
  const bracketed = isBracketed(a);
  if (bracketed !== isBracketed(b)) return false;
  const parse = bracketed ? parseIpv6 : parseIpv4;
  octetsA.fill(0);
  octetsB.fill(0);
  if (parse(octetsA, 0, a.bytes, a.host.start, a.host.end) && parse(octetsB, 0, b.bytes, b.host.start, b.host.end)) {
    return equalsOctets(octetsA, 0, 16, octetsB);
  }
  return equalEscaped({ bytes: a.bytes, ...a.host }, { bytes: b.bytes, ...b.host }, true);
}

function isBracketed({ bytes, host }: UriView): boolean {
  return bytes[host.start - 1] === LBRACKET;
}

function paramsOf({ bytes, params }: UriView): Fields {
  return { run: { bytes, ...params }, headers: false };
}

function headersOf({ bytes, headers }: UriView): Fields {
  return { run: { bytes, ...headers }, headers: true };
}

/** Each of the one has its equal in the other, or may be missing there. */
function parametersMatch(one: Fields, other: Fields): boolean {
  const values = firstValues(other);
  return everyField(one, (name, value) => {
    const match = values.get(name);
    if (match === undefined) return !neverIgnored.includes(name);
    return equalEscaped(value, match, !caseSensitive.includes(name));
  });
}

/** Headers are never ignored. */
function headersMatch(one: Fields, other: Fields): boolean {
  const values = firstValues(other);
  return everyField(one, (name, value) => {
    const match = values.get(name);
    return match !== undefined && equalEscaped(value, match, !caseSensitive.includes(name));
  });
}

/** The value of the first field with each name. A map, since a peer can make 64 long names that differ at their ends alone. */
function firstValues(fields: Fields): ReadonlyMap<string, Run> {
  const values = new Map<string, Run>();
  everyField(fields, (name, value) => {
    if (!values.has(name)) values.set(name, value);
    return true;
  });
  return values;
}

/** Whether all fields pass; empty ones are passed over. */
function everyField({ run, headers }: Fields, passes: (name: string, value: Run) => boolean): boolean {
  const { bytes, end } = run;
  for (let at = run.start; at < end; at++) {
    const start = at;
    at = headers ? indexOfOctet(bytes, AMPERSAND, at, end) : skipUriParam(bytes, at, end);
    const nameEnd = headers ? indexOfOctet(bytes, EQUAL, start, at) : skipUriParamName(bytes, start, at);
    if (nameEnd === start) continue;
    const value = { bytes, start: Math.min(nameEnd + 1, at), end: at };
    if (!passes(plainName({ bytes, start, end: nameEnd }), value)) return false;
  }
  return true;
}

/** A name as names are compared: in lower case, without its escapes but for those of reserved octets. */
function plainName(run: Run): string {
  let text = '';
  for (let at = run.start; at < run.end; at += isEscape(run, at) ? 3 : 1)
    text += String.fromCharCode(lowerCase(unitAt(run, at)));
  return text;
}

/** Compares octet by octet, where an escape stands for its octet unless that is a reserved one. */
function equalEscaped(a: Run, b: Run, ignoreCase: boolean): boolean {
  let atA = a.start;
  let atB = b.start;
  while (atA < a.end && atB < b.end) {
    const unitA = unitAt(a, atA);
    const unitB = unitAt(b, atB);
    if (unitA !== unitB && !(ignoreCase && lowerCase(unitA) === lowerCase(unitB))) return false;
    atA += isEscape(a, atA) ? 3 : 1;
    atB += isEscape(b, atB) ? 3 : 1;
  }
  return atA === a.end && atB === b.end;
}

function unitAt(run: Run, at: number): number {
  const { bytes } = run;
  if (!isEscape(run, at)) return bytes[at] as number;
  const octet = 16 * hexDigit(bytes[at + 1]) + hexDigit(bytes[at + 2]);
  return reserved.has(octet) ? ESCAPED | octet : octet;
}

function isEscape({ bytes, end }: Run, at: number): boolean {
  return bytes[at] === PERCENT && at + 2 < end && hexDigit(bytes[at + 1]) >= 0 && hexDigit(bytes[at + 2]) >= 0;
}
