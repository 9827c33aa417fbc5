/** Chance from a seed: the same seed gives the same numbers. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1. @see "mulberry32", of the public domain */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  oneOf<T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.next() * choices.length)] as T;
  }

  /**
   * A half to one and a half of the mean, all alike. Calls come evenly, and with such lives so many are up that hardly one in a hundred is
   * missing, or too many: the variance of their number is a sixth of it, and would be a half if lives had no bounds.
   */
  lifetime(mean: number): number {
    return mean * (0.5 + this.next());
  }

  /**
   * What is left to somebody who is met at any time: a part, all parts alike, of a life that is met the more often the longer it is.
   * With that a population is level from its first moment on.
   */
  residual(mean: number): number {
    return mean * Math.sqrt(0.25 + 2 * this.next()) * this.next();
  }
}
