import type { Clock } from '../transport/index.ts';

/** A clock that goes with another, virtual or real, and can be put forward: what falls due by that runs soon. */
export class JumpClock implements Clock {
  readonly #base: Clock;
  readonly #wakes = new Set<{ readonly atMs: number; readonly callback: () => void; cancel: () => void }>();
  #aheadMs = 0;

  constructor(base: Clock) {
    this.#base = base;
  }

  nowMs(): number {
    return this.#base.nowMs() + this.#aheadMs;
  }

  wake(atMs: number, callback: () => void): () => void {
    const wake = { atMs, callback, cancel: () => {} };
    this.#wakes.add(wake);
    this.#arm(wake);
    return () => {
      wake.cancel();
      this.#wakes.delete(wake);
    };
  }

  defer(callback: () => void): void {
    this.#base.defer(callback);
  }

  jump(ms: number): void {
    this.#aheadMs += ms;
    for (const wake of this.#wakes) {
      wake.cancel();
      this.#arm(wake);
    }
  }

  #arm(wake: { readonly atMs: number; readonly callback: () => void; cancel: () => void }): void {
    wake.cancel = this.#base.wake(wake.atMs - this.#aheadMs, () => {
      this.#wakes.delete(wake);
      wake.callback();
    });
  }
}
