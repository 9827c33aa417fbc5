import type { RandomSource } from '../contract.ts';

const poolSize = 4096;
const digits = '0123456789abcdefghijklmnopqrstuv';

/** Random octets fetched in bulk, given out as what SIP needs. */
export class RandomPool {
  readonly #source: RandomSource;
  readonly #pool = new Uint8Array(poolSize);
  #at = poolSize;

  constructor(source: RandomSource) {
    this.#source = source;
  }

  /** 130 bits as 26 letters and digits: a tag or a Call-ID that nobody guesses. @see RFC 3261 §19.3 */
  token(): string {
    let text = '';
    for (let i = 0; i < 26; i++) text += digits[this.#octet() & 31];
    return text;
  }

  uint32(): number {
    return ((this.#octet() << 24) | (this.#octet() << 16) | (this.#octet() << 8) | this.#octet()) >>> 0;
  }

  /** In [0, 1). */
  fraction(): number {
    return this.uint32() / 2 ** 32;
  }

  #octet(): number {
    if (this.#at === poolSize) {
      this.#source(this.#pool);
      this.#at = 0;
    }
    return this.#pool[this.#at++] as number;
  }
}
