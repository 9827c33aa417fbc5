import { type Clock, systemClock } from '../../transport/index.ts';

/** Instants are rounded to that: few timers, whatever the number of calls. */
const tickMs = 100;

/** Who leaves when. */
export class Departures<T> {
  readonly #ticks = new Map<number, T[]>();
  readonly #depart: (who: T) => void;
  readonly #clock: Clock;
  #cancelWake: () => void = () => undefined;
  #tick: number;
  #isHeld = false;

  /** `depart` is called for each when its time has come. */
  constructor(depart: (who: T) => void, clock: Clock = systemClock) {
    this.#depart = depart;
    this.#clock = clock;
    this.#tick = this.#tickAfter(0);
    this.#wait();
  }

  add(who: T, inMs: number): void {
    const tick = Math.max(this.#tick + 1, this.#tickAfter(inMs));
    const others = this.#ticks.get(tick);
    if (others === undefined) this.#ticks.set(tick, [who]);
    else others.push(who);
  }

  /** Nobody leaves until `release`; whose time comes meanwhile leaves then. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
  }

  stop(): void {
    this.#cancelWake();
  }

  #tickAfter(ms: number): number {
    return Math.floor((this.#clock.nowMs() + ms) / tickMs);
  }

  #wait(): void {
    this.#cancelWake = this.#clock.wake(this.#clock.nowMs() + tickMs, () => {
      this.#wait();
      this.#run();
    });
  }

  #run(): void {
    if (this.#isHeld) return;
    const now = this.#tickAfter(0);
    for (; this.#tick <= now; this.#tick++) {
      const leaving = this.#ticks.get(this.#tick);
      if (leaving === undefined) continue;
      this.#ticks.delete(this.#tick);
      for (const who of leaving) this.#depart(who);
    }
  }
}
