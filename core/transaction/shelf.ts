import { Slab } from './slab.ts';

/** What is kept begins with its length. */
const headSize = 2;
const longest = Slab.blockSizeMax - headSize;
const copiesSize = 32_768;

/**
 * Keeps byte strings for seconds or minutes, off the heap and packed: a response for its retransmissions, an ACK, a key.
 *
 * A view of a writer's chunk would keep the whole chunk alive for as long. What is put is copied in, what is sent is
 * copied out, since a place is used again while a transport may still hold what it was given.
 *
 * A handle is a block of the slab; of what is too long for any block, the place among the long ones, negative.
 */
export class Shelf {
  readonly #max: number;
  readonly #slab = new Slab();
  readonly #long: (Uint8Array | undefined)[] = [undefined];
  readonly #freeLong: number[] = [];
  #longSize = 0;
  #copies: Uint8Array = new Uint8Array(0);
  #copied = 0;
  #size = 0;

  /** Holds at most `max` octets. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Octets on the shelf. */
  get size(): number {
    return this.#size;
  }

  /** Octets that they take up. */
  get usedSize(): number {
    return this.#slab.usedSize + this.#longSize;
  }

  /** Octets of memory that is kept for the shelf. */
  get heldSize(): number {
    return this.#slab.heldSize + this.#longSize;
  }

  /** Copies [start, end) in and gives its handle; 0 when there is no room. */
  put(bytes: Uint8Array, start: number = 0, end: number = bytes.length): number {
    const length = end - start;
    if (this.#size + length > this.#max) return 0;
    this.#size += length;
    if (length > longest) return this.#putLong(bytes.slice(start, end));
    const block = this.#slab.allocate(headSize + length);
    const chunk = this.#slab.bytes(block);
    let at = this.#slab.offset(block);
    chunk[at++] = length & 0xff;
    chunk[at++] = length >>> 8;
    if (length > 48) chunk.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), at);
    else for (let from = start; from < end; from++) chunk[at++] = bytes[from] as number;
    return block;
  }

  #putLong(bytes: Uint8Array): number {
    const place = this.#freeLong.pop() ?? this.#long.length;
    this.#long[place] = bytes;
    this.#longSize += bytes.length;
    return -place;
  }

  /** A copy of what was put, which is not written to afterwards; undefined for 0. */
  copy(handle: number): Uint8Array | undefined {
    if (handle <= 0) return this.#long[-handle]?.slice();
    const length = this.#length(handle);
    // An ArrayBuffer for each copy would double what a retransmission costs.
    if (length > copiesSize) return this.#view(handle).slice();
    if (this.#copied + length > this.#copies.length) {
      this.#copies = new Uint8Array(copiesSize);
      this.#copied = 0;
    }
    const copy = this.#copies.subarray(this.#copied, this.#copied + length);
    this.#copied += length;
    copy.set(this.#view(handle));
    return copy;
  }

  /** Is it octet for octet `bytes` [0, length)? */
  equals(handle: number, bytes: Uint8Array, length: number): boolean {
    const isLong = handle <= 0;
    const kept = isLong ? this.#long[-handle] : this.#slab.bytes(handle);
    const start = isLong ? 0 : this.#slab.offset(handle) + headSize;
    if (kept === undefined || (isLong ? kept.length : this.#length(handle)) !== length) return false;
    for (let at = 0; at < length; at++) if (kept[start + at] !== bytes[at]) return false;
    return true;
  }

  /** Frees it; 0 does nothing. A handle must not be used afterwards. */
  drop(handle: number): void {
    if (handle === 0) return;
    if (handle > 0) {
      this.#size -= this.#length(handle);
      this.#slab.free(handle);
      return;
    }
    const length = this.#long[-handle]?.length ?? 0;
    this.#size -= length;
    this.#longSize -= length;
    this.#long[-handle] = undefined;
    this.#freeLong.push(-handle);
  }

  #length(block: number): number {
    const chunk = this.#slab.bytes(block);
    const at = this.#slab.offset(block);
    return (chunk[at] as number) | ((chunk[at + 1] as number) << 8);
  }

  #view(block: number): Uint8Array {
    const start = this.#slab.offset(block) + headSize;
    return this.#slab.bytes(block).subarray(start, start + this.#length(block));
  }
}
