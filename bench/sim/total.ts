import type { Outcome, Tally } from './outcome.ts';

type Counts = Map<string, number>;

/** What the outcomes of many seeds come to, in whatever order they come. Keeps sums alone. */
export class Total {
  seeds = 0;
  virtualMs = 0;
  messages = 0;
  calls = 0;
  violations = 0;
  readonly #faults: Counts = new Map();
  readonly #heals: Counts = new Map();
  readonly #endings: Counts = new Map();
  readonly #rows: Counts = new Map();
  readonly #rules: Counts = new Map();

  add({ violations, tally }: Outcome): void {
    this.seeds += 1;
    this.violations += violations.length;
    this.virtualMs += tally.virtualMs;
    this.messages += tally.messages;
    this.calls += tally.calls;
    addTo(this.#faults, tally.faults);
    addTo(this.#heals, tally.heals);
    addTo(this.#endings, tally.endings);
    addTo(this.#rows, tally.rows);
    for (const { rule } of violations) this.#rules.set(rule, (this.#rules.get(rule) ?? 0) + 1);
  }

  /** The same as one seed's, keys in order. */
  get tally(): Tally {
    return {
      virtualMs: this.virtualMs,
      messages: this.messages,
      calls: this.calls,
      faults: inOrder(this.#faults),
      heals: inOrder(this.#heals),
      endings: inOrder(this.#endings),
      rows: inOrder(this.#rows),
    };
  }

  /** How often each rule was broken. */
  get rules(): Readonly<Record<string, number>> {
    return inOrder(this.#rules);
  }

  get rowsKnown(): number {
    return this.#rows.size;
  }

  /** Rows of the tables that no seed took. */
  get neverTaken(): string[] {
    return [...this.#rows]
      .filter(([, count]) => count === 0)
      .map(([row]) => row)
      .sort();
  }
}

/** What a seed that came to no end counts. */
export const emptyTally: Tally = {
  virtualMs: 0,
  messages: 0,
  calls: 0,
  faults: {},
  heals: {},
  endings: {},
  rows: {},
};

function addTo(counts: Counts, more: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(more)) counts.set(key, (counts.get(key) ?? 0) + count);
}

function inOrder(counts: Counts): Record<string, number> {
  return Object.fromEntries([...counts].sort(([one], [other]) => (one < other ? -1 : 1)));
}
