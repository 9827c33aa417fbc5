import { type Columns, grown, rowSizeOf } from './runs.ts';

/** Transactions that have nothing to do but absorb, in the order in which they were finished: one doubly linked list, which 0 closes to a ring. */
export class FinishedList implements Columns {
  #next: Int32Array = new Int32Array(1);
  #previous: Int32Array = new Int32Array(1);
  readonly rowSize: number = rowSizeOf(this.#next, this.#previous);
  #count = 0;

  resize(size: number): void {
    this.#next = grown(this.#next, new Int32Array(size));
    this.#previous = grown(this.#previous, new Int32Array(size));
  }

  get count(): number {
    return this.#count;
  }

  /** The index that has been here longest, or 0. */
  get oldest(): number {
    return this.#next[0] as number;
  }

  /** Adds an index that is not here. */
  add(index: number): void {
    const newest = this.#previous[0] as number;
    this.#link(newest, index);
    this.#link(index, 0);
    this.#count++;
  }

  /** Nothing for an index that is not here. */
  remove(index: number): void {
    const previous = this.#previous[index] as number;
    if (previous === 0 && this.oldest !== index) return;
    this.#link(previous, this.#next[index] as number);
    this.#next[index] = 0;
    this.#previous[index] = 0;
    this.#count--;
  }

  #link(previous: number, next: number): void {
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }
}
