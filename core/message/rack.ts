import { parseDecimal, skipLws, skipToken, skipVisible } from './bytes.ts';
import { methodOf } from './method.ts';
import type { Presence } from './presence.ts';

/** RAck: which reliable provisional response a PRACK acknowledges. Reused: valid until the next scan. @see RFC 3262 §7.2 */
export class RAckView {
  presence: Presence = 'absent';
  rseq: number = 0;
  cseq: number = 0;
  /** '' when the field is absent or malformed. */
  method: string = '';

  clear(presence: Presence): void {
    this.presence = presence;
    this.rseq = 0;
    this.cseq = 0;
    this.method = '';
  }
}

/** Both numbers are below 2^31 where they come from. @see RFC 3262 §3, RFC 3261 §8.1.1.5 */
const NUMBER_MAX = 0x7fff_ffff;

/** Reads octets [start, end), which are the whole trimmed value, and sets the presence. */
export function parseRAck(bytes: Uint8Array, start: number, end: number, into: RAckView): void {
  into.clear('malformed');
  const rseqEnd = skipVisible(bytes, start, end);
  const cseqStart = skipLws(bytes, rseqEnd, end);
  const cseqEnd = skipVisible(bytes, cseqStart, end);
  const methodStart = skipLws(bytes, cseqEnd, end);
  const rseq = parseDecimal(bytes, start, rseqEnd, NUMBER_MAX);
  const cseq = parseDecimal(bytes, cseqStart, cseqEnd, NUMBER_MAX);
  if (rseq < 0 || cseq < 0 || methodStart === end || skipToken(bytes, methodStart, end) !== end) return;
  into.presence = 'present';
  into.rseq = rseq;
  into.cseq = cseq;
  into.method = methodOf(bytes, methodStart, end);
}
