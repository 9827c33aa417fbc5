import { skipVisible } from './bytes.ts';
import type { Presence } from './presence.ts';

/** A value that is one word, as octets [start, end): Call-ID. Reused: valid until the next scan. */
export class TokenView {
  presence: Presence = 'absent';
  start: number = 0;
  end: number = 0;

  clear(presence: Presence): void {
    this.presence = presence;
    this.start = 0;
    this.end = 0;
  }
}

/**
 * Reads octets [start, end), which are the whole trimmed value, and sets the presence.
 *
 * Any visible ASCII will do: what matters is that it can be copied and compared octet for octet.
 */
export function parseWord(bytes: Uint8Array, start: number, end: number, into: TokenView): void {
  into.clear('malformed');
  if (start === end || skipVisible(bytes, start, end) !== end) return;
  into.presence = 'present';
  into.start = start;
  into.end = end;
}
