import { UsageError } from '../errors.ts';
import { addressSize, emptyAddress, setIp, setPort } from './address-octets.ts';

/*
 * How a program names a client or a hop: `192.0.2.1`, `192.0.2.1:5060`, `2001:db8::1` or `[2001:db8::1]:5060`. Each entry has a
 * key, of 18 octets as a string, in which port 0 stands for any. The protocol is no part of it.
 */

const ipSize = 16;
const anyPort = '\0\0';
const form =
  /^(?:\[(?<ipv6>[^\]]+)\](?::(?<ipv6Port>\d{1,5}))?|(?<ipv4>[\d.]+)(?::(?<ipv4Port>\d{1,5}))?|(?<bare>[\da-f:.]+))$/i;

/** The key of an entry. @throws UsageError, which begins with `what`, when it is no numeric address */
export function keyOfEntry(entry: string, what: string): string {
  const groups = form.exec(entry)?.groups ?? {};
  const host = groups['ipv6'] ?? groups['ipv4'] ?? groups['bare'] ?? '';
  const port = groups['ipv6Port'] ?? groups['ipv4Port'];
  const address = emptyAddress();
  const bytes = Uint8Array.from(host, (character) => character.charCodeAt(0));
  const fits = port === undefined || (Number(port) >= 1 && Number(port) <= 65_535);
  if (!fits || !setIp(address, bytes, 0, bytes.length)) {
    throw new UsageError(`${what}: '${entry}' is no numeric address: 192.0.2.1, 192.0.2.1:5060 or [2001:db8::1]:5060.`);
  }
  setPort(address, Number(port ?? 0));
  return keyOf(address);
}

/** The key of an entry that names this address, port and all. */
export function keyOf(address: Uint8Array): string {
  return String.fromCharCode(...address.subarray(1, addressSize));
}

/** The key of an entry that names the same IP on any port. */
export function anyPortKey(key: string): string {
  return key.slice(0, ipSize) + anyPort;
}
