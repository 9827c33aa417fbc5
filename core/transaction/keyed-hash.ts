import type { RandomSource } from '../contract.ts';
import { wordAt } from '../message/bytes.ts';

/**
 * HalfSipHash-1-3 with a random key: 32 bits that a stranger can neither foresee nor aim, for hash tables whose keys come
 * from peers.
 *
 * @see J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF"
 */
export class KeyedHash {
  readonly #key0: number;
  readonly #key1: number;

  constructor(random: RandomSource) {
    const seed = new Uint8Array(8);
    random(seed);
    this.#key0 = wordAt(seed, 0);
    this.#key1 = wordAt(seed, 4);
  }

  /** The hash of `bytes` [0, length): a signed 32-bit number. */
  of(bytes: Uint8Array, length: number): number {
    let v0 = this.#key0;
    let v1 = this.#key1;
    let v2 = this.#key0 ^ 0x6c796765;
    let v3 = this.#key1 ^ 0x74656462;
    const whole = length & ~3;
    // After the words one more holds the rest and the length, then come three rounds that only mix.
    for (let at = 0; at <= whole + 12; at += 4) {
      let mixed = 0;
      if (at < whole) mixed = wordAt(bytes, at);
      else if (at === whole) mixed = lastWord(bytes, whole, length);
      else if (at === whole + 4) v2 ^= 0xff;
      v3 ^= mixed;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= mixed;
    }
    return v1 ^ v3;
  }
}

function lastWord(bytes: Uint8Array, at: number, length: number): number {
  let value = length << 24;
  for (let left = length - at - 1; left >= 0; left--) value |= (bytes[at + left] as number) << (8 * left);
  return value;
}
