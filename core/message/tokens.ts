import { equalsIgnoringCase, equalsText, indexOfOctet, isLws, trimEnd } from './bytes.ts';

const COMMA = 0x2c;

/**
 * Walks the elements of a comma list of tokens: option tags, methods, recovery actions. Empty elements are passed over.
 *
 * An element is [start, end) without the white space around it; what it is made of is not looked at.
 */
export class TokenCursor {
  at: number = 0;
  start: number = 0;
  end: number = 0;

  /** Moves to the next element before `listEnd`; false when there is none. */
  next(bytes: Uint8Array, listEnd: number): boolean {
    let at = this.at;
    while (at < listEnd && (bytes[at] === COMMA || isLws(bytes[at]))) at++;
    this.start = at;
    at = indexOfOctet(bytes, COMMA, at, listEnd);
    this.at = at;
    this.end = trimEnd(bytes, this.start, at);
    return this.start < this.end;
  }
}

const cursor = new TokenCursor();

/** True when `token` is an element of the list in [start, end): octet for octet, or without regard to case if it is in lower case. */
export function listHasToken(bytes: Uint8Array, start: number, end: number, token: string, exact: boolean): boolean {
  cursor.at = start;
  while (cursor.next(bytes, end)) {
    const same = exact
      ? equalsText(bytes, cursor.start, cursor.end, token)
      : equalsIgnoringCase(bytes, cursor.start, cursor.end, token);
    if (same) return true;
  }
  return false;
}
