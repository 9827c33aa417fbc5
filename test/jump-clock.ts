import type { Clock } from '../transport/index.ts';

interface Wake {
  readonly atMs: number;
  readonly callback: () => void;
  cancel: () => void;
}

interface JumpClockOptions {
  readonly driftPpm?: number;
  /** What it shows when the other shows 0. */
  readonly beganMs?: number;
  /** How far its date is off. */
  readonly skewMs?: number;
}

/** A clock that goes with another, virtual or real, or faster or slower, and can be put forward: what falls due by that runs soon. */
export class JumpClock implements Clock {
  readonly #base: Clock;
  readonly #rate: number;
  readonly #skewMs: number;
  readonly #wakes = new Set<Wake>();
  #aheadMs: number;
  /** No instant before one that somebody was woken at. */
  #latestMs = 0;

  constructor(base: Clock, { driftPpm = 0, beganMs = 0, skewMs = 0 }: JumpClockOptions = {}) {
    this.#base = base;
    this.#rate = 1 + driftPpm / 1e6;
    this.#aheadMs = beganMs;
    this.#skewMs = skewMs - beganMs;
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
