import type { Dice } from '../dice.ts';
import type { Habit } from '../plan.ts';

/** What an endpoint always does, and what it does now and then until it calms down. */
export class Moods {
  readonly #habits: ReadonlySet<Habit>;
  #isCalm = false;

  constructor(habits: readonly Habit[]) {
    this.#habits = new Set(habits);
  }

  get isCalm(): boolean {
    return this.#isCalm;
  }

  has(habit: Habit): boolean {
    return this.#habits.has(habit);
  }

  /** It has the habit, and is not calm. */
  isIn(habit: Habit): boolean {
    return !this.#isCalm && this.#habits.has(habit);
  }

  /** It does so with that chance, as long as it is not calm. */
  does(habit: Habit, dice: Dice, chance: number): boolean {
    return this.isIn(habit) && dice.chance(chance);
  }

  calmDown(): void {
    this.#isCalm = true;
  }
}
