import { SeededRandom } from '../../transport/random.ts';

/** What a seed decides. */
export class Chance {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  /** A whole number below `limit`; 0 where there is none. */
  below(limit: number): number {
    return Math.floor(this.#random.fraction() * limit);
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of them; there must be some. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** A whole number from 1 to `most`, small ones more often than large ones. */
  few(most: number): number {
    return 1 + this.below(1 + this.below(most));
  }
}
