import { SeededRandom } from '../../transport/random.ts';
import type { Laps } from '../stopwatch.ts';

/** Many dialogs, kept in some way. Every way has loops of its own: a loop that all shared would be slow for each. */
export interface Dialogs {
  /** Dialogs that it is about. */
  readonly length: number;
  /** Dialogs now. */
  readonly count: number;
  /** Octets that they take by their own count, and of a row in all columns; 0 where nobody counts. */
  readonly size: number;
  readonly rowSize: number;
  /** Makes all of them. Here as below, a lap ends with each operation. */
  create(laps: Laps): void;
  /** Finds each one by Call-ID and tags, in a random order; gives how many were not found. */
  find(laps: Laps): number;
  /** Gives each one another target and route set, in a random order; gives how many could not be changed. */
  change(laps: Laps): number;
  /** Visits all and reads a number of each; gives how many there were. */
  walk(): number;
  /** Ends all of them, in a random order. */
  free(laps: Laps): void;
}

/** The numbers below `count` in a random order, the same in every run. */
export function randomOrder(count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, at) => at);
  const random = new SeededRandom(1);
  for (let at = count - 1; at > 0; at--) {
    const other = Math.floor(random.fraction() * (at + 1));
    const number = order[at] as number;
    order[at] = order[other] as number;
    order[other] = number;
  }
  return order;
}
