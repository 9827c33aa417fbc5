import { parseDecimal } from './bytes.ts';

const COLON = 0x3a;
const DOT = 0x2e;
const ZERO = 0x30;

/** Writes the IPv4 literal in [start, end) as four octets at `offset`; false when it is none. */
export function parseIpv4(into: Uint8Array, offset: number, bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  for (let part = 0; part < 4; part++) {
    const partStart = at;
    while (at < end && bytes[at] !== DOT) at++;
    const value = at - partStart > 3 ? -1 : parseDecimal(bytes, partStart, at, 255);
    // A leading zero means octal to some.
    if (value < 0 || (bytes[partStart] === ZERO && at - partStart > 1)) return false;
    into[offset + part] = value;
    if (part < 3 && at === end) return false;
    at++;
  }
  return at === end + 1;
}

/** Writes the IPv6 literal in [start, end), without brackets, as 16 octets at `offset`; false when it is none. @see RFC 5954 §4.1 */
export function parseIpv6(into: Uint8Array, offset: number, bytes: Uint8Array, start: number, end: number): boolean {
  const last = offset + 16;
  into.fill(0, offset, last);
  let at = start;
  let group = 0;
  let gap = -1;
  if (bytes[at] === COLON && bytes[++at] !== COLON) return false;
  while (at < end) {
    if (bytes[at] === COLON) {
      if (gap >= 0) return false;
      gap = group;
      at++;
      continue;
    }
    if (group === 8) return false;
    const groupStart = at;
    let value = 0;
    for (let digit = hexDigit(bytes[at]); at < end && digit >= 0; digit = hexDigit(bytes[at])) {
      value = 16 * value + digit;
      at++;
    }
    if (at < end && bytes[at] === DOT) {
      if (group > 6 || !parseIpv4(into, offset + 2 * group, bytes, groupStart, end)) return false;
      group += 2;
      break;
    }
    if (at === groupStart || at - groupStart > 4) return false;
    into[offset + 2 * group] = value >>> 8;
    into[offset + 2 * group + 1] = value;
    group++;
    if (at === end) break;
    if (bytes[at] !== COLON || at + 1 === end) return false;
    at++;
  }
  if (gap < 0) return group === 8;
  if (group === 8) return false;
  const tail = last - 2 * (group - gap);
  into.copyWithin(tail, offset + 2 * gap, offset + 2 * group);
  into.fill(0, offset + 2 * gap, tail);
  return true;
}

/** The value of a hexadecimal digit, or -1. */
export function hexDigit(octet: number | undefined): number {
  if (octet === undefined) return -1;
  if (octet >= ZERO && octet <= 0x39) return octet - ZERO;
  const letter = octet | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
