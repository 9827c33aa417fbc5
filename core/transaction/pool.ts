import { type Columns, grown } from './runs.ts';

const indexBits = 20;
const indexMask = (1 << indexBits) - 1;
const lastGeneration = (1 << 11) - 1;
const firstSize = 256;

/** Most indexes that a pool can have: 0 stands for none. */
const poolMax = indexMask;

/**
 * Indexes from 1 to a capacity, given out and taken back, each time with another generation.
 *
 * An id is index and generation together: positive, below 2^31, and not valid again before its index was used 2,047 times.
 */
export class Pool {
  readonly #capacity: number;
  readonly #columns: readonly Columns[];
  #generations: Uint16Array = new Uint16Array(0);
  #taken: Uint8Array = new Uint8Array(0);
  #next: Int32Array = new Int32Array(0);
  #free = 0;
  #count = 0;

  /** `columns` grow with the pool. */
  constructor(capacity: number, columns: readonly Columns[]) {
    this.#capacity = Math.min(Math.max(capacity, 1), poolMax);
    this.#columns = columns;
  }

  /** Indexes given out. */
  get count(): number {
    return this.#count;
  }

  /** A free index, or 0 at capacity. */
  take(): number {
    if (this.#free === 0 && !this.#grow()) return 0;
    const index = this.#free;
    this.#free = this.#next[index] as number;
    const generation = this.generation(index);
    this.#generations[index] = generation === lastGeneration ? 1 : generation + 1;
    this.#taken[index] = 1;
    this.#count++;
    return index;
  }

  /** Takes an index back; the last one back is the first to go out again. */
  give(index: number): void {
    if (this.#taken[index] !== 1) return;
    this.#taken[index] = 0;
    this.#next[index] = this.#free;
    this.#free = index;
    this.#count--;
  }

  generation(index: number): number {
    return this.#generations[index] as number;
  }

  id(index: number): number {
    return (this.generation(index) << indexBits) | index;
  }

  /** The index of an id that is given out now, or 0. */
  indexOf(id: number): number {
    const index = id & indexMask;
    return this.#taken[index] === 1 && this.#generations[index] === id >>> indexBits ? index : 0;
  }

  #grow(): boolean {
    const had = this.#next.length;
    const size = Math.min(Math.max(2 * had, firstSize), this.#capacity + 1);
    if (size <= had) return false;
    this.#generations = grown(this.#generations, new Uint16Array(size));
    this.#taken = grown(this.#taken, new Uint8Array(size));
    this.#next = grown(this.#next, new Int32Array(size));
    const first = Math.max(had, 1);
    for (let index = first; index < size; index++) this.#next[index] = index + 1 < size ? index + 1 : 0;
    this.#free = first;
    for (const column of this.#columns) column.resize(size);
    return true;
  }
}
