import type { Address } from '../contract.ts';
import { parseIpv4, parseIpv6 } from '../message/ip-octets.ts';

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

/** False for datagrams: a connection has to be there, and may be lost. */
export function isStream(octets: Uint8Array): boolean {
  return octets[0] !== 0;
}

/** Is it one IP, whatever the protocols and ports? */
export function sameIp(a: Uint8Array, b: Uint8Array): boolean {
  for (let at = ipEnd - 1; at >= ipStart; at--) if (a[at] !== b[at]) return false;
  return true;
}

export function portOf(octets: Uint8Array): number {
  return ((octets[ipEnd] as number) << 8) | (octets[ipEnd + 1] as number);
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
  return parseIpv6(into, ipStart, bytes, start, end);
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
  return { protocol: protocols[octets[0] as number] ?? '', host: ipText(octets), port: portOf(octets) };
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
