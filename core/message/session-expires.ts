import { equalsWord, parseDecimal, skipToken, word } from './bytes.ts';
import { ParamCursor } from './params.ts';
import type { Presence } from './presence.ts';
import { Vocabulary } from './vocabulary.ts';

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
const refreshers = new Vocabulary(['uac', 'uas']);
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
  while (cursor.next(bytes, end)) {
    if (equalsWord(bytes, cursor.nameStart, cursor.nameEnd, REFRESHER)) {
      if (refresher !== undefined) return;
      refresher = refresherOf(bytes, cursor.valueStart, cursor.valueEnd);
      if (refresher === undefined) return;
    }
  }
  if (cursor.malformed || cursor.at !== end) return;
  into.presence = 'present';
  into.seconds = seconds;
  into.refresher = refresher;
}

function refresherOf(bytes: Uint8Array, start: number, end: number): Refresher | undefined {
  return refreshers.find(bytes, start, end) || undefined;
}
