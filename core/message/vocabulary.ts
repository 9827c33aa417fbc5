import { wordAt } from './bytes.ts';

const BUCKET_COUNT = 256;
const WORD_SIZE_MAX = 32;
/**
 * A row of the table: the next word of the bucket, the word's size, and its octets by four, the last four from its end, each with
 * the bits that tell its small letters from capitals.
 */
const ROW_SIZE = 2 + WORD_SIZE_MAX / 2;
const NEXT = 0;
const SIZE = 1;
const FOURS = 2;

/**
 * Words that octets are looked up in: names of header fields and parameters, methods, schemes.
 *
 * A hash table by the first four octets, bucket → word → the next word of that bucket: a look-up compares one word, rarely more, four
 * octets at once; and what it finds is a string of ours, so that none is made.
 */
export class Vocabulary<Word extends string> {
  readonly #words: readonly Word[];
  /** The buckets, then a row for each word. Both say 0 for none, and `n` for word `n - 1`. */
  readonly #table: Int32Array;

  /** `words` are ASCII of at most 32 octets, the most usual first: in lower case, and then found in any case, or `exact`. */
  constructor(words: readonly Word[], { exact = false }: { readonly exact?: boolean } = {}) {
    this.#words = words;
    this.#table = new Int32Array(BUCKET_COUNT + words.length * ROW_SIZE);
    for (let number = words.length; number > 0; number--) this.#add(words[number - 1] ?? '', number, exact);
  }

  #add(word: string, number: number, exact: boolean): void {
    const table = this.#table;
    const octets = Uint8Array.from(word, (character) => character.charCodeAt(0));
    const caseBits = octets.map((octet) => (exact || octet < 0x61 || octet > 0x7a ? 0 : 0x20));
    const size = octets.length;
    const row = rowOf(number);
    const bucket = bucketOf(firstFour(octets, 0, size));
    table[row + NEXT] = table[bucket] as number;
    table[row + SIZE] = size;
    table[bucket] = number;
    for (let at = 0; at < size; at += 4) {
      const from = Math.max(0, Math.min(at, size - 4));
      table[row + FOURS + at / 2] = firstFour(octets, from, size);
      table[row + FOURS + at / 2 + 1] = firstFour(caseBits, from, size);
    }
  }

  /** The word that [start, end) spells, or ''. */
  find(bytes: Uint8Array, start: number, end: number): Word | '' {
    const index = this.indexOf(bytes, start, end);
    return index < 0 ? '' : (this.#words[index] ?? '');
  }

  /** The index in the list of the word that [start, end) spells, or -1. */
  indexOf(bytes: Uint8Array, start: number, end: number): number {
    const table = this.#table;
    const size = end - start;
    const first = firstFour(bytes, start, end);
    let number = table[bucketOf(first)] as number;
    while (number !== 0) {
      const row = rowOf(number);
      if (table[row + SIZE] === size && this.#spells(bytes, start, first, row)) return number - 1;
      number = table[row + NEXT] as number;
    }
    return -1;
  }

  /** The index of a word of four octets or more that the octets at `at` begin with, or -1. */
  indexAt(bytes: Uint8Array, at: number, end: number): number {
    if (at + 4 > end) return -1;
    const table = this.#table;
    const first = wordAt(bytes, at);
    let number = table[bucketOf(first)] as number;
    while (number !== 0) {
      const row = rowOf(number);
      const size = table[row + SIZE] as number;
      if (size >= 4 && at + size <= end && this.#spells(bytes, at, first, row)) return number - 1;
      number = table[row + NEXT] as number;
    }
    return -1;
  }

  #spells(bytes: Uint8Array, start: number, first: number, row: number): boolean {
    const table = this.#table;
    if ((first | (table[row + FOURS + 1] as number)) !== table[row + FOURS]) return false;
    const last = (table[row + SIZE] as number) - 4;
    if (last <= 0) return true;
    let fours = row + FOURS + 2;
    for (let at = 4; at < last; at += 4) {
      if ((wordAt(bytes, start + at) | (table[fours + 1] as number)) !== table[fours]) return false;
      fours += 2;
    }
    return (wordAt(bytes, start + last) | (table[fours + 1] as number)) === table[fours];
  }
}

/** Four octets, or as many as there are. */
function firstFour(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) return wordAt(bytes, at);
  let four = 0;
  for (let shift = 0; at < end; shift += 8) four |= (bytes[at++] ?? 0) << shift;
  return four;
}

function bucketOf(first: number): number {
  return Math.imul(first | 0x2020_2020, 0x9e37_79b1) >>> 24;
}

function rowOf(number: number): number {
  return BUCKET_COUNT - ROW_SIZE + number * ROW_SIZE;
}
