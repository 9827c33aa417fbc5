import { parseDecimal, skipLws, skipToken } from './bytes.ts';
import { ParamCursor } from './params.ts';
import type { Presence } from './presence.ts';

const BACKSLASH = 0x5c;
const LPAREN = 0x28;
const RPAREN = 0x29;

/** A header field that is one number. Reused: valid until the next scan. */
export class NumberView {
  presence: Presence = 'absent';
  value: number = 0;

  clear(presence: Presence): void {
    this.presence = presence;
    this.value = 0;
  }
}

/** What may stand behind the number; it is passed over. */
export type NumberTail = 'nothing' | 'params' | 'comment and params';

const cursor = new ParamCursor();

/**
 * Reads the number that the trimmed value [start, end) begins with, and sets the presence. A number above `max` is malformed, and
 * so is any other tail.
 */
export function parseNumber(
  bytes: Uint8Array,
  start: number,
  end: number,
  max: number,
  tail: NumberTail,
  into: NumberView,
): void {
  into.clear('malformed');
  const numberEnd = skipToken(bytes, start, end);
  const value = parseDecimal(bytes, start, numberEnd, max);
  if (value < 0 || (numberEnd < end && !isTail(bytes, numberEnd, end, tail))) return;
  into.presence = 'present';
  into.value = value;
}

function isTail(bytes: Uint8Array, start: number, end: number, tail: NumberTail): boolean {
  if (tail === 'nothing') return false;
  const paramsStart = tail === 'params' ? start : skipComment(bytes, skipLws(bytes, start, end), end);
  if (paramsStart < 0) return false;
  cursor.begin(paramsStart);
  while (cursor.next(bytes, end));
  return !cursor.malformed && cursor.at === end;
}

/** The offset behind the comment at `at`, `at` itself where there is none, -1 where nothing closes it. @see RFC 3261 §25.1 */
function skipComment(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0;
  for (let next = at; next < end; next++) {
    const octet = bytes[next];
    if (octet === LPAREN) depth++;
    else if (octet === RPAREN) depth--;
    else if (octet === BACKSLASH) next++;
    if (depth === 0) return octet === RPAREN ? next + 1 : at;
  }
  return depth === 0 ? at : -1;
}
