import type { Plan, Weather } from './plan.ts';

/** How much making a plan small may take. */
export interface ShrinkLimits {
  readonly runsMax: number;
  readonly msMax: number;
  readonly nowMs: () => number;
}

export interface Shrunk {
  readonly plan: Plan;
  /** Plans that were played. */
  readonly runs: number;
}

const calmWeather: Weather = {
  delayMs: 0,
  jitterMs: 0,
  loss: 0,
  duplication: 0,
  reordering: 0,
  cutting: 0,
  truncation: 0,
};

/**
 * The plan without every fault and act that can be left out of it while it `fails`, and then with the calmest weather: pieces
 * of half the list first, single ones at last (Zeller's ddmin, by complements). `lastMs` is when it failed: what comes later is
 * tried to be left out at once.
 */
export async function shrink(
  plan: Plan,
  fails: (smaller: Plan) => Promise<boolean>,
  lastMs: number,
  limits: ShrinkLimits,
): Promise<Shrunk> {
  const shrinking = new Shrinking(plan, fails, limits);
  await shrinking.attempt(upTo(plan, lastMs));
  await shrinking.attempt(endingAt(shrinking.least));
  // What is gone may have held other things in place, so all is tried again while something goes.
  for (let before = Number.POSITIVE_INFINITY; shrinking.size < before && !shrinking.isOver; ) {
    before = shrinking.size;
    await shrinking.leaveOut('faults');
    await shrinking.leaveOut('acts');
  }
  await shrinking.calm();
  await shrinking.loseHabits();
  await shrinking.attempt(endingAt(shrinking.least));
  return { plan: shrinking.least, runs: shrinking.runs };
}

class Shrinking {
  least: Plan;
  runs = 0;
  readonly #fails: (smaller: Plan) => Promise<boolean>;
  readonly #limits: ShrinkLimits;
  readonly #endMs: number;

  constructor(plan: Plan, fails: (smaller: Plan) => Promise<boolean>, limits: ShrinkLimits) {
    this.least = plan;
    this.#fails = fails;
    this.#limits = limits;
    this.#endMs = limits.nowMs() + limits.msMax;
  }

  get isOver(): boolean {
    return this.runs >= this.#limits.runsMax || this.#limits.nowMs() >= this.#endMs;
  }

  get size(): number {
    return this.least.faults.length + this.least.acts.length;
  }

  /** Takes the plan when it fails, too. */
  async attempt(smaller: Plan): Promise<boolean> {
    if (this.isOver) return false;
    this.runs += 1;
    if (!(await this.#fails(smaller))) return false;
    this.least = smaller;
    return true;
  }

  async leaveOut(list: 'faults' | 'acts'): Promise<void> {
    if (this.least[list].length > 0 && (await this.attempt({ ...this.least, [list]: [] }))) return;
    for (let size = this.least[list].length >> 1; size > 0; size >>= 1) {
      for (let at = 0; at < this.least[list].length && !this.isOver; ) {
        const { [list]: items } = this.least;
        const kept = [...items.slice(0, at), ...items.slice(at + size)];
        if (!(await this.attempt({ ...this.least, [list]: kept }))) at += size;
      }
    }
  }

  async calm(): Promise<void> {
    if (await this.attempt({ ...this.least, weather: calmWeather })) return;
    for (const [key, calm] of Object.entries(calmWeather)) {
      const { weather } = this.least;
      if (weather[key as keyof typeof weather] !== calm)
        await this.attempt({ ...this.least, weather: { ...weather, [key]: calm } });
    }
  }

  async loseHabits(): Promise<void> {
    const { far } = this.least.cast;
    if (far.kind !== 'model') return;
    for (const habit of far.habits) {
      const { cast } = this.least;
      if (cast.far.kind !== 'model') return;
      const habits = cast.far.habits.filter((one) => one !== habit);
      await this.attempt({ ...this.least, cast: { ...cast, far: { ...cast.far, habits } } });
    }
  }
}

/** Without what begins after that instant. */
function upTo(plan: Plan, lastMs: number): Plan {
  const isEarly = ({ atMs }: { readonly atMs: number }): boolean => atMs <= lastMs;
  return { ...plan, faults: plan.faults.filter(isEarly), acts: plan.acts.filter(isEarly) };
}

/** Calm from the minute on in which the last thing begins. */
function endingAt(plan: Plan): Plan {
  const lastMs = Math.max(0, ...[...plan.faults, ...plan.acts].map(({ atMs }) => atMs));
  return { ...plan, minutes: Math.min(plan.minutes, Math.floor(lastMs / 60_000) + 1) };
}
