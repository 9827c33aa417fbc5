import type { RandomSource } from '../contract.ts';
import { wordAt } from '../message/bytes.ts';

/** Octets of a signature. */
export const signatureSize = 8;

/**
 * Signs what an edge writes into messages and reads again later, so that nobody else can write it: SipHash-2-4 with a key
 * that is made at random and never leaves.
 *
 * `begin`, `add` what is to be signed, then `sign` or `verify`.
 *
 * @see J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF"
 */
export class Signer {
  readonly #key: Uint8Array = new Uint8Array(16);
  readonly #random: RandomSource;
  readonly #words: Int32Array = new Int32Array(4);
  readonly #signature: Uint8Array = new Uint8Array(signatureSize);
  #input: Uint8Array = new Uint8Array(512);
  #size = 0;

  constructor(random: RandomSource) {
    this.#random = random;
    this.renew();
  }

  /** Takes another key: nothing that was signed before verifies any more. */
  renew(): void {
    this.#random(this.#key);
    for (let i = 0; i < 4; i++) this.#words[i] = wordAt(this.#key, 4 * i);
    this.#key.fill(0);
  }

  begin(): void {
    this.#size = 0;
  }

  /** Adds octets [start, end) of `bytes`. What ends where is for the caller to make plain. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const size = this.#size + end - start;
    if (size > this.#input.length) {
      const grown = new Uint8Array(2 * size);
      grown.set(this.#input);
      this.#input = grown;
    }
    const input = this.#input;
    let at = this.#size;
    for (let i = start; i < end; i++) input[at++] = bytes[i] as number;
    this.#size = at;
  }

  /** Writes the signature of what was added to `target` at `offset`. */
  sign(target: Uint8Array, offset: number): void {
    sipHash(this.#words, this.#input, this.#size, target, offset);
  }

  /** Do the octets at `offset` sign what was added? */
  verify(bytes: Uint8Array, offset: number): boolean {
    this.sign(this.#signature, 0);
    let difference = 0;
    for (let i = 0; i < signatureSize; i++) {
      difference |= (bytes[offset + i] as number) ^ (this.#signature[i] as number);
    }
    return difference === 0;
  }
}

/**
 * SipHash-2-4 of `input` [0, size) as eight octets, the low one first. `key` is four words, the low one first.
 *
 * Each 64-bit variable of the algorithm is two signed words here, high (`h`) and low (`l`).
 */
export function sipHash(key: Int32Array, input: Uint8Array, size: number, target: Uint8Array, offset: number): void {
  const k0l = key[0] as number;
  const k0h = key[1] as number;
  const k1l = key[2] as number;
  const k1h = key[3] as number;
  let v0h = k0h ^ 0x736f6d65;
  let v0l = k0l ^ 0x70736575;
  let v1h = k1h ^ 0x646f7261;
  let v1l = k1l ^ 0x6e646f6d;
  let v2h = k0h ^ 0x6c796765;
  let v2l = k0l ^ 0x6e657261;
  let v3h = k1h ^ 0x74656462;
  let v3l = k1l ^ 0x79746573;
  const whole = size & ~7;
  // After the whole blocks one more holds the rest and the size, then come four rounds that only mix.
  for (let at = 0; at <= whole + 8; at += 8) {
    let ml = 0;
    let mh = 0;
    let rounds = 2;
    if (at < whole) {
      ml = wordAt(input, at);
      mh = wordAt(input, at + 4);
    } else if (at === whole) {
      ml = rest(input, at, Math.min(size, at + 4));
      mh = rest(input, at + 4, size) | (size << 24);
    } else {
      v2l ^= 0xff;
      rounds = 4;
    }
    v3h ^= mh;
    v3l ^= ml;
    for (let round = 0; round < rounds; round++) {
      let low = (v0l >>> 0) + (v1l >>> 0);
      v0h = (v0h + v1h + (low > 0xffffffff ? 1 : 0)) | 0;
      v0l = low | 0;
      let high = v1h;
      v1h = ((v1h << 13) | (v1l >>> 19)) ^ v0h;
      v1l = ((v1l << 13) | (high >>> 19)) ^ v0l;
      high = v0h;
      v0h = v0l;
      v0l = high;

      low = (v2l >>> 0) + (v3l >>> 0);
      v2h = (v2h + v3h + (low > 0xffffffff ? 1 : 0)) | 0;
      v2l = low | 0;
      high = v3h;
      v3h = ((v3h << 16) | (v3l >>> 16)) ^ v2h;
      v3l = ((v3l << 16) | (high >>> 16)) ^ v2l;

      low = (v0l >>> 0) + (v3l >>> 0);
      v0h = (v0h + v3h + (low > 0xffffffff ? 1 : 0)) | 0;
      v0l = low | 0;
      high = v3h;
      v3h = ((v3h << 21) | (v3l >>> 11)) ^ v0h;
      v3l = ((v3l << 21) | (high >>> 11)) ^ v0l;

      low = (v2l >>> 0) + (v1l >>> 0);
      v2h = (v2h + v1h + (low > 0xffffffff ? 1 : 0)) | 0;
      v2l = low | 0;
      high = v1h;
      v1h = ((v1h << 17) | (v1l >>> 15)) ^ v2h;
      v1l = ((v1l << 17) | (high >>> 15)) ^ v2l;
      high = v2h;
      v2h = v2l;
      v2l = high;
    }
    v0h ^= mh;
    v0l ^= ml;
  }
  writeWord(v0l ^ v1l ^ v2l ^ v3l, target, offset);
  writeWord(v0h ^ v1h ^ v2h ^ v3h, target, offset + 4);
}

/** The octets [start, end), at most four, as the low ones of a word. */
function rest(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = end - 1; at >= start; at--) value = (value << 8) | (bytes[at] as number);
  return value;
}

function writeWord(value: number, target: Uint8Array, offset: number): void {
  target[offset] = value;
  target[offset + 1] = value >>> 8;
  target[offset + 2] = value >>> 16;
  target[offset + 3] = value >>> 24;
}
