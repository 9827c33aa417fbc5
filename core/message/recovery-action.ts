import { equalsWord, skipToken, word } from './bytes.ts';
import type { Presence } from './presence.ts';
import { TokenCursor } from './tokens.ts';

/**
 * P-Dialog-Recovery-Action, all of its lines together. Reused: valid until the next scan.
 *
 * Which of the actions together mean what is the reader's to say.
 *
 * @see MS-SIPRE §2.2.18
 */
export class RecoveryActionView {
  presence: Presence = 'absent';
  /** Registration-Route-Set-Update is among the actions. */
  registration: boolean = false;
  /** Dialog-Route-Set-Update is. */
  dialog: boolean = false;
  /** Wait-For-Session-Update is. */
  wait: boolean = false;
  /** An action that we do not know is. */
  other: boolean = false;

  clear(presence: Presence): void {
    this.presence = presence;
    this.registration = false;
    this.dialog = false;
    this.wait = false;
    this.other = false;
  }
}

const REGISTRATION = word('registration-route-set-update');
const DIALOG = word('dialog-route-set-update');
const WAIT = word('wait-for-session-update');
const cursor = new TokenCursor();

/** Adds the actions of one line's value [start, end) to `into`; false when the line breaks the grammar. */
export function addRecoveryActions(bytes: Uint8Array, start: number, end: number, into: RecoveryActionView): boolean {
  cursor.at = start;
  let count = 0;
  while (cursor.next(bytes, end)) {
    const { start: from, end: to } = cursor;
    if (skipToken(bytes, from, to) !== to) return false;
    if (equalsWord(bytes, from, to, DIALOG)) into.dialog = true;
    else if (equalsWord(bytes, from, to, REGISTRATION)) into.registration = true;
    else if (equalsWord(bytes, from, to, WAIT)) into.wait = true;
    else into.other = true;
    count++;
  }
  return count > 0;
}
