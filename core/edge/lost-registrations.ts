import { anyPortKey, keyOf } from './client-entry.ts';

/**
 * Clients whose registration is gone, as whoever runs the registrar has said: they have to register again before anything in
 * their dialogs can be healed.
 *
 * Grows with that word alone, never with what peers send.
 */
export class LostRegistrations {
  readonly #keys = new Set<string>();

  /** The registration of the client with this key is gone. */
  lose(key: string): void {
    this.#keys.add(key);
  }

  /** It is there again. */
  restore(key: string): void {
    this.#keys.delete(key);
  }

  has(address: Uint8Array): boolean {
    if (this.#keys.size === 0) return false;
    const key = keyOf(address);
    return this.#keys.has(key) || this.#keys.has(anyPortKey(key));
  }

  /** The client at this address has registered again: what was said of it, or of its IP, is over. */
  registered(address: Uint8Array): void {
    if (this.#keys.size === 0) return;
    const key = keyOf(address);
    if (!this.#keys.delete(key)) this.#keys.delete(anyPortKey(key));
  }
}
