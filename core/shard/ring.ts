/*
 * A ring lies in shared memory: three words, each on a cache line of its own, and the octets.
 *
 *   written   octets that the writer has put in, modulo 2^32
 *   read      octets that the reader has taken out, modulo 2^32
 *   asleep    1: the reader wants to be called when something comes
 *
 * A record is its size, four octets, and its content, filled up to a multiple of four. None goes around the end: where it would, the rest
 * of the octets is passed over, which a size of all ones says.
 */
const wordsPerLine = 16;
const written = 0;
const read = wordsPerLine;
const asleep = 2 * wordsPerLine;
const headSize = 3 * wordsPerLine * 4;
const sizeSize = 4;
const passOver = 0xffff_ffff;

/**
 * Octets of a ring: some 1,500 messages, more than a UDP socket's buffer brings in one go; a message of the largest size that we take fits
 * several times over.
 */
export const ringSize: number = 2 ** 20;

/** The memory of a ring from one thread to another. `size` is a power of two. */
export function createRing(size: number = ringSize): SharedArrayBuffer {
  return new SharedArrayBuffer(headSize + size);
}

/** The end of a ring that one thread writes to. */
export class RingWriter {
  readonly bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #sizes: DataView;
  readonly #size: number;
  #written: number;
  /** What the reader had taken when it was last looked at. */
  #read: number;
  #claimed = 0;

  constructor(ring: SharedArrayBuffer) {
    this.#words = new Int32Array(ring, 0, headSize / 4);
    this.bytes = new Uint8Array(ring, headSize);
    this.#sizes = new DataView(ring, headSize);
    this.#size = this.bytes.length;
    this.#written = Atomics.load(this.#words, written);
    this.#read = Atomics.load(this.#words, read);
  }

  /** Makes room for a record: gives where in `bytes` its content goes, -1 when there is none. Nobody sees it before `publish`. */
  claim(size: number): number {
    const needed = sizeSize + ((size + 3) & ~3);
    const at = this.#written & (this.#size - 1);
    const rest = this.#size - at;
    const passed = needed > rest ? rest : 0;
    if (!this.#hasRoom(passed + needed)) return -1;
    if (passed > 0) this.#sizes.setUint32(at, passOver, true);
    const start = passed > 0 ? 0 : at;
    this.#sizes.setUint32(start, size, true);
    this.#claimed = passed + needed;
    return start + sizeSize;
  }

  /** Shows the reader what was claimed last. True: it is asleep, and is to be woken. */
  publish(): boolean {
    this.#written = (this.#written + this.#claimed) | 0;
    this.#claimed = 0;
    Atomics.store(this.#words, written, this.#written);
    return Atomics.load(this.#words, asleep) === 1 && Atomics.exchange(this.#words, asleep, 0) === 1;
  }

  #hasRoom(needed: number): boolean {
    if (this.#size - ((this.#written - this.#read) >>> 0) >= needed) return true;
    this.#read = Atomics.load(this.#words, read);
    return this.#size - ((this.#written - this.#read) >>> 0) >= needed;
  }
}

/** The end of a ring that another thread reads from. */
export class RingReader {
  readonly bytes: Uint8Array;
  /** The record at hand, after `next` has given true. */
  start = 0;
  end = 0;
  readonly #words: Int32Array;
  readonly #sizes: DataView;
  readonly #size: number;
  #read: number;

  constructor(ring: SharedArrayBuffer) {
    this.#words = new Int32Array(ring, 0, headSize / 4);
    this.bytes = new Uint8Array(ring, headSize);
    this.#sizes = new DataView(ring, headSize);
    this.#size = this.bytes.length;
    this.#read = Atomics.load(this.#words, read);
  }

  /** Takes the next record; its octets are the reader's until `release`. False when there is none. */
  next(): boolean {
    if (this.#read === Atomics.load(this.#words, written)) return false;
    let at = this.#read & (this.#size - 1);
    let size = this.#sizes.getUint32(at, true);
    if (size === passOver) {
      this.#read = (this.#read + this.#size - at) | 0;
      at = 0;
      size = this.#sizes.getUint32(0, true);
    }
    this.start = at + sizeSize;
    this.end = this.start + size;
    this.#read = (this.#read + sizeSize + ((size + 3) & ~3)) | 0;
    return true;
  }

  /** Gives the room of all records taken so far back to the writer. */
  release(): void {
    Atomics.store(this.#words, read, this.#read);
  }

  /** Wants to be woken by what comes next. False when something has come already. */
  sleep(): boolean {
    Atomics.store(this.#words, asleep, 1);
    if (this.#read === Atomics.load(this.#words, written)) return true;
    Atomics.store(this.#words, asleep, 0);
    return false;
  }
}
