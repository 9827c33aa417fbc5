/** Address of a block; 0 is none. Positive, below 2^31 up to 32 GiB. */
export type Block = number;

const unitSize = 16;
const chunkBits = 14;
const chunkSize = unitSize << chunkBits;
const unitMask = (1 << chunkBits) - 1;
const smallestBlock = 32;
const largestBlock = chunkSize / 4;

/** A quarter of a megabyte, cut into blocks of one size for as long as any of them is handed out. */
class Chunk {
  readonly number: number;
  readonly words: Uint32Array;
  sizeIndex = 0;
  /** Blocks that are handed out. */
  used = 0;
  /** Where it is cut next. */
  nextUnit = 0;
  /** Heads a list through the freed blocks, as unit plus one; 0 is none. */
  free = 0;
  /** Its neighbours among the chunks of its size that have room. */
  previous: Chunk | undefined = undefined;
  next: Chunk | undefined = undefined;

  constructor(number: number, bytes: Uint8Array) {
    this.number = number;
    this.words = new Uint32Array(bytes.buffer);
  }

  get hasRoom(): boolean {
    return this.free !== 0 || this.nextUnit + unitsOf(this.sizeIndex) <= 1 << chunkBits;
  }

  take(): number {
    this.used++;
    if (this.free !== 0) {
      const unit = this.free - 1;
      this.free = this.words[unit * (unitSize / 4)] as number;
      return unit;
    }
    const unit = this.nextUnit;
    this.nextUnit += unitsOf(this.sizeIndex);
    return unit;
  }

  give(unit: number): void {
    this.used--;
    this.words[unit * (unitSize / 4)] = this.free;
    this.free = unit + 1;
  }

  /** To be cut anew, for blocks of another size. */
  clear(sizeIndex: number): void {
    this.sizeIndex = sizeIndex;
    this.nextUnit = 0;
    this.free = 0;
  }
}

/**
 * Memory off the heap, in blocks of a few sizes.
 *
 * Sizes grow by about a sixteenth. A chunk belongs to one size; when its last block is freed, it may serve any other. So what
 * blocks of one size have left is not lost for those of another, and what holds some memory back is only chunks of which few blocks
 * are used; those that were freed last are given out first, which fills them up again. The kernel commits the pages of a
 * chunk as they are first used. Nothing here is known to the garbage collector but a few objects a chunk.
 */
export class Slab {
  /** By number, from 1. */
  readonly #bytes: Uint8Array[] = [new Uint8Array(0)];
  readonly #chunks: (Chunk | undefined)[] = [undefined];
  /** By size: the first chunk that has room. */
  readonly #open: (Chunk | undefined)[] = sizes.map(() => undefined);
  /** Chunks without a block. */
  readonly #spare: Chunk[] = [];
  #used = 0;

  /** Octets in blocks that are handed out. */
  get usedSize(): number {
    return this.#used;
  }

  /** Octets in chunks, those without a block included: they are kept for what comes. */
  get heldSize(): number {
    return (this.#bytes.length - 1) * chunkSize;
  }

  /** The largest block there is. */
  static readonly blockSizeMax: number = largestBlock;

  /** A block of at least `size` octets, of at most `blockSizeMax`. What is in it is left over from others. */
  allocate(size: number): Block {
    const sizeIndex = sizeIndexOf(size);
    const chunk = this.#open[sizeIndex] ?? this.#openChunk(sizeIndex);
    this.#used += sizes[sizeIndex] as number;
    const unit = chunk.take();
    if (!chunk.hasRoom) this.#close(chunk);
    return (chunk.number << chunkBits) | unit;
  }

  free(block: Block): void {
    const chunk = this.#chunkOf(block);
    const wasOpen = chunk.hasRoom;
    this.#used -= sizes[chunk.sizeIndex] as number;
    chunk.give(block & unitMask);
    if (!wasOpen) this.#reopen(chunk);
    if (chunk.used > 0) return;
    this.#close(chunk);
    this.#spare.push(chunk);
  }

  /** Whether the block holds `size` octets and is no larger than need be. */
  fits(block: Block, size: number): boolean {
    return this.#chunkOf(block).sizeIndex === sizeIndexOf(size);
  }

  /** The chunk that a block lies in. */
  bytes(block: Block): Uint8Array {
    return this.#bytes[block >>> chunkBits] as Uint8Array;
  }

  /** Where in its chunk a block begins. */
  offset(block: Block): number {
    return (block & unitMask) * unitSize;
  }

  #chunkOf(block: Block): Chunk {
    return this.#chunks[block >>> chunkBits] as Chunk;
  }

  #openChunk(sizeIndex: number): Chunk {
    const chunk = this.#spare.pop() ?? this.#newChunk();
    chunk.clear(sizeIndex);
    this.#reopen(chunk);
    return chunk;
  }

  #newChunk(): Chunk {
    const bytes = new Uint8Array(chunkSize);
    const chunk = new Chunk(this.#bytes.length, bytes);
    this.#bytes.push(bytes);
    this.#chunks.push(chunk);
    return chunk;
  }

  #reopen(chunk: Chunk): void {
    const next = this.#open[chunk.sizeIndex];
    chunk.previous = undefined;
    chunk.next = next;
    if (next !== undefined) next.previous = chunk;
    this.#open[chunk.sizeIndex] = chunk;
  }

  #close(chunk: Chunk): void {
    const { previous, next } = chunk;
    if (previous === undefined) this.#open[chunk.sizeIndex] = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
  }
}

const sizes: readonly number[] = blockSizes();

/** Size index by units needed. */
const sizeIndexes: Uint8Array = indexSizes();

function blockSizes(): number[] {
  const list: number[] = [];
  let size = smallestBlock;
  while (size < largestBlock) {
    list.push(size);
    size = Math.max(size + unitSize, Math.floor((size * 1.0625) / unitSize) * unitSize);
  }
  list.push(largestBlock);
  return list;
}

function indexSizes(): Uint8Array {
  const indexes = new Uint8Array(largestBlock / unitSize + 1);
  let index = 0;
  for (let units = 0; units < indexes.length; units++) {
    while ((sizes[index] as number) < units * unitSize) index++;
    indexes[units] = index;
  }
  return indexes;
}

function sizeIndexOf(size: number): number {
  return sizeIndexes[(size + unitSize - 1) >>> 4] as number;
}

function unitsOf(sizeIndex: number): number {
  return (sizes[sizeIndex] as number) / unitSize;
}
