/**
 * The scans over octets that all of the grammar shares. Each takes an offset and a bound, and never reads past the bound.
 *
 * Inside a header value SP, HTAB, CR and LF are all linear white space: the scan of the head has seen to it that CR and LF
 * occur there only in a fold. @see RFC 3261 §25.1
 *
 * What the loops need is private to this file on purpose. A constant that is exported or imported is read from its module's
 * memory at each use, while a private one is compiled in: that takes a quarter off the time of a parse (bench/parse). For the
 * same reason the other files here name the octets that they look for themselves.
 */

/** Sets of octets, as bits of `sets[octet]`. */
const TOKEN = 1;
const HOST = 4;
const IPV6 = 8;
const PARAM = 16;
const VISIBLE = 32;
const URI = 64;
const SCHEME = 128;
const URI_PARAM = 256;
const URI_PARAM_NAME = 512;
const DISPLAY = 1024;

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const DQUOTE = 0x22;
const ZERO = 0x30;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

const sets: Uint16Array = buildSets();

function buildSets(): Uint16Array {
  const built = new Uint16Array(256);
  const digits = '0123456789';
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  for (let octet = 0; octet < 256; octet++) {
    const character = String.fromCharCode(octet);
    const isAny = (members: string): boolean => members.includes(character);
    const visible = octet > 0x20 && octet < 0x7f;
    const uri = octet > 0x20 && octet !== 0x7f && !isAny('"<>');
    const alphanum = isAny(digits + letters);
    built[octet] =
      (alphanum || isAny("-.!%*_+`'~") ? TOKEN : 0) |
      // The underscore is no part of the grammar, but of many networks.
      (alphanum || isAny('-._') ? HOST : 0) |
      (isAny(`${digits}abcdefABCDEF:.`) ? IPV6 : 0) |
      (visible && !isAny(';,="<>') ? PARAM : 0) |
      (visible ? VISIBLE : 0) |
      (uri && octet !== 0x40 ? URI : 0) |
      (alphanum || isAny('+-.') ? SCHEME : 0) |
      (uri && !isAny(';?@') ? URI_PARAM : 0) |
      (uri && !isAny(';?@=') ? URI_PARAM_NAME : 0) |
      // Octets beyond ASCII are no part of the grammar, but of many languages.
      (alphanum || isAny("-.!%*_+`'~ \t\r\n") || octet > 0x7f ? DISPLAY : 0);
  }
  return built;
}

/** True for SP, HTAB, CR and LF. */
export function isLws(octet: number | undefined): boolean {
  return octet === SP || octet === CR || octet === LF || octet === HTAB;
}

/** The first offset in [at, end) that is no linear white space, or `end`. */
export function skipLws(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && isLws(bytes[at])) at++;
  return at;
}

/** The end of [start, end) without the linear white space that it ends in. */
export function trimEnd(bytes: Uint8Array, start: number, end: number): number {
  while (end > start && isLws(bytes[end - 1])) end--;
  return end;
}

/** The offset behind the token at `at`; `at` itself when there is none. */
export function skipToken(bytes: Uint8Array, at: number, end: number): number {
  const table = sets;
  while (at < end && ((table[bytes[at] as number] as number) & TOKEN) !== 0) at++;
  return at;
}

/** The offset behind what a display name without quotes is made of: tokens, white space, octets beyond ASCII. */
export function skipDisplayName(bytes: Uint8Array, at: number, end: number): number {
  const table = sets;
  while (at < end && ((table[bytes[at] as number] as number) & DISPLAY) !== 0) at++;
  return at;
}

/** The offset behind the host name or IPv4 address at `at`; `at` itself when there is none. */
export function skipHostName(bytes: Uint8Array, at: number, end: number): number {
  const table = sets;
  while (at < end && ((table[bytes[at] as number] as number) & HOST) !== 0) at++;
  return at;
}

/** The offset behind the digits, colons and dots of an IPv6 address. */
export function skipIpv6(bytes: Uint8Array, at: number, end: number): number {
  const table = sets;
  while (at < end && ((table[bytes[at] as number] as number) & IPV6) !== 0) at++;
  return at;
}

/** The offset behind what may stand unquoted in a parameter: visible ASCII but for `;` `,` `=` `"` `<` `>`. */
export function skipParam(bytes: Uint8Array, at: number, end: number): number {
  const table = sets;
  while (at < end && ((table[bytes[at] as number] as number) & PARAM) !== 0) at++;
  return at;
}

