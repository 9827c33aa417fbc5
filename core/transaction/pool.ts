import type { MemoryUse } from '../contract.ts';
import { type Columns, grown, rowSizeOf } from './runs.ts';

const indexBits = 20;
const indexMask = (1 << indexBits) - 1;
const lastGeneration = (1 << 11) - 1;
/** A pool that is hardly used should cost little; copying so few rows takes no time. */
const firstSize = 256;

/** Most indexes that a pool can have: 0 stands for none. */
const poolMax = indexMask;

/**
 * Indexes from 1 to a capacity, given out and taken back, each time with another generation.
 *
 * An id is index and generation together: positive, below 2^31, and not valid again before its index was used 2,047 times.
 *
 * Columns start with a few rows. When those are used up, memory for the whole capacity is reserved at once, and the kernel commits
 * the pages as they are first used: so a pool fills up without a pause for copying.
 */
export class Pool {
  readonly #capacity: number;
  readonly #columns: readonly Columns[];
  #generations: Uint16Array = new Uint16Array(0);
  #taken: Uint8Array = new Uint8Array(0);
  #next: Int32Array = new Int32Array(0);
  #free = 0;
  /** Indexes below were given out before; 0 stands for none. */
  #fresh = 1;
  #count = 0;

  /** Octets of a row in all columns. */
  readonly rowSize: number;

  /** `columns` grow with the pool. */
  constructor(capacity: number, columns: readonly Columns[]) {
    this.#capacity = Math.min(Math.max(capacity, 1), poolMax);
    this.#columns = columns;
    const own = rowSizeOf(this.#generations, this.#taken, this.#next);
    this.rowSize = columns.reduce((sum, column) => sum + column.rowSize, own);
  }

  /** Indexes given out. */
  get count(): number {
    return this.#count;
  }

  /** What the indexes that are given out take in all columns, and with what is kept for them elsewhere. */
  memory(elsewhere: { readonly usedSize: number; readonly heldSize: number }): MemoryUse {
    return {
      count: this.#count,
      capacity: this.#capacity,
      usedSize: this.#count * this.rowSize + elsewhere.usedSize,
      heldSize: (this.#fresh - 1) * this.rowSize + elsewhere.heldSize,
    };
  }

  /** A free index, or 0 at capacity. */
  take(): number {
    const index = this.#free === 0 ? this.#takeFresh() : this.#takeFreed();
    if (index === 0) return 0;
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

  #takeFreed(): number {
    const index = this.#free;
    this.#free = this.#next[index] as number;
    return index;
  }

  #takeFresh(): number {
    if (this.#fresh > this.#capacity) return 0;
    if (this.#fresh >= this.#next.length) this.#grow();
    return this.#fresh++;
  }

  #grow(): void {
    const all = this.#capacity + 1;
    const size = this.#next.length === 0 ? Math.min(firstSize, all) : all;
    this.#generations = grown(this.#generations, new Uint16Array(size));
    this.#taken = grown(this.#taken, new Uint8Array(size));
    this.#next = grown(this.#next, new Int32Array(size));
    for (const column of this.#columns) column.resize(size);
  }
}
