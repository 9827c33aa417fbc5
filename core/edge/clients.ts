import { UsageError } from '../errors.ts';
import { addressSize, emptyAddress, setIp, setPort } from './address-octets.ts';

/**
 * Who may ask an edge to forward something: next hops and clients, by IP or by IP and port.
 *
 * An entry is `192.0.2.1`, `192.0.2.1:5060`, `2001:db8::1` or `[2001:db8::1]:5060`; names are not looked up. A UDP source can
 * be forged: what comes from outside has to be filtered before it gets here.
 */
export class Clients {
  readonly #keys: ReadonlySet<string>;

  /** @throws UsageError that names the entry which is no numeric address */
  constructor(entries: readonly string[]) {
    this.#keys = new Set(entries.map(parseEntry));
  }

  /** Does the list have this address, or its IP with any port? */
  has(address: Uint8Array): boolean {
    if (this.#keys.has(keyOf(address))) return true;
    anyPort.set(address);
    setPort(anyPort, 0);
    return this.#keys.has(keyOf(anyPort));
  }
}

const anyPort = emptyAddress();
const form =
  /^(?:\[(?<ipv6>[^\]]+)\](?::(?<ipv6Port>\d{1,5}))?|(?<ipv4>[\d.]+)(?::(?<ipv4Port>\d{1,5}))?|(?<bare>[\da-f:.]+))$/i;

/** Gives the key of an entry: port 0 stands for any. */
function parseEntry(entry: string): string {
  const groups = form.exec(entry)?.groups ?? {};
  const host = groups['ipv6'] ?? groups['ipv4'] ?? groups['bare'] ?? '';
  const port = groups['ipv6Port'] ?? groups['ipv4Port'];
  const address = emptyAddress();
  const bytes = Uint8Array.from(host, (character) => character.charCodeAt(0));
  const fits = port === undefined || (Number(port) >= 1 && Number(port) <= 65_535);
  if (!fits || !setIp(address, bytes, 0, bytes.length)) {
    throw new UsageError(`clients: '${entry}' is no numeric address: 192.0.2.1, 192.0.2.1:5060 or [2001:db8::1]:5060.`);
  }
  setPort(address, Number(port ?? 0));
  return keyOf(address);
}

/** A client is known by its IP and port, whatever protocol it speaks. */
function keyOf(address: Uint8Array): string {
  return String.fromCharCode(...address.subarray(1, addressSize));
}
