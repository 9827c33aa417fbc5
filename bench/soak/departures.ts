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
  /** Since when all are held; undefined when they are not. */
  #heldAtMs: number | undefined;
  /** So long they have been, before that. */
  #heldMs = 0;

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

  /** Nobody leaves until `release`, and nobody's time gets shorter. */
  hold(): void {
    this.#heldAtMs ??= this.#clock.nowMs();
  }

  release(): void {
    if (this.#heldAtMs === undefined) return;
    this.#heldMs += this.#clock.nowMs() - this.#heldAtMs;
    this.#heldAtMs = undefined;
  }

  stop(): void {
    this.#cancelWake();
  }

  #tickAfter(ms: number): number {
    const now = (this.#heldAtMs ?? this.#clock.nowMs()) - this.#heldMs;
    return Math.floor((now + ms) / tickMs);
  }

  #wait(): void {
    this.#cancelWake = this.#clock.wake(this.#clock.nowMs() + tickMs, () => {
      this.#wait();
      this.#run();
    });
  }

  #run(): void {
    if (this.#heldAtMs !== undefined) return;
    const now = this.#tickAfter(0);
    for (; this.#tick <= now; this.#tick++) {
      const leaving = this.#ticks.get(this.#tick);
      if (leaving === undefined) continue;
      this.#ticks.delete(this.#tick);
      for (const who of leaving) this.#depart(who);
    }
  }
}
