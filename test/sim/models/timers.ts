import type { Clock } from '../../../transport/index.ts';

/** Something that is to happen, unless it is cancelled. */
export interface Timer {
  cancel(): void;
}

/** SIP's base values in milliseconds (RFC 3261 §17.1.1.1, table 4). */
export const t1Ms = 500;
export const t2Ms = 4_000;
export const t4Ms = 5_000;
/** Timers B, F, H, L and M, and J over UDP. */
export const t64Ms: number = 64 * t1Ms;

/** The timers of one model: counted, and stopped together. */
export class Timers {
  readonly #clock: Clock;
  readonly #armed = new Set<Timer>();
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#armed.size;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  after(ms: number, then: () => void): Timer {
    if (this.#isStopped) return { cancel: () => {} };
    const cancelWake = this.#clock.wake(this.#clock.nowMs() + ms, () => {
      this.#armed.delete(timer);
      then();
    });
    const timer: Timer = {
      cancel: () => {
        if (this.#armed.delete(timer)) cancelWake();
      },
    };
    this.#armed.add(timer);
    return timer;
  }

  /** Again and again, first after `ms`, then after twice as much each time, up to `maxMs`. */
  doubling(ms: number, maxMs: number, then: () => void): Timer {
    let timer: Timer;
    const arm = (afterMs: number): void => {
      timer = this.after(afterMs, () => {
        arm(Math.min(2 * afterMs, maxMs));
        then();
      });
    };
    arm(ms);
    return { cancel: () => timer.cancel() };
  }

  /** Cancels all; none is armed from now on. */
  stop(): void {
    this.#isStopped = true;
    for (const timer of [...this.#armed]) timer.cancel();
  }
}
