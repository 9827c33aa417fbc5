/** Seeds from one to another, both included. */
export interface SeedRange {
  readonly from: number;
  readonly to: number;
}

/** So many at once are handed to a worker at most. */
const portionMax = 10;

/** The seeds of a run, handed out in small ranges: smaller ones at the end, so that all workers end together. */
export class Seeds {
  readonly range: SeedRange;
  readonly #workers: number;
  readonly #returned: SeedRange[] = [];
  #next: number;

  constructor(range: SeedRange, workers: number) {
    this.range = range;
    this.#workers = workers;
    this.#next = range.from;
  }

  get count(): number {
    return this.range.to - this.range.from + 1;
  }

  /** The next seeds to play; undefined when all are handed out. */
  take(): SeedRange | undefined {
    const returned = this.#returned.pop();
    if (returned !== undefined) return returned;
    const left = this.range.to - this.#next + 1;
    if (left <= 0) return undefined;
    const size = Math.max(1, Math.min(portionMax, Math.floor(left / (2 * this.#workers))));
    const from = this.#next;
    this.#next += size;
    return { from, to: from + size - 1 };
  }

  /** Seeds that were handed out and not played: they are handed out again. */
  giveBack(seeds: SeedRange): void {
    if (seeds.from <= seeds.to) this.#returned.push(seeds);
  }
}
