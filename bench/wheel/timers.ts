import { SeededRandom } from '../../transport/random.ts';

/** Many timers of some kind. Every kind has loops of its own: a loop that all shared would be slow for each. */
export interface Timers {
  /** Armed timers. */
  readonly count: number;
  /** Arms all of them, in order. */
  fill(): void;
  /** Disarms every one of them and arms it again, in the order that their handles stand in. */
  renew(): void;
  /** Puts the handles into another order. */
  shuffle(): void;
  /** Fires all of them. */
  fire(): void;
}

/** Instants are spread over so long: what the session timers of many calls look like. */
export const spreadMs = 1_800_000;

/** Time passes in steps of so long. */
export const stepMs = 100;

/** When timers are due: milliseconds, from 1, the same in every run. */
export function instants(count: number): Float64Array {
  const random = new SeededRandom(1);
  return Float64Array.from({ length: count }, () => 1 + Math.floor(random.fraction() * (spreadMs - 1)));
}

/** Puts what it is given into another order, the same in every run. */
export function shuffle<Item>(items: { readonly length: number; [index: number]: Item }): void {
  const random = new SeededRandom(2);
  for (let at = items.length - 1; at > 0; at--) {
    const other = Math.floor(random.fraction() * (at + 1));
    const item = items[at] as Item;
    items[at] = items[other] as Item;
    items[other] = item;
  }
}
