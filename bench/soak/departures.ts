/** Instants are rounded to that: few timers, whatever the number of calls. */
const tickMs = 100;

/** Who leaves when. */
export class Departures<T> {
  readonly #ticks = new Map<number, T[]>();
  readonly #depart: (who: T) => void;
  readonly #timer: NodeJS.Timeout;
  #tick = Math.floor(performance.now() / tickMs);
  #isHeld = false;

  /** `depart` is called for each when its time has come. */
  constructor(depart: (who: T) => void) {
    this.#depart = depart;
    this.#timer = setInterval(() => this.#run(), tickMs);
  }

  add(who: T, inMs: number): void {
    const tick = Math.max(this.#tick + 1, Math.floor((performance.now() + inMs) / tickMs));
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
    clearInterval(this.#timer);
  }

  #run(): void {
    if (this.#isHeld) return;
    const now = Math.floor(performance.now() / tickMs);
    for (; this.#tick <= now; this.#tick++) {
      const leaving = this.#ticks.get(this.#tick);
      if (leaving === undefined) continue;
      this.#ticks.delete(this.#tick);
      for (const who of leaving) this.#depart(who);
    }
  }
}
