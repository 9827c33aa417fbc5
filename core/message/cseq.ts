import { parseDecimal, skipLws, skipToken, skipVisible } from './bytes.ts';
import { methodOf } from './method.ts';
import type { Presence } from './presence.ts';

/** CSeq. Reused: valid until the next scan. @see RFC 3261 §20.16 */
export class CSeqView {
  presence: Presence = 'absent';
  /** Below 2^31. */
  number: number = 0;
  /** '' when the field is absent or malformed. */
  method: string = '';

  clear(presence: Presence): void {
    this.presence = presence;
    this.number = 0;
    this.method = '';
  }
}

/** RFC 3261 §8.1.1.5: less than 2^31. */
const NUMBER_MAX = 0x7fff_ffff;

/** Reads octets [start, end), which are the whole trimmed value, and sets the presence. */
export function parseCSeq(bytes: Uint8Array, start: number, end: number, into: CSeqView): void {
  into.clear('malformed');
  const numberEnd = skipVisible(bytes, start, end);
  const number = parseDecimal(bytes, start, numberEnd, NUMBER_MAX);
  const methodStart = skipLws(bytes, numberEnd, end);
  if (number < 0 || methodStart === end || skipToken(bytes, methodStart, end) !== end) return;
  into.presence = 'present';
  into.number = number;
  into.method = methodOf(bytes, methodStart, end);
}
