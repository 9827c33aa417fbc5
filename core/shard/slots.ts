import { sipHash } from '../edge/signature.ts';
import { wordAt } from '../message/bytes.ts';

/** Buckets of Call-IDs: what a shard owns, and what can be moved from one to another. A power of two. */
export const slotCount = 1024;

/** Octets of the key that all shards of a stack, or of a cluster, share. */
export const slotKeySize = 16;

const digits = '0123456789abcdefghijklmnopqrstuv';

/**
 * Which shard a Call-ID belongs to.
 *
 * The slot of a Call-ID is a keyed hash of all but its last two characters, with these two as an offset: a peer, who does not know the
 * key, cannot aim at one slot, and whoever makes a Call-ID places it.
 */
export class Slots {
  readonly #key: Int32Array = new Int32Array(slotKeySize / 4);
  readonly #owners: Uint8Array = new Uint8Array(slotCount);
  readonly #hash: Uint8Array = new Uint8Array(8);

  /** @param shards 1 to 32: each owns as many slots as the next, by turns. */
  constructor(key: Uint8Array, shards: number) {
    for (let i = 0; i < this.#key.length; i++) this.#key[i] = wordAt(key, 4 * i);
    for (let slot = 0; slot < slotCount; slot++) this.#owners[slot] = slot % shards;
  }

  /** The slot of the Call-ID in `bytes` [start, end), 0 to 1,023. */
  slotOf(bytes: Uint8Array, start: number, end: number): number {
    const tail = Math.max(start, end - 2);
    const offset = end - start < 2 ? 0 : offsetOf(bytes[tail] as number, bytes[tail + 1] as number);
    return (this.#hashOf(bytes.subarray(start, tail)) + offset) % slotCount;
  }

  ownerOf(bytes: Uint8Array, start: number, end: number): number {
    return this.#owners[this.slotOf(bytes, start, end)] as number;
  }

  ownerOfText(callId: string): number {
    const bytes = encoder.encode(callId);
    return this.ownerOf(bytes, 0, bytes.length);
  }

  /** `token` with two characters more, so that it is a Call-ID that belongs to `shard`. */
  callIdFor(shard: number, token: string): string {
    const slot = this.#hashOf(encoder.encode(token));
    let offset = 0;
    while (this.#owners[(slot + offset) % slotCount] !== shard) {
      if (++offset === slotCount) throw new RangeError(`shard ${shard} owns no slot`);
    }
    return `${token}${digits[offset >>> 5]}${digits[offset & 31]}`;
  }

  #hashOf(bytes: Uint8Array): number {
    sipHash(this.#key, bytes, bytes.length, this.#hash, 0);
    return wordAt(this.#hash, 0) & (slotCount - 1);
  }
}

const encoder = new TextEncoder();

/** What each octet adds to an offset: a digit its value, all else something. */
const worth = Uint8Array.from({ length: 256 }, (_, octet) => {
  const digit = digits.indexOf(String.fromCharCode(octet));
  return digit === -1 ? octet & 31 : digit;
});

function offsetOf(high: number, low: number): number {
  return (worth[high] as number) * 32 + (worth[low] as number);
}
