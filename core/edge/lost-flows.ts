import { anyPortKey, keyOf } from './client-entry.ts';
import { eraMax } from './limits.ts';

/**
 * Flows that were declared lost while their address lives on, by what came before it and what after.
 *
 * Each loss begins an era, and each token says in which one it was written: an older one names a flow that is gone.
 */
export class LostFlows {
  /** The era that it is. */
  era: number = 0;
  readonly #lostIn = new Map<string, number>();

  /** The flow of the client with this key is gone. False when no era is left to tell it by. */
  lose(key: string): boolean {
    if (this.era === eraMax) return false;
    this.#lostIn.set(key, ++this.era);
    return true;
  }

  /** Was the flow to this address that there was in `era` lost since? */
  lostSince(address: Uint8Array, era: number): boolean {
    if (era === this.era) return false;
    const key = keyOf(address);
    return this.#isLater(key, era) || this.#isLater(anyPortKey(key), era);
  }

  /** All tokens are void: it begins afresh. */
  clear(): void {
    this.era = 0;
    this.#lostIn.clear();
  }

  #isLater(key: string, era: number): boolean {
    const lostIn = this.#lostIn.get(key);
    return lostIn !== undefined && lostIn > era;
  }
}
