import type { Chance } from './chance.ts';
import { numberWords, words } from './dictionary.ts';

const CR = 0x0d;
const LF = 0x0a;
const SP = 0x20;
const HT = 0x09;
const NINE = 0x39;
const ZERO = 0x30;

/** Of a usual input: an INVITE with all that may stand in it. */
const sizeUsual = 4_096;
/** Of an input that grew: past our bound on a head, and on what a datagram holds. */
const sizeMax = 70_000;

const contentLength = new TextEncoder().encode('Content-Length: ');

/** A change of an input; `other` is another input to take something from. */
type Change = (input: Uint8Array, other: Uint8Array) => Uint8Array;

/** Makes inputs of inputs: changes octets, as any fuzzer does, and words, lines and numbers, as SIP has them. */
export class Mutator {
  readonly #chance: Chance;
  readonly #ownWords: readonly Uint8Array[];

  /** `ownWords` are the target's, and stand in as often as all others. */
  constructor(chance: Chance, ownWords: readonly Uint8Array[] = []) {
    this.#chance = chance;
    this.#ownWords = ownWords;
  }

  mutate(input: Uint8Array, other: Uint8Array): Uint8Array {
    let result = input;
    for (let times = this.#chance.few(8); times > 0; times--) {
      result = this.#chance.pick(this.#changes)(result, other);
    }
    // Large inputs take long; most of what is wrong shows in small ones.
    if (this.#chance.oneIn(1_000)) return this.#grow(result);
    return result.length > sizeUsual && input.length <= sizeUsual ? result.subarray(0, sizeUsual) : result;
  }

  readonly #changes: readonly Change[] = [
    (input) => this.#flip(input),
    (input) => this.#put(input, this.#octets(1), 1),
    (input) => this.#put(input, this.#octets(4), 0),
    (input) => this.#cut(input),
    (input) => this.#put(input, this.#piece(input), 0),
    (input, other) => this.#put(input, this.#piece(other), 0),
    (input, other) => this.#cross(input, other),
    (input) => this.#put(input, this.#word(), 0),
    (input) => this.#put(input, this.#word(), 0),
    (input) => {
      const word = this.#word();
      return this.#put(input, word, word.length);
    },
    (input) => this.#addLine(input),
    (input) => this.#changeLines(input, input),
    (input, other) => this.#changeLines(input, other),
    (input) => this.#changeNumber(input),
    (input) => this.#fold(input),
    (input) => this.#mendLength(input),
  ];

