import type { RandomSource } from '../contract.ts';
import type { Writer } from '../message/write.ts';
import { type Columns, grown } from './runs.ts';

/*
 * z9hG4bK ss iiiiiii rrrrrrrrrrrrr      in base 32, digits 0-9 and a-v
 *   s  shard, 10 bits        i  transaction id, 31 bits (index and generation)        r  64 random bits
 *
 * z9hG4bKprobe.ss and a token of any length: the probe of a hop, which has no transaction
 */
const cookie = 'z9hG4bK';
const probeCookie = 'z9hG4bKprobe.';
const shardDigits = 2;
const idDigits = 7;
const randomDigits = 13;
const shardStart = cookie.length;
const idStart = shardStart + shardDigits;
const randomStart = idStart + idDigits;
const digits = '0123456789abcdefghijklmnopqrstuv';

/** Octets of each branch of ours. */
export const branchSize: number = randomStart + randomDigits;

/** Shards that a branch can name. */
export const shardMax: number = 32 ** shardDigits;

/** The shard that made this branch, or -1 when its form is none of ours. Anyone can write it: good for routing only. */
export function shardOfBranch(bytes: Uint8Array, start: number, end: number): number {
  const probeStart = start + probeCookie.length;
  if (isProbe(bytes, start)) return probeStart + shardDigits <= end ? number(bytes, probeStart, shardDigits) : -1;
  return isOurs(bytes, start, end) ? number(bytes, start + shardStart, shardDigits) : -1;
}

/** The transaction id in this branch, or 0 when its form is none of ours. Compare the whole branch before trusting it. */
export function idOfBranch(bytes: Uint8Array, start: number, end: number): number {
  return isOurs(bytes, start, end) ? Math.max(number(bytes, start + idStart, idDigits), 0) : 0;
}

/** The branch of a probe, which has no transaction: `token` is random. */
export function probeBranch(shard: number, token: string): string {
  return `${probeCookie}${digits[shard >>> 5]}${digits[shard & 31]}${token}`;
}

/** Does [start, end) begin with the magic cookie? The cookie alone identifies nothing, and counts as none. @see RFC 3261 §8.1.1.7 */
export function hasCookie(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= cookie.length) return false;
  for (let at = 0; at < cookie.length; at++) if (bytes[start + at] !== cookieOctets[at]) return false;
  return true;
}

/** The branches of a pool of client transactions, one row each: made once, compared in place. */
export class Branches implements Columns {
  readonly #shard: number;
  readonly #random: RandomSource;
  /** Randomness comes cheaper in bulk. */
  readonly #pool: Uint8Array = new Uint8Array(4_096);
  #used: number = this.#pool.length;
  #rows: Uint8Array = new Uint8Array(0);
  readonly rowSize: number = branchSize;

  constructor(shard: number, random: RandomSource) {
    if (!Number.isInteger(shard) || shard < 0 || shard >= shardMax)
      throw new RangeError(`shard ${shard} is not below 1024`);
    this.#shard = shard;
    this.#random = random;
  }

  resize(size: number): void {
    this.#rows = grown(this.#rows, new Uint8Array(size * branchSize));
  }

  /** Makes a new branch in row `index`. */
  make(index: number, id: number): void {
    const rows = this.#rows;
    const row = index * branchSize;
    rows.set(cookieOctets, row);
    writeNumber(rows, row + shardStart, shardDigits, this.#shard);
    writeNumber(rows, row + idStart, idDigits, id);
    this.#writeRandom(row + randomStart);
  }

  #writeRandom(start: number): void {
    const pool = this.#pool;
    if (this.#used + 8 > pool.length) {
      this.#random(pool);
      this.#used = 0;
    }
    const rows = this.#rows;
    let held = 0;
    let bits = 0;
    let at = start;
    for (let taken = 0; taken < 8; taken++) {
      held = (held << 8) | (pool[this.#used] as number);
      // What was given away must not be found in memory, nor be given again.
      pool[this.#used++] = 0;
      bits += 8;
      while (bits >= 5) {
        bits -= 5;
        rows[at++] = digitOctets[(held >>> bits) & 31] as number;
      }
      held &= 31;
    }
    rows[at] = digitOctets[(held << (5 - bits)) & 31] as number;
  }

  /** Gives row `to` the branch of row `from`. */
  share(from: number, to: number): void {
    this.#rows.copyWithin(to * branchSize, from * branchSize, (from + 1) * branchSize);
  }

  /** Is `bytes` [start, start + branchSize) the branch in row `index`? */
  matches(index: number, bytes: Uint8Array, start: number): boolean {
    const rows = this.#rows;
    const row = index * branchSize;
    for (let at = shardStart; at < branchSize; at++) if (rows[row + at] !== bytes[start + at]) return false;
    return true;
  }

  write(index: number, writer: Writer): void {
    const row = index * branchSize;
    writer.bytes(this.#rows, row, row + branchSize);
  }

  text(index: number): string {
    const row = index * branchSize;
    let text = '';
    for (let at = row; at < row + branchSize; at++) text += String.fromCharCode(this.#rows[at] as number);
    return text;
  }
}

const cookieOctets = Uint8Array.from(cookie, (character) => character.charCodeAt(0));
const probeOctets = Uint8Array.from(probeCookie, (character) => character.charCodeAt(0));
const digitOctets = Uint8Array.from(digits, (character) => character.charCodeAt(0));
/** What each octet is worth as a digit, 0xff for none. */
const worth = new Uint8Array(256).fill(0xff);
for (const [value, octet] of digitOctets.entries()) worth[octet] = value;

function isProbe(bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < probeCookie.length; at++) if (bytes[start + at] !== probeOctets[at]) return false;
  return true;
}

function isOurs(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === branchSize && hasCookie(bytes, start, end);
}

/** The value of `count` digits, or -1. An id's first digit is below 2 for it has 31 bits, so the sum is exact in 32 bits. */
function number(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const digit = worth[bytes[at] as number] as number;
    if (digit === 0xff || value >= 2 ** 26) return -1;
    value = value * 32 + digit;
  }
  return value;
}

function writeNumber(bytes: Uint8Array, start: number, count: number, value: number): void {
  let rest = value;
  for (let at = start + count - 1; at >= start; at--) {
    bytes[at] = digitOctets[rest & 31] as number;
    rest >>>= 5;
  }
}
