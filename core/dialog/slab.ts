/** Address of a block in units of 16 octets; 0 is none. */
export type Block = number;

/** A run of octets somewhere: what is handed to a slab or read from it without copying. */
export interface Slice {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** The octets of a text. */
export function sliceOf(text: string): Slice {
  const bytes = new TextEncoder().encode(text);
  return { bytes, start: 0, end: bytes.length };
}

export const emptySlice: Slice = sliceOf('');

const unitSize = 16;
const chunkSize = 1 << 20;
const unitsPerChunk = chunkSize / unitSize;

/**
 * Memory off the heap, in blocks of a few sizes.
 *
 * Chunks of 1 MiB are cut from the front; a freed block heads the list of its size, and its first four octets point to the
 * next one. Sizes grow by about a quarter, so that at most a fifth of a block is lost. Nothing here is known to the
 * garbage collector but one object a chunk.
 */
export class Slab {
  readonly #chunks: Uint8Array[] = [];
  readonly #words: Uint32Array[] = [];
  readonly #free = new Uint32Array(sizes.length);
  /** The first unit of the first chunk stays unused, so that 0 can mean none. */
  #nextUnit = 1;
  #used = 0;

  /** Octets in blocks that are handed out. */
  get usedSize(): number {
    return this.#used;
  }

  /** The largest block there is. */
  static readonly blockSizeMax: number = chunkSize / 4;

  allocate(size: number): Block {
    const sizeIndex = sizeIndexOf(size);
    const blockSize = sizes[sizeIndex] as number;
    this.#used += blockSize;
    const head = this.#free[sizeIndex] as number;
    if (head !== 0) {
      this.#free[sizeIndex] = (this.#words[chunkOf(head)] as Uint32Array)[offsetOf(head) >>> 2] as number;
      return head;
    }
    return this.#cut(blockSize / unitSize);
  }

  /** `size` is what was asked for when the block was allocated, or anything that falls into the same block size. */
  free(block: Block, size: number): void {
    const sizeIndex = sizeIndexOf(size);
    this.#used -= sizes[sizeIndex] as number;
    (this.#words[chunkOf(block)] as Uint32Array)[offsetOf(block) >>> 2] = this.#free[sizeIndex] as number;
    this.#free[sizeIndex] = block;
  }

  /** Whether a block that holds `size` octets also holds `otherSize`, and is no larger than need be. */
  sameBlockSize(size: number, otherSize: number): boolean {
    return sizeIndexOf(size) === sizeIndexOf(otherSize);
  }

  /** The chunk that a block lies in. */
  bytes(block: Block): Uint8Array {
    return this.#chunks[chunkOf(block)] as Uint8Array;
  }

  /** Where in its chunk a block begins. */
  offset(block: Block): number {
    return offsetOf(block);
  }

  #cut(units: number): Block {
    const chunk = chunkOf(this.#nextUnit);
    const spills = this.#chunks[chunk] === undefined || chunkOf(this.#nextUnit + units - 1) !== chunk;
    if (spills) {
      if (this.#chunks.length > 0) this.#nextUnit = this.#chunks.length * unitsPerChunk;
      const bytes = new Uint8Array(chunkSize);
      this.#chunks.push(bytes);
      this.#words.push(new Uint32Array(bytes.buffer));
    }
    const block = this.#nextUnit;
    this.#nextUnit += units;
    return block;
  }
}

const sizes: readonly number[] = blockSizes();

/** Size index by units needed, for the sizes that matter; larger ones are searched. */
const sizeIndexes: Uint8Array = indexSizes();

function blockSizes(): number[] {
  const list: number[] = [];
  for (let size = 128; size < Slab.blockSizeMax; size = Math.ceil((size * 1.25) / unitSize) * unitSize) list.push(size);
  list.push(Slab.blockSizeMax);
  return list;
}

function indexSizes(): Uint8Array {
  const indexes = new Uint8Array(4096 / unitSize + 1);
  let index = 0;
  for (let units = 0; units < indexes.length; units++) {
    while ((sizes[index] as number) < units * unitSize) index++;
    indexes[units] = index;
  }
  return indexes;
}

function sizeIndexOf(size: number): number {
  if (size <= 4096) return sizeIndexes[(size + unitSize - 1) >>> 4] as number;
  return sizes.findIndex((blockSize) => blockSize >= size);
}

function chunkOf(block: Block): number {
  return block >>> 16;
}

function offsetOf(block: Block): number {
  return (block & 0xffff) << 4;
}
