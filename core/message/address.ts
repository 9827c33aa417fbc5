import { equalsWord, skipDisplayName, skipLws, skipParam, skipQuoted, trimEnd, word } from './bytes.ts';
import { ParamCursor } from './params.ts';
import type { Presence } from './presence.ts';
import { clearSpan, emptySpan, type Span, setSpan } from './span.ts';
import { Vocabulary } from './vocabulary.ts';

const COLON = 0x3a;
const COMMA = 0x2c;
const DQUOTE = 0x22;
const LAQUOT = 0x3c;
const QUESTION = 0x3f;
const RAQUOT = 0x3e;
const SEMI = 0x3b;
const SP = 0x20;

/**
 * A name-addr or addr-spec with the header's own parameters: From, To, Contact, one Route. Reused: valid until the next scan.
 *
 * @see RFC 3261 §20.10, §25.1
 */
export class AddressView {
  presence: Presence = 'absent';
  /** Without the angle brackets; empty for Contact's `*`. */
  readonly uri: Span = emptySpan();
  /** Value of the `tag` parameter; empty when there is none. */
  readonly tag: Span = emptySpan();
  /** The whole value, from the display name through the last parameter, without the white space around it. */
  readonly value: Span = emptySpan();
  /** As written: a quoted one keeps its quotes and escapes. Empty when there is none. */
  readonly display: Span = emptySpan();
  /** The header's parameters, from their first semicolon; empty when there are none. */
  readonly params: Span = emptySpan();
  /** True for `<…>`: only then may the URI have parameters of its own. */
  bracketed: boolean = false;

  clear(presence: Presence): void {
    this.presence = presence;
    clearSpan(this.uri);
    clearSpan(this.tag);
    clearSpan(this.value);
    clearSpan(this.display);
    clearSpan(this.params);
    this.bracketed = false;
  }
}

const tagParam: Vocabulary<string> = new Vocabulary([';tag=']);
const TAG_PARAM_SIZE = 5;
const TAG = word('tag');
const cursor = new ParamCursor();

/**
 * Reads the first address of [start, end) into `into`, whose presence it leaves to the caller.
 *
 * Gives the offset of the comma behind it, or `end`, or -1 when the address breaks the grammar. The URI's own grammar is
 * not looked at, only where it begins and ends.
 */
export function parseAddress(bytes: Uint8Array, start: number, end: number, into: AddressView): number {
  const first = skipLws(bytes, start, end);
  clearSpan(into.tag);
  clearSpan(into.display);
  clearSpan(into.params);
  const open = findAngle(bytes, first, end);
  if (open === NO_ANGLE_BEHIND_QUOTES) return -1;
  into.bracketed = open >= 0;
  const next = open >= 0 ? parseNameAddr(bytes, first, open, end, into) : parseAddrSpec(bytes, first, end, into);
  if (next < 0) return -1;
  if (next === end) {
    setSpan(into.value, first, end);
    return end;
  }
  return takeTag(bytes, first, next, end, into) ? end : parseParams(bytes, first, next, end, into);
}

const NO_ANGLE = -1;
const NO_ANGLE_BEHIND_QUOTES = -2;

/** The offset of the `<` that makes it a name-addr. */
function findAngle(bytes: Uint8Array, start: number, end: number): number {
  if (start < end && bytes[start] === DQUOTE) {
    const closed = skipQuoted(bytes, start, end);
    const open = closed < 0 ? end : skipLws(bytes, closed, end);
    return open < end && bytes[open] === LAQUOT ? open : NO_ANGLE_BEHIND_QUOTES;
  }
  const open = skipDisplayName(bytes, start, end);
  return open < end && bytes[open] === LAQUOT ? open : NO_ANGLE;
}

function parseNameAddr(bytes: Uint8Array, start: number, open: number, end: number, into: AddressView): number {
  if (open > start) setSpan(into.display, start, trimEnd(bytes, start, open));
  let close = open + 1;
  // Nothing of these stands in a URI. Comparing finds them quicker than the set of bytes.ts.
  while (close < end && bytes[close] !== RAQUOT) {
    if ((bytes[close] ?? 0) <= SP || bytes[close] === LAQUOT || bytes[close] === DQUOTE) return -1;
    close++;
  }
  setSpan(into.uri, open + 1, close);
  return close === end || close === open + 1 ? -1 : close + 1;
}

function parseAddrSpec(bytes: Uint8Array, start: number, end: number, into: AddressView): number {
  let at = start;
  let hasColon = false;
  // A question mark would need the brackets, too. @see RFC 3261 §20
  while (at < end && bytes[at] !== SEMI && bytes[at] !== COMMA && bytes[at] !== QUESTION && (bytes[at] ?? 0) > SP) {
    // An angle bracket behind what is no display name, such as `a/b<sip:c@d>`, would become a part of the URI.
    if (bytes[at] === LAQUOT || bytes[at] === RAQUOT || bytes[at] === DQUOTE) return -1;
    if (bytes[at] === COLON) hasColon = true;
    at++;
  }
  setSpan(into.uri, start, at);
  return hasColon ? at : -1;
}

/** `;tag=` with a value up to the end: nearly always what From and To have there. */
function takeTag(bytes: Uint8Array, start: number, paramsStart: number, end: number, into: AddressView): boolean {
  const valueStart = paramsStart + TAG_PARAM_SIZE;
  if (tagParam.indexAt(bytes, paramsStart, end) < 0 || valueStart === end || skipParam(bytes, valueStart, end) !== end)
    return false;
  setSpan(into.tag, valueStart, end);
  setSpan(into.params, paramsStart, end);
  setSpan(into.value, start, end);
  return true;
}

function parseParams(bytes: Uint8Array, start: number, paramsStart: number, end: number, into: AddressView): number {
  cursor.begin(paramsStart);
  while (cursor.next(bytes, end)) {
    if (equalsWord(bytes, cursor.nameStart, cursor.nameEnd, TAG)) {
      // Two tags would let two readers see two dialogs.
      if (into.tag.end !== 0 || !cursor.plain) return -1;
      setSpan(into.tag, cursor.valueStart, cursor.valueEnd);
    }
  }
  if (cursor.malformed) return -1;
  const valueEnd = trimEnd(bytes, paramsStart, cursor.at);
  if (valueEnd > paramsStart) setSpan(into.params, skipLws(bytes, paramsStart, valueEnd), valueEnd);
  setSpan(into.value, start, valueEnd);
  return cursor.at;
}
