import type { Clock } from '../../transport/index.ts';

interface Wake {
  readonly atMs: number;
  readonly callback: () => void;
  cancel: () => void;
}

/** The clock of one end: it began elsewhere, goes faster or slower than the world's, and can be put forward. */
export class EndClock implements Clock {
  readonly #base: Clock;
  readonly #rate: number;
  readonly #skewMs: number;
  readonly #wakes = new Set<Wake>();
  #aheadMs: number;
  /** No instant before one that somebody was woken at. */
  #latestMs = 0;

  /** `beganMs`: what it shows when the world begins; `skewMs`: how far its date is off. */
  constructor(base: Clock, options: { readonly driftPpm: number; readonly beganMs: number; readonly skewMs: number }) {
    this.#base = base;
    this.#rate = 1 + options.driftPpm / 1e6;
    this.#aheadMs = options.beganMs;
    this.#skewMs = options.skewMs - options.beganMs;
  }

  get epochMs(): number {
    return (this.#base.epochMs ?? 0) + this.#skewMs;
  }

  nowMs(): number {
    return Math.max(this.#base.nowMs() * this.#rate + this.#aheadMs, this.#latestMs);
  }

  wake(atMs: number, callback: () => void): () => void {
    if (Number.isNaN(atMs)) throw new RangeError('no such instant: NaN');
    const wake: Wake = { atMs, callback, cancel: () => {} };
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

  /** What falls due by that is woken at once. */
  jump(ms: number): void {
    this.#aheadMs += ms;
    for (const wake of this.#wakes) {
      wake.cancel();
      this.#arm(wake);
    }
  }

  #arm(wake: Wake): void {
    wake.cancel = this.#base.wake((wake.atMs - this.#aheadMs) / this.#rate, () => {
      this.#wakes.delete(wake);
      // Division rounds: nobody is woken a hair too early, for he would arm the same wake for ever.
      if (Number.isFinite(wake.atMs) && this.nowMs() < wake.atMs) this.#latestMs = wake.atMs;
      wake.callback();
    });
  }
}
