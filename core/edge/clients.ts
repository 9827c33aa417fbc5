import { isStream } from './address-octets.ts';
import { anyPortKey, keyOf, keyOfEntry } from './client-entry.ts';

/**
 * Who may ask an edge to forward something: next hops and clients, by IP or by IP and port.
 *
 * An entry is `192.0.2.1`, `192.0.2.1:5060`, `2001:db8::1` or `[2001:db8::1]:5060`; names are not looked up. A port tells UDP
 * sources apart; a connection comes from whatever port its kernel chose, so there the IP alone counts. A UDP source can
 * be forged: what comes from outside has to be filtered before it gets here.
 */
export class Clients {
  readonly #keys: ReadonlySet<string>;
  /** The IPs of all entries, those with a port too. */
  readonly #hosts: ReadonlySet<string>;

  /** @throws UsageError that names the entry which is no numeric address */
  constructor(entries: readonly string[]) {
    this.#keys = new Set(entries.map((entry) => keyOfEntry(entry, 'clients')));
    this.#hosts = new Set([...this.#keys].map(anyPortKey));
  }

  /** Does the list have this address, its IP with any port, or, for a connection, its IP with another port? */
  has(address: Uint8Array): boolean {
    const key = keyOf(address);
    const host = anyPortKey(key);
    return this.#keys.has(key) || (isStream(address) ? this.#hosts : this.#keys).has(host);
  }
}
