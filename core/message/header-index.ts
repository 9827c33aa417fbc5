import { messageLimits } from '../limits.ts';
import { endOfLine, skipBlanks, skipHeaderName, skipLws, skipToken, trimEnd } from './bytes.ts';
import { HeaderId, headerIdCount, headerIdOf } from './header.ts';
import { type Refusal, refusals } from './refusal.ts';

const COLON = 0x3a;
const CR = 0x0d;
const LF = 0x0a;

const ROW_SIZE = 6;
const ID = 0;
const LINE_START = 1;
const VALUE_START = 2;
const VALUE_END = 3;
const LINE_END = 4;
const NEXT = 5;
const OTHER = HeaderId.Other;
const COUNT_MAX = messageLimits.headerCount;

/**
 * Where the header lines of one message are, found in one pass over its octets and reused for the next message.
 *
 * A line is a row of six integers; lines of one id are chained, so that asking for an id searches nothing:
 *
 *     first[id] ─▶ row: id │ line start │ value start │ value end │ line end │ next row of this id ─▶ …
 *
 * A folded line is one line. The value comes without the white space around it, the line with its CRLF.
 */
export class HeaderIndex {
  /** How many lines there are. */
  count: number = 0;
  /** Behind the empty line; where the scan stopped, if it was refused. */
  bodyStart: number = 0;
  readonly #rows: Int32Array = new Int32Array(ROW_SIZE * COUNT_MAX);
  readonly #first: Int32Array = new Int32Array(headerIdCount).fill(-1);
  readonly #last: Int32Array = new Int32Array(headerIdCount).fill(-1);

  /** Index of the first line with this id, -1 if there is none. */
  first(id: HeaderId): number {
    return this.#first[id] ?? -1;
  }

  /** Index of the next line with the same id, -1 if there is none. */
  next(index: number): number {
    return this.#rows[index * ROW_SIZE + NEXT] ?? -1;
  }

  id(index: number): HeaderId {
    return (this.#rows[index * ROW_SIZE + ID] ?? OTHER) as HeaderId;
  }

  lineStart(index: number): number {
    return this.#rows[index * ROW_SIZE + LINE_START] ?? 0;
  }

  valueStart(index: number): number {
    return this.#rows[index * ROW_SIZE + VALUE_START] ?? 0;
  }

  valueEnd(index: number): number {
    return this.#rows[index * ROW_SIZE + VALUE_END] ?? 0;
  }

  lineEnd(index: number): number {
    return this.#rows[index * ROW_SIZE + LINE_END] ?? 0;
  }

  /** Forgets every line. */
  clear(): void {
    this.count = 0;
    this.bodyStart = 0;
    this.#first.fill(-1);
  }

  /**
   * Indexes the lines from `start` through the empty line, `headEnd` at the furthest.
   *
   * A line that is no header field is left out and refused at the end; a line that CRLF does not end is refused
   * at once, for what stands behind it may be read as another message by the next element.
   */
  scan(bytes: Uint8Array, start: number, headEnd: number): Refusal | undefined {
    let refusal: Refusal | undefined;
    let at = start;
    this.bodyStart = headEnd;
    while (at < headEnd && bytes[at] !== CR && bytes[at] !== LF) {
      const nameEnd = skipHeaderName(bytes, at, headEnd);
      const colon = bytes[nameEnd] === COLON ? nameEnd : skipBlanks(bytes, nameEnd, headEnd);
      const lineEnd = endOfLine(bytes, colon, headEnd);
      if (lineEnd < 0) return refusals['line-ending'];
      if (lineEnd === 0) return refusal ?? incomplete(bytes, headEnd);
      const fault =
        bytes[colon] === COLON ? this.#add(bytes, at, nameEnd, colon + 1, lineEnd) : refusals['header-line'];
      refusal ??= fault;
      at = lineEnd;
    }
    if (at + 1 >= headEnd) return refusal ?? incomplete(bytes, headEnd);
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return refusals['line-ending'];
    this.bodyStart = at + 2;
    return refusal;
  }

  #add(bytes: Uint8Array, start: number, nameEnd: number, afterColon: number, lineEnd: number): Refusal | undefined {
    const id = headerIdOf(bytes, start, nameEnd);
    if (id === OTHER && (start === nameEnd || skipToken(bytes, start, nameEnd) !== nameEnd)) {
      return refusals['header-line'];
    }
    const index = this.count;
    if (index >= COUNT_MAX) return refusals['too-many-headers'];
    this.count = index + 1;
    const rows = this.#rows;
    const row = index * ROW_SIZE;
    const valueEnd = trimEnd(bytes, afterColon, lineEnd - 2);
    rows[row + ID] = id;
    rows[row + LINE_START] = start;
    rows[row + VALUE_START] = skipLws(bytes, afterColon, valueEnd);
    rows[row + VALUE_END] = valueEnd;
    rows[row + LINE_END] = lineEnd;
    rows[row + NEXT] = -1;
    const last = this.#last;
    if ((this.#first[id] ?? -1) < 0) this.#first[id] = index;
    else rows[(last[id] ?? 0) * ROW_SIZE + NEXT] = index;
    last[id] = index;
    return undefined;
  }
}

/** The head stops short: at the end of the octets, or at our bound. */
function incomplete(bytes: Uint8Array, headEnd: number): Refusal {
  return headEnd < bytes.length ? refusals['head-too-large'] : refusals['head-incomplete'];
}