  #word(): Uint8Array {
    return this.#chance.pick(this.#ownWords.length > 0 && this.#chance.oneIn(2) ? this.#ownWords : words);
  }

  #flip(input: Uint8Array): Uint8Array {
    const copy = input.slice();
    const at = this.#chance.below(copy.length);
    if (at < copy.length) copy[at] = (copy[at] as number) ^ (1 << this.#chance.below(8));
    return copy;
  }

  #octets(countMax: number): Uint8Array {
    return Uint8Array.from({ length: this.#chance.few(countMax) }, () => this.#chance.below(256));
  }

  /** A few octets of it, rarely many. */
  #piece(input: Uint8Array): Uint8Array {
    const start = this.#chance.below(input.length);
    return input.subarray(start, start + this.#chance.few(this.#chance.oneIn(8) ? input.length : 32));
  }

  /** `piece` at a place of its own, over the `count` octets that stood there. */
  #put(input: Uint8Array, piece: Uint8Array, count: number): Uint8Array {
    const at = this.#chance.below(input.length + 1);
    return replaced(input, at, at + count, piece);
  }

  #cut(input: Uint8Array): Uint8Array {
    const start = this.#chance.below(input.length);
    return replaced(input, start, start + this.#chance.few(this.#chance.oneIn(8) ? input.length : 16), nothing);
  }

  /** The beginning of the one and the end of the other. */
  #cross(input: Uint8Array, other: Uint8Array): Uint8Array {
    return replaced(
      input,
      this.#chance.below(input.length),
      input.length,
      other.subarray(this.#chance.below(other.length)),
    );
  }

  #addLine(input: Uint8Array): Uint8Array {
    const at = this.#chance.pick(lineStarts(input));
    const line = [this.#word(), this.#word(), crlf].flatMap((word) => [...word]);
    return replaced(input, at, at, Uint8Array.from(line));
  }

  /** Takes a line of `from` to another place, beside or instead of what stands there. */
  #changeLines(input: Uint8Array, from: Uint8Array): Uint8Array {
    const line = this.#line(from);
    const place = this.#line(input);
    const taken = from.subarray(line.start, line.end);
    return replaced(input, place.start, this.#chance.oneIn(3) ? place.end : place.start, taken);
  }

  #line(input: Uint8Array): { readonly start: number; readonly end: number } {
    const starts = lineStarts(input);
    const index = this.#chance.below(starts.length);
    return { start: starts[index] ?? 0, end: starts[index + 1] ?? input.length };
  }

  #changeNumber(input: Uint8Array): Uint8Array {
    let start = this.#chance.below(input.length);
    while (start < input.length && !isDigit(input[start])) start++;
    let end = start;
    while (end < input.length && isDigit(input[end])) end++;
    return replaced(input, start, end, this.#chance.pick(numberWords));
  }

  /** Puts a fold where white space stands. */
  #fold(input: Uint8Array): Uint8Array {
    let at = this.#chance.below(input.length);
    while (at < input.length && input[at] !== SP && input[at] !== HT) at++;
    return replaced(input, at, at, crlf);
  }

  /** Makes Content-Length true: chance would hardly ever. */
  #mendLength(input: Uint8Array): Uint8Array {
    const head = headSize(input);
    const value = indexOf(input, contentLength) + contentLength.length;
    if (value < contentLength.length || value > head) return input;
    let end = value;
    while (isDigit(input[end])) end++;
    return replaced(input, value, end, new TextEncoder().encode(String(input.length - head)));
  }

  /** Repeats one piece until the input is as large as an input may be, or a good deal larger than it was. */
  #grow(input: Uint8Array): Uint8Array {
    const { start, end } = this.#chance.oneIn(2) ? this.#line(input) : this.#stretch(input);
    const piece = input.subarray(start, end);
    if (piece.length === 0) return input;
    const room = Math.max(0, sizeMax - input.length);
    const size = this.#chance.oneIn(2) ? room : Math.min(room, this.#chance.few(8_192));
    const many = new Uint8Array(size - (size % piece.length));
    for (let at = 0; at < many.length; at += piece.length) many.set(piece, at);
    return replaced(input, start, start, many);
  }

  #stretch(input: Uint8Array): { readonly start: number; readonly end: number } {
    const start = this.#chance.below(input.length);
    return { start, end: Math.min(input.length, start + this.#chance.few(24)) };
  }
}

const nothing = new Uint8Array(0);
const crlf = Uint8Array.of(CR, LF);

function replaced(input: Uint8Array, start: number, end: number, piece: Uint8Array): Uint8Array {
  const behind = input.subarray(Math.min(end, input.length));
  const result = new Uint8Array(start + piece.length + behind.length);
  result.set(input.subarray(0, start));
  result.set(piece, start);
  result.set(behind, start + piece.length);
  return result;
}

function lineStarts(input: Uint8Array): number[] {
  const starts = [0];
  for (let at = input.indexOf(LF); at >= 0 && at + 1 < input.length; at = input.indexOf(LF, at + 1))
    starts.push(at + 1);
  return starts;
}

/** Octets through the first empty line, or all there are. */
function headSize(input: Uint8Array): number {
  const end = indexOf(input, Uint8Array.of(CR, LF, CR, LF));
  return end < 0 ? input.length : end + 4;
}

function indexOf(input: Uint8Array, piece: Uint8Array): number {
  return Buffer.from(input.buffer, input.byteOffset, input.length).indexOf(piece);
}

function isDigit(octet: number | undefined): boolean {
  return octet !== undefined && octet >= ZERO && octet <= NINE;
}
