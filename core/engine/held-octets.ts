import { callsShare, heldOctetsMax } from './limits.ts';

/**
 * Octets of requests that wait for the program's word. A peer decides how large they are and how many; a program that takes its time
 * is not to run out of memory by it. Calls may take three quarters: the rest is for requests in dialogs.
 */
export class HeldOctets {
  #size = 0;

  /** Octets held now. */
  get size(): number {
    return this.#size;
  }

  /** Whether a request of that size may be held. */
  hasRoom(size: number, isCall: boolean): boolean {
    return this.#size + size <= (isCall ? callsShare : 1) * heldOctetsMax;
  }

  /** Holds a request: a copy, since the octets of a stream are part of a larger chunk. */
  take(bytes: Uint8Array): Uint8Array {
    this.#size += bytes.length;
    return new Uint8Array(bytes);
  }

  give(bytes: Uint8Array): void {
    this.#size -= bytes.length;
  }
}
