import { Dice } from '../sim/dice.ts';
import type { Mutation } from './mutation.ts';

/** Draws so many mutations, evenly over the files: each file gives one before any gives another. */
export function draw(candidates: readonly (readonly Mutation[])[], count: number, seed: number): Mutation[] {
  const dice = new Dice(seed);
  const files = shuffled(
    candidates.filter(({ length }) => length > 0).map((mutations) => shuffled(mutations, dice)),
    dice,
  );
  const drawn: Mutation[] = [];
  for (let round = 0; drawn.length < count; round++) {
    const turn = files.flatMap((mutations) => mutations[round] ?? []);
    if (turn.length === 0) break;
    drawn.push(...turn.slice(0, count - drawn.length));
  }
  return drawn;
}

function shuffled<T>(items: readonly T[], dice: Dice): T[] {
  return items
    .map((item) => ({ item, place: dice.roll() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item);
}
