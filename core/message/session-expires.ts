import { equalsWord, parseDecimal, skipToken, word } from './bytes.ts';
import { ParamCursor } from './params.ts';
import type { Presence } from './presence.ts';

export type Refresher = 'uac' | 'uas';

/** Session-Expires. Reused: valid until the next scan. @see RFC 4028 §4 */
export class SessionExpiresView {
  presence: Presence = 'absent';
  seconds: number = 0;
  refresher: Refresher | undefined = undefined;

  clear(presence: Presence): void {
    this.presence = presence;
    this.seconds = 0;
    this.refresher = undefined;
  }
}

const REFRESHER = word('refresher');
const UAC = word('uac');
const UAS = word('uas');
const cursor = new ParamCursor();

/** Reads octets [start, end), which are the whole trimmed value, and sets the presence. */
export function parseSessionExpires(
  bytes: Uint8Array,
  start: number,
  end: number,
  secondsMax: number,
  into: SessionExpiresView,
): void {
  into.clear('malformed');
  const secondsEnd = skipToken(bytes, start, end);
  const seconds = parseDecimal(bytes, start, secondsEnd, secondsMax);
  if (seconds < 0) return;
  let refresher: Refresher | undefined;
  cursor.begin(secondsEnd);
  let step = cursor.next(bytes, end);
  while (step === 'param') {
    if (equalsWord(bytes, cursor.nameStart, cursor.nameEnd, REFRESHER)) {
      if (refresher !== undefined) return;
      refresher = refresherOf(bytes, cursor.valueStart, cursor.valueEnd);
      if (refresher === undefined) return;
    }
    step = cursor.next(bytes, end);
  }
  if (step === 'malformed') return;
  if (cursor.at !== end) return;
  into.presence = 'present';
  into.seconds = seconds;
  into.refresher = refresher;
}

function refresherOf(bytes: Uint8Array, start: number, end: number): Refresher | undefined {
  if (equalsWord(bytes, start, end, UAC)) return 'uac';
  return equalsWord(bytes, start, end, UAS) ? 'uas' : undefined;
}
