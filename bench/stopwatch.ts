/*
 * tinybench runs a small function again and again until its mean is steady. What is timed here is one pass over a million
 * items, which changes them and cannot be repeated before the next phase has put them back: so passes are timed by hand.
 */

/** Operations a second of one pass over `count` items. */
export function rateOf(count: number, pass: () => void): number {
  const startMs = performance.now();
  pass();
  return (1000 * count) / (performance.now() - startMs);
}

/**
 * The best of so many passes: the machine has other work, and the best pass has least of it. What `prepare` does before each one is
 * not timed.
 */
export function bestRateOf(count: number, rounds: number, pass: () => void, prepare: () => void = () => {}): number {
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    prepare();
    best = Math.max(best, rateOf(count, pass));
  }
  return best;
}

/** Looking at the clock takes about as long as some operations do: only so many of them together are timed. */
const lapCount = 16;

/** Finds the longest pause among very many operations. */
export class Laps {
  #lastMs = performance.now();
  #longestMs = 0;
  #operations = 0;

  /** An operation has ended. */
  lap(): void {
    this.#operations++;
    if (this.#operations % lapCount !== 0) return;
    const nowMs = performance.now();
    if (nowMs - this.#lastMs > this.#longestMs) this.#longestMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
  }

  /** Milliseconds: no operation has taken longer. */
  get longestMs(): number {
    return this.#longestMs;
  }
}
