import { SeededRandom } from '../../transport/random.ts';

/** Chance, as one seed has it. `salt` gives each use of a seed dice of its own. */
export class Dice {
  readonly #random: SeededRandom;

  constructor(seed: number, salt = 0) {
    this.#random = new SeededRandom((seed >>> 0) + (Math.floor(seed / 2 ** 32) * 131 + salt) * 2 ** 32);
  }

  /** In [0, 1). */
  roll(): number {
    return this.#random.fraction();
  }

  chance(of: number): boolean {
    return this.#random.fraction() < of;
  }

  /** One of them; undefined, whatever the type says, of none. */
  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random.fraction() * items.length)] as T;
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return Math.floor(this.#random.fraction() * limit);
  }

  /** A whole number from `low` to `high`, spread over orders of magnitude. */
  stretch(low: number, high: number): number {
    return Math.round(low * (high / low) ** this.#random.fraction());
  }

  /** A source of octets. */
  octets(): (target: Uint8Array) => void {
    return (target) => {
      for (let i = 0; i < target.length; i++) target[i] = this.#random.fraction() * 256;
    };
  }
}

/** Dice for what a text names: the same for the same text, whatever else has happened. */
export function diceFor(seed: number, text: string): Dice {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return new Dice((hash >>> 0) ^ (seed & 0xffff), 77);
}