/** The offset behind visible ASCII. */
export function skipVisible(bytes: Uint8Array, at: number, end: number): number {
  const table = sets;
  while (at < end && ((table[bytes[at] as number] as number) & VISIBLE) !== 0) at++;
  return at;
}

/** The offset behind what may stand in a URI, up to its `@`: no white space, control, quote or angle bracket. */
export function skipUri(bytes: Uint8Array, at: number, end: number): number {
  const table = sets;
  while (at < end && ((table[bytes[at] as number] as number) & URI) !== 0) at++;
  return at;
}

/** The offset of the `;`, `?` or `@` that ends a URI parameter. */
export function skipUriParam(bytes: Uint8Array, at: number, end: number): number {
  const table = sets;
  while (at < end && ((table[bytes[at] as number] as number) & URI_PARAM) !== 0) at++;
  return at;
}

/** The offset of the `=`, `;`, `?` or `@` that ends a URI parameter's name. */
export function skipUriParamName(bytes: Uint8Array, at: number, end: number): number {
  const table = sets;
  while (at < end && ((table[bytes[at] as number] as number) & URI_PARAM_NAME) !== 0) at++;
  return at;
}

/** The offset behind a URI's scheme. */
export function skipScheme(bytes: Uint8Array, at: number, end: number): number {
  const table = sets;
  while (at < end && ((table[bytes[at] as number] as number) & SCHEME) !== 0) at++;
  return at;
}

/** The offset of `octet`, or `end`. */
export function indexOfOctet(bytes: Uint8Array, octet: number, at: number, end: number): number {
  while (at < end && bytes[at] !== octet) at++;
  return at;
}

/** The offset of the colon, white space or control that ends a header's name. */
export function skipHeaderName(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && bytes[at] !== COLON && (bytes[at] as number) > SP) at++;
  return at;
}

/** The first offset in [at, end) that is neither SP nor HTAB, or `end`. */
export function skipBlanks(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
  return at;
}

/** The offset behind the quoted string that begins at `at`, or -1 when nothing closes it. */
export function skipQuoted(bytes: Uint8Array, at: number, end: number): number {
  for (at++; at < end; at++) {
    const octet = bytes[at];
    if (octet === DQUOTE) return at + 1;
    if (octet === BACKSLASH) at++;
  }
  return -1;
}

/** The number that [start, end) spells in digits alone, or -1 when it does not, or is greater than `max`. */
export function parseDecimal(bytes: Uint8Array, start: number, end: number, max: number): number {
  if (start >= end) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
    if (value > max) return -1;
  }
  return value;
}

/** The octets of an ASCII word, to compare with. */
export function word(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** True when [start, end) spells `lower`, a word in lower case, without regard to case. */
export function equalsWord(bytes: Uint8Array, start: number, end: number, lower: Uint8Array): boolean {
  const size = lower.length;
  if (end - start !== size) return false;
  for (let i = 0; i < size; i++) {
    if (lowerCase(bytes[start + i] ?? 0) !== lower[i]) return false;
  }
  return true;
}

/** True when [start, end) holds the same octets as `octets`. */
export function equalsOctets(bytes: Uint8Array, start: number, end: number, octets: Uint8Array): boolean {
  const size = octets.length;
  if (end - start !== size) return false;
  for (let i = 0; i < size; i++) {
    if (bytes[start + i] !== octets[i]) return false;
  }
  return true;
}

/** True when [start, end) spells `text`, which is ASCII, octet for octet. */
export function equalsText(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) {
    if (bytes[start + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** True when [start, end) spells `lower`, ASCII in lower case, without regard to case. */
export function equalsIgnoringCase(bytes: Uint8Array, start: number, end: number, lower: string): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    if (lowerCase(bytes[start + i] ?? 0) !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/** The octet with A–Z mapped to a–z. */
export function lowerCase(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
}

// Without `ignoreBOM` the decoder would swallow a byte order mark that a peer sent.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text of octets [start, end): UTF-8, with U+FFFD for what is none. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  return start < end ? utf8.decode(bytes.subarray(start, end)) : '';
}

/** Four octets as a signed 32-bit number, the lowest first. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
