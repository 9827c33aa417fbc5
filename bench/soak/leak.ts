const chunkSize = 64 * 1024;

/** Memory that is never given back, on purpose: to find out whether a soak would tell. */
export class Leak {
  readonly #size: number;
  readonly #chunks: Buffer[] = [];
  #at = chunkSize;

  /** So many octets at a time. */
  constructor(size: number) {
    this.#size = size;
  }

  /** Octets kept so far. */
  get kept(): number {
    return Math.max(0, (this.#chunks.length - 1) * chunkSize) + (this.#chunks.length > 0 ? this.#at : 0);
  }

  /** Keeps more, and writes to it: memory that nobody has touched is not resident. */
  grow(): void {
    for (let left = this.#size; left > 0; ) {
      if (this.#at === chunkSize) {
        this.#chunks.push(Buffer.allocUnsafeSlow(chunkSize));
        this.#at = 0;
      }
      const size = Math.min(left, chunkSize - this.#at);
      this.#chunks.at(-1)?.fill(0x4c, this.#at, this.#at + size);
      this.#at += size;
      left -= size;
    }
  }
}
