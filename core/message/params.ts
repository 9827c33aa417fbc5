import { messageLimits } from '../limits.ts';
import { skipLws, skipParam, skipQuoted } from './bytes.ts';

const COMMA = 0x2c;
const DQUOTE = 0x22;
const EQUAL = 0x3d;
const SEMI = 0x3b;

const COUNT_MAX = messageLimits.paramCount;

/**
 * Walks `;name=value` parameters of a header value, quoted values and white space around the separators included.
 *
 * The walk ends at the end of the value or at a comma that begins the next one: `at` then says where. Elsewhere it ends because the
 * value is malformed, as is one with more than `messageLimits.paramCount` parameters.
 *
 * @see RFC 3261 §25.1 (generic-param)
 */
export class ParamCursor {
  /** Where the next step begins. */
  at: number = 0;
  nameStart: number = 0;
  nameEnd: number = 0;
  /** Empty when there is no value. A quoted value keeps its quotes. */
  valueStart: number = 0;
  valueEnd: number = 0;
  /** True when the value is visible ASCII without quotes, and not empty: it can be copied into a message of ours. */
  plain: boolean = false;
  /** Why `next` found nothing more. */
  malformed: boolean = false;

  #count = 0;

  /** Begins with another value, whose parameters are from `at` on. */
  begin(at: number): void {
    this.at = at;
    this.malformed = false;
    this.#count = 0;
  }

  /** Moves to the next parameter before `end`; false when there is none, or when what is there is none. */
  next(bytes: Uint8Array, end: number): boolean {
    let at = skipLws(bytes, this.at, end);
    this.at = at;
    if (at >= end || bytes[at] === COMMA) return false;
    if (bytes[at] !== SEMI || ++this.#count > COUNT_MAX) return this.#fail();
    const nameStart = skipLws(bytes, at + 1, end);
    let nameEnd = skipParam(bytes, nameStart, end);
    while (nameEnd < end && (bytes[nameEnd] ?? 0) >= NON_ASCII) nameEnd = skipParam(bytes, nameEnd + 1, end);
    if (nameEnd === nameStart) return this.#fail();
    this.nameStart = nameStart;
    this.nameEnd = nameEnd;
    at = skipLws(bytes, nameEnd, end);
    if (at < end && bytes[at] === EQUAL) return this.#value(bytes, skipLws(bytes, at + 1, end), end);
    this.valueStart = nameEnd;
    this.valueEnd = nameEnd;
    this.plain = false;
    this.at = at;
    return true;
  }

  #value(bytes: Uint8Array, start: number, end: number): boolean {
    let at = skipParam(bytes, start, end);
    let plain = true;
    if (at === start && at < end && bytes[at] === DQUOTE) {
      plain = false;
      at = skipQuoted(bytes, at, end);
      if (at < 0) return this.#fail();
    }
    // What vendors' parameters have beside the grammar: octets beyond ASCII, and the equals signs of Base64.
    while (at < end && (bytes[at] === EQUAL || (bytes[at] ?? 0) >= NON_ASCII)) {
      if (bytes[at] !== EQUAL) plain = false;
      at = skipParam(bytes, at + 1, end);
    }
    this.valueStart = start;
    this.valueEnd = at;
    this.plain = plain && at > start;
    this.at = at;
    return true;
  }

  #fail(): boolean {
    this.malformed = true;
    return false;
  }
}

const NON_ASCII = 0x80;
