/*
 * Chunks of 32 KiB, each cut into places of one size, a multiple of 32 octets; free places of a size are linked. What is
 * longer than 2 KiB has an array of its own.
 *
 * handle:  [ place (25 bits) | size class (6 bits) ]      class 0: an array of its own
 */
const grainBits = 5;
const grain = 1 << grainBits;
const classBits = 6;
const classMask = (1 << classBits) - 1;
const longest = classMask * grain;
const chunkSize = 32_768;
const firstPlaces = 64;

/** Places of one size. */
class Rack {
  readonly #size: number;
  readonly #perChunk: number;
  readonly #chunks: Uint8Array[] = [];
  #lengths = new Uint16Array(0);
  #next = new Int32Array(0);
  /** Places ever used. */
  #used = 1;
  #free = 0;

  constructor(size: number) {
    this.#size = size;
    this.#perChunk = Math.floor(chunkSize / size);
  }

  put(bytes: Uint8Array, start: number, end: number): number {
    const place = this.#take();
    this.#lengths[place] = end - start;
    const chunk = this.chunk(place);
    let at = this.start(place);
    if (end - start > 48) chunk.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), at);
    else for (let from = start; from < end; from++) chunk[at++] = bytes[from] as number;
    return place;
  }

  #take(): number {
    const free = this.#free;
    if (free !== 0) {
      this.#free = this.#next[free] as number;
      return free;
    }
    const place = this.#used++;
    if (place >= this.#next.length) {
      const places = Math.max(firstPlaces, 2 * this.#next.length);
      const lengths = new Uint16Array(places);
      lengths.set(this.#lengths);
      this.#lengths = lengths;
      const next = new Int32Array(places);
      next.set(this.#next);
      this.#next = next;
    }
    if (place >= this.#chunks.length * this.#perChunk) this.#chunks.push(new Uint8Array(chunkSize));
    return place;
  }

  drop(place: number): number {
    this.#next[place] = this.#free;
    this.#free = place;
    return this.length(place);
  }

  length(place: number): number {
    return this.#lengths[place] as number;
  }

  chunk(place: number): Uint8Array {
    return this.#chunks[Math.floor(place / this.#perChunk)] as Uint8Array;
  }

  start(place: number): number {
    return (place % this.#perChunk) * this.#size;
  }
}

/**
 * Keeps byte strings for seconds or minutes, off the heap and packed: a response for its retransmissions, an ACK, a key.
 *
 * A view of a writer's chunk would keep the whole chunk alive for as long. What is put is copied in, what is sent is
 * copied out, since a place is used again while a transport may still hold what it was given.
 */
export class Shelf {
  readonly #max: number;
  readonly #racks: (Rack | undefined)[] = [];
  readonly #long: (Uint8Array | undefined)[] = [undefined];
  readonly #freeLong: number[] = [];
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

  /** Copies [start, end) in and gives its handle; 0 when there is no room. */
  put(bytes: Uint8Array, start: number = 0, end: number = bytes.length): number {
    const length = end - start;
    if (this.#size + length > this.#max) return 0;
    this.#size += length;
    if (length > longest) return this.#putLong(bytes.slice(start, end));
    const number = Math.max(1, (length + grain - 1) >>> grainBits);
    let rack = this.#racks[number];
    if (rack === undefined) {
      rack = new Rack(number * grain);
      this.#racks[number] = rack;
    }
    return (rack.put(bytes, start, end) << classBits) | number;
  }

  #putLong(bytes: Uint8Array): number {
    const place = this.#freeLong.pop() ?? this.#long.length;
    this.#long[place] = bytes;
    return place << classBits;
  }

  /** A copy of what was put, which is not written to afterwards; undefined for 0. */
  copy(handle: number): Uint8Array | undefined {
    const place = handle >>> classBits;
    const rack = this.#racks[handle & classMask];
    if (rack === undefined) return this.#long[place]?.slice();
    const length = rack.length(place);
    // An ArrayBuffer for each copy would double what a retransmission costs.
    if (this.#copied + length > this.#copies.length) {
      this.#copies = new Uint8Array(chunkSize);
      this.#copied = 0;
    }
    const copy = this.#copies.subarray(this.#copied, this.#copied + length);
    this.#copied += length;
    const start = rack.start(place);
    copy.set(rack.chunk(place).subarray(start, start + length));
    return copy;
  }

  /** Is it octet for octet `bytes` [0, length)? */
  equals(handle: number, bytes: Uint8Array, length: number): boolean {
    const place = handle >>> classBits;
    const rack = this.#racks[handle & classMask];
    const chunk = rack === undefined ? this.#long[place] : rack.chunk(place);
    const start = rack === undefined ? 0 : rack.start(place);
    if (chunk === undefined || (rack === undefined ? chunk.length : rack.length(place)) !== length) return false;
    for (let at = 0; at < length; at++) if (chunk[start + at] !== bytes[at]) return false;
    return true;
  }

  /** Frees it; 0 does nothing. A handle must not be used afterwards. */
  drop(handle: number): void {
    if (handle === 0) return;
    const place = handle >>> classBits;
    const rack = this.#racks[handle & classMask];
    if (rack !== undefined) {
      this.#size -= rack.drop(place);
      return;
    }
    this.#size -= this.#long[place]?.length ?? 0;
    this.#long[place] = undefined;
    this.#freeLong.push(place);
  }
}
