import type { Dice } from '../../engine/dice.ts';
import type { Habit } from '../plan.ts';

/** What an endpoint always does, and what it does now and then until it calms down. */
export class Moods {
  readonly dice: Dice;
  readonly #habits: ReadonlySet<Habit>;
  #isCalm = false;

  constructor(habits: readonly Habit[], dice: Dice) {
    this.dice = dice;
    this.#habits = new Set(habits);
  }

  get isCalm(): boolean {
    return this.#isCalm;
  }

  has(habit: Habit): boolean {
    return this.#habits.has(habit);
  }

  /** It has the habit, and is in the mood. */
  isIn(habit: Habit, chance = 1): boolean {
    return !this.#isCalm && this.#habits.has(habit) && (chance === 1 || this.dice.chance(chance));
  }

  calmDown(): void {
    this.#isCalm = true;
  }
}
