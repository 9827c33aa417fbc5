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

/** Milliseconds of the longest of the times between calls of `lap`: what an operation in between may have taken at most. */
export class Laps {
  #lastMs = performance.now();
  #longestMs = 0;

  lap(): void {
    const nowMs = performance.now();
    if (nowMs - this.#lastMs > this.#longestMs) this.#longestMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
  }

  get longestMs(): number {
    return this.#longestMs;
  }
}
