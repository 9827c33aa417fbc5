import { parseDecimal, skipLws, skipToken } from './bytes.ts';
import type { Presence } from './presence.ts';

const LPAREN = 0x28;
const SEMI = 0x3b;

/** A header field that is one number, with or without parameters. Reused: valid until the next scan. */
export class NumberView {
  presence: Presence = 'absent';
  value: number = 0;

  clear(presence: Presence): void {
    this.presence = presence;
    this.value = 0;
  }
}

/**
 * Reads the number that the trimmed value [start, end) begins with, and sets the presence. Parameters and a comment behind
 * it are passed over unread; a number above `max` is malformed.
 */
export function parseNumber(bytes: Uint8Array, start: number, end: number, max: number, into: NumberView): void {
  into.clear('malformed');
  const numberEnd = skipToken(bytes, start, end);
  const value = parseDecimal(bytes, start, numberEnd, max);
  const behind = skipLws(bytes, numberEnd, end);
  if (value < 0 || (behind < end && bytes[behind] !== SEMI && bytes[behind] !== LPAREN)) return;
  into.presence = 'present';
  into.value = value;
}
