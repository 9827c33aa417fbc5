import { messageLimits } from '../limits.ts';
import { skipBlanks, skipHeaderName, skipLws, skipToken, trimEnd } from './bytes.ts';
import { HeaderId, headerIdAt, headerIdCount, headerIdOf, headerNameSize } from './header.ts';
import type { Presence } from './presence.ts';
import { type Refusal, refusals } from './refusal.ts';
import type { Text } from './text.ts';

const COLON = 0x3a;
const CR = 0x0d;
const LF = 0x0a;
const SP = 0x20;

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

  /** The index of the one line with this id; -1 when there is none or more than one, which `view` is then told. */
  only(id: HeaderId, view: { clear(presence: Presence): void }): number {
    const line = this.first(id);
    if (line < 0) {
      view.clear('absent');
      return -1;
    }
    if (this.next(line) < 0) return line;
    view.clear('malformed');
    return -1;
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
    const rows = this.#rows;
    for (let row = 0; row < this.count * ROW_SIZE; row += ROW_SIZE) this.#first[rows[row + ID] ?? OTHER] = -1;
    this.count = 0;
    this.bodyStart = 0;
  }

  /**
   * Indexes the lines from `start` through the empty line, `headEnd` at the furthest.
   *
   * A line that is no header field is left out and refused at the end; a line that CRLF does not end is refused
   * at once, for what stands behind it may be read as another message by the next element.
   */
  scan(text: Text, start: number, headEnd: number, size: number): Refusal | undefined {
    const bytes = text.octets;
    const rows = this.#rows;
    const firsts = this.#first;
    const lasts = this.#last;
    let refusal: Refusal | undefined;
    let count = 0;
    let at = start;
    this.bodyStart = headEnd;
    while (at < headEnd && bytes[at] !== CR && bytes[at] !== LF) {
      let id = headerIdAt(text, at, headEnd);
      let nameEnd = at + headerNameSize(id);
      let colon = nameEnd;
      if (id === OTHER) {
        nameEnd = skipHeaderName(bytes, at, headEnd);
        colon = skipBlanks(bytes, nameEnd, headEnd);
        id = headerIdOf(bytes, at, nameEnd);
      }
      const lineEnd = text.endOfLine(colon, headEnd);
      if (lineEnd < 0) return refusals['line-ending'];
      if (lineEnd === 0) return refusal ?? incomplete(size, headEnd);
      if (bytes[colon] !== COLON || (id === OTHER && !isToken(bytes, at, nameEnd))) {
        refusal ??= refusals['header-line'];
      } else if (count >= COUNT_MAX) {
        refusal ??= refusals['too-many-headers'];
      } else {
        const row = count * ROW_SIZE;
        // Nearly always one space, a value, CRLF.
        let valueStart = colon + 2;
        let valueEnd = lineEnd - 2;
        if (
          bytes[colon + 1] !== SP ||
          !((bytes[valueStart] as number) > SP) ||
          !((bytes[valueEnd - 1] as number) > SP)
        ) {
          valueEnd = trimEnd(bytes, colon + 1, valueEnd);
          valueStart = skipLws(bytes, colon + 1, valueEnd);
        }
        rows[row + ID] = id;
        rows[row + LINE_START] = at;
        rows[row + VALUE_START] = valueStart;
        rows[row + VALUE_END] = valueEnd;
        rows[row + LINE_END] = lineEnd;
        rows[row + NEXT] = -1;
        if ((firsts[id] ?? -1) < 0) firsts[id] = count;
        else rows[(lasts[id] ?? 0) * ROW_SIZE + NEXT] = count;
        lasts[id] = count;
        count++;
        this.count = count;
      }
      at = lineEnd;
    }
    if (at + 1 >= headEnd) return refusal ?? incomplete(size, headEnd);
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return refusals['line-ending'];
    this.bodyStart = at + 2;
    return refusal;
  }
}

function isToken(bytes: Uint8Array, start: number, end: number): boolean {
  return start < end && skipToken(bytes, start, end) === end;
}

/** The head stops short: at the end of the octets, or at our bound. */
function incomplete(size: number, headEnd: number): Refusal {
  return headEnd < size ? refusals['head-too-large'] : refusals['head-incomplete'];
}
