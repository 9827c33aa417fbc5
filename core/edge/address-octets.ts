import type { Address } from '../contract.ts';
import { parseDecimal } from '../message/bytes.ts';

/**
 * Numeric addresses as octets, to be compared, hashed and signed without making a string:
 *
 *     protocol │ IP, 16 octets: IPv4 as ::ffff:a.b.c.d │ port, high octet first
 */
export const addressSize = 19;

const ipStart = 1;
const ipEnd = 17;
const protocols: readonly string[] = ['udp', 'tcp', 'tls', 'ws', 'wss'];
/** RFC 3261 §19.1.2, RFC 7118 §4.1. */
const defaultPorts: readonly number[] = [5060, 5060, 5061, 80, 443];

const COLON = 0x3a;
const DOT = 0x2e;
const ZERO = 0x30;

/** An address of no peer, to be filled. */
export function emptyAddress(): Uint8Array {
  return new Uint8Array(addressSize);
}

/** Sets the protocol, given in lower case, and its default port; false when we do not know it. */
export function setProtocol(into: Uint8Array, protocol: string): boolean {
  for (let code = 0; code < protocols.length; code++) {
    if (protocols[code] !== protocol) continue;
    into[0] = code;
    setPort(into, defaultPorts[code] ?? 0);
    return true;
  }
  return false;
}

export function setPort(into: Uint8Array, port: number): void {
  into[ipEnd] = port >>> 8;
  into[ipEnd + 1] = port;
}

/** Sets the IP to the literal in [start, end), without brackets; false when it is none: a name, or nonsense. */
export function setIp(into: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  into.fill(0, ipStart, ipEnd);
  if (parseIpv4(into, ipEnd - 4, bytes, start, end)) {
    into[ipEnd - 6] = 0xff;
    into[ipEnd - 5] = 0xff;
    return true;
  }
  return parseIpv6(into, bytes, start, end);
}

/** Fills `into` from an address in text; false when that is not numeric, or its protocol is none of ours. */
export function setAddress(into: Uint8Array, address: Address): boolean {
  if (!setProtocol(into, address.protocol)) return false;
  setPort(into, address.port);
  const { host } = address;
  const bytes = Uint8Array.from(host, (character) => character.charCodeAt(0));
  return setIp(into, bytes, 0, bytes.length);
}

export function sameAddress(a: Uint8Array, b: Uint8Array): boolean {
  // The port tells most peers apart.
  for (let at = addressSize - 1; at >= 0; at--) if (a[at] !== b[at]) return false;
  return true;
}

/** The address in text. IPv6 comes in full: whoever opens a flow to it spells it the kernel's way. */
export function addressText(octets: Uint8Array): Address {
  const port = ((octets[ipEnd] as number) << 8) | (octets[ipEnd + 1] as number);
  return { protocol: protocols[octets[0] as number] ?? '', host: ipText(octets), port };
}

/** True when the IP is an IPv4 one: its last four octets say all. */
export function isIpv4(octets: Uint8Array): boolean {
  for (let at = ipStart; at < ipEnd - 6; at++) if (octets[at] !== 0) return false;
  return octets[ipEnd - 6] === 0xff && octets[ipEnd - 5] === 0xff;
}

function ipText(octets: Uint8Array): string {
  if (isIpv4(octets)) return octets.subarray(ipEnd - 4, ipEnd).join('.');
  const groups: string[] = [];
  for (let at = ipStart; at < ipEnd; at += 2) {
    groups.push((((octets[at] as number) << 8) | (octets[at + 1] as number)).toString(16));
  }
  return groups.join(':');
}

function parseIpv4(into: Uint8Array, offset: number, bytes: Uint8Array, start: number, end: number): boolean {
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

function parseIpv6(into: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  into.fill(0, ipStart, ipEnd);
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
      if (group > 6 || !parseIpv4(into, ipStart + 2 * group, bytes, groupStart, end)) return false;
      group += 2;
      break;
    }
    if (at === groupStart || at - groupStart > 4) return false;
    into[ipStart + 2 * group] = value >>> 8;
    into[ipStart + 2 * group + 1] = value;
    group++;
    if (at === end) break;
    if (bytes[at] !== COLON || at + 1 === end) return false;
    at++;
  }
  if (gap < 0) return group === 8;
  if (group === 8) return false;
  const tail = ipEnd - 2 * (group - gap);
  into.copyWithin(tail, ipStart + 2 * gap, ipStart + 2 * group);
  into.fill(0, ipStart + 2 * gap, tail);
  return true;
}

function hexDigit(octet: number | undefined): number {
  if (octet === undefined) return -1;
  if (octet >= ZERO && octet <= 0x39) return octet - ZERO;
  const letter = octet | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
