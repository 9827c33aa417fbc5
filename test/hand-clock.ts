import type { Clock } from '../transport/index.ts';

/** A clock that stands still but for a test's hand. It wakes nobody: for what has no timers. */
export class HandClock implements Clock {
  readonly #base: Clock;
  #nowMs = 0;

  constructor(base: Clock) {
    this.#base = base;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wake(): () => void {
    return () => {};
  }

  defer(callback: () => void): void {
    this.#base.defer(callback);
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
