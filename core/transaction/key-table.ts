import type { RandomSource } from '../contract.ts';
import { KeyedHash } from './keyed-hash.ts';
import { type Columns, grown, rowSizeOf } from './runs.ts';
import type { Shelf } from './shelf.ts';

/** A hash table from keys of octets to indexes of a pool; its chains run through columns, and its keys lie on a shelf. */
export class KeyTable implements Columns {
  readonly #hash: KeyedHash;
  readonly #shelf: Shelf;
  #buckets: Int32Array = new Int32Array(1);
  #hashes: Int32Array = new Int32Array(0);
  #keys: Int32Array = new Int32Array(0);
  #next: Int32Array = new Int32Array(0);
  /** There are as many buckets as rows, up to the next power of two. */
  readonly rowSize: number = rowSizeOf(this.#hashes, this.#keys, this.#next, this.#buckets);

  constructor(random: RandomSource, shelf: Shelf) {
    this.#hash = new KeyedHash(random);
    this.#shelf = shelf;
  }

  resize(size: number): void {
    const had = this.#keys.length;
    this.#hashes = grown(this.#hashes, new Int32Array(size));
    this.#keys = grown(this.#keys, new Int32Array(size));
    this.#next = grown(this.#next, new Int32Array(size));
    // Index 0 stands for none.
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(size - 1, 1))));
    for (let index = 1; index < had; index++) if (this.#keys[index] !== 0) this.#link(index);
  }

  /** The hash of a key, to be given to `find` and `add`: it need be made once. */
  hash(key: Uint8Array, length: number): number {
    return this.#hash.of(key, length);
  }

  /** The index whose key is `key` [0, length), or 0. */
  find(hash: number, key: Uint8Array, length: number): number {
    let index = this.#buckets[hash & (this.#buckets.length - 1)] as number;
    while (index !== 0) {
      if (this.#hashes[index] === hash && this.#shelf.equals(this.#keys[index] as number, key, length)) return index;
      index = this.#next[index] as number;
    }
    return 0;
  }

  /** Enters a key that is not in the table; false when the shelf has no room for it. */
  add(index: number, hash: number, key: Uint8Array, length: number): boolean {
    const handle = this.#shelf.put(key, 0, length);
    if (handle === 0) return false;
    this.#keys[index] = handle;
    this.#hashes[index] = hash;
    this.#link(index);
    return true;
  }

  /** Whether a key was added for this index. */
  holds(index: number): boolean {
    return this.#keys[index] !== 0;
  }

  remove(index: number): void {
    const bucket = (this.#hashes[index] as number) & (this.#buckets.length - 1);
    const next = this.#next[index] as number;
    let at = this.#buckets[bucket] as number;
    if (at === index) {
      this.#buckets[bucket] = next;
    } else {
      while (this.#next[at] !== index) at = this.#next[at] as number;
      this.#next[at] = next;
    }
    this.#shelf.drop(this.#keys[index] as number);
    this.#keys[index] = 0;
  }

  #link(index: number): void {
    const bucket = (this.#hashes[index] as number) & (this.#buckets.length - 1);
    this.#next[index] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = index;
  }
}
