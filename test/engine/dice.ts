import { diceOf } from './chaos.ts';

/** Chance, as one seed has it. */
export class Dice {
  readonly #roll: () => number;

  constructor(seed: number) {
    this.#roll = diceOf(seed);
  }

  chance(of: number): boolean {
    return this.#roll() < of;
  }

  /** One of them; undefined, whatever the type says, of none. */
  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#roll() * items.length)] as T;
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return Math.floor(this.#roll() * limit);
  }
}
