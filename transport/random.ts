/**
 * A small seeded generator, the same numbers for the same seed on every machine: sfc32 (Chris Doty-Humphrey's Small Fast
 * Counting generator), which passes PractRand. For simulated faults; not for secrets.
 */
export class SeededRandom {
  #a = 0;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#b = Math.trunc(seed / 2 ** 32) | 0;
    this.#c = seed | 0;
    // The state is mixed before it is used: neighbouring seeds would begin alike.
    for (let round = 0; round < 12; round += 1) this.#next();
  }

  /** A number in [0, 1). */
  fraction(): number {
    return this.#next() / 2 ** 32;
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}
