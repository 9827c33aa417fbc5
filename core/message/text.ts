const CR = 0x0d;
const LF = 0x0a;
const SP = 0x20;
const HTAB = 0x09;

/** Most messages fit; longer ones make it grow. */
const SIZE_MIN = 4_096;
/** So many octets behind the copy may be read, and are anything. */
const PAD = 32;

/**
 * A copy of the octets that are being parsed, in memory of our own.
 *
 * A copy costs some 35 ns and pays twice: the parser meets one kind of array, where sockets give Buffers and others plain
 * Uint8Arrays, which every access would have to tell apart; and it can take four octets at once.
 */
export class Text {
  octets: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.octets.buffer);

  /** Takes over the first `size` octets of `bytes`; what was there before is gone. */
  copy(bytes: Uint8Array, size: number): void {
    if (size + PAD > this.octets.length) this.#grow(size + PAD);
    this.octets.set(size === bytes.length ? bytes : bytes.subarray(0, size));
  }

  #grow(size: number): void {
    this.octets = new Uint8Array(Math.max(SIZE_MIN, 2 * size));
    this.#view = new DataView(this.octets.buffer);
  }

  /** The four octets at `at`, the first one lowest; what is behind the copy is anything. */
  fourAt(at: number): number {
    return this.#view.getInt32(at, true);
  }

  /**
   * The offset behind the CRLF that ends the line at `at` with its folds; 0 when there is none before `end`, -1 at a CR or LF
   * that stands alone.
   *
   * @see RFC 3261 §7.3.1
   */
  endOfLine(at: number, end: number): number {
    const { octets } = this;
    for (;;) {
      at = this.#skipLine(at, end);
      if (at + 1 >= end) return at < end && octets[at] === LF ? -1 : 0;
      if (octets[at] === CR && octets[at + 1] === LF) {
        at += 2;
        if (at === end || (octets[at] !== SP && octets[at] !== HTAB)) return at;
      } else if (octets[at] === CR || octets[at] === LF) {
        return -1;
      }
      at++;
    }
  }

  /** The offset of the first octet that is not above CR, or one that is not before `end`. */
  #skipLine(at: number, end: number): number {
    const view = this.#view;
    for (; at < end; at += 4) {
      const four = view.getInt32(at, true);
      // The high bit of each octet that is below 0x0e; the lowest one is right, which those above it need not be.
      const low = (four - 0x0e0e_0e0e) & ~four & 0x8080_8080;
      if (low !== 0) return at + ((31 - Math.clz32(low & -low)) >> 3);
    }
    return at;
  }
}
