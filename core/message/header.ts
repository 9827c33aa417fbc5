import { lowerCase, skipToken, word, wordAt } from './bytes.ts';
import type { Text } from './text.ts';
import { Vocabulary } from './vocabulary.ts';

/** The header fields that we know, as small integers; every other one is `Other`. */
export const HeaderId = {
  Other: 0,
  Via: 1,
  From: 2,
  To: 3,
  CallId: 4,
  CSeq: 5,
  Contact: 6,
  Route: 7,
  RecordRoute: 8,
  MaxForwards: 9,
  Supported: 10,
  Require: 11,
  ProxyRequire: 12,
  Allow: 13,
  ContentType: 14,
  ContentLength: 15,
  Expires: 16,
  SessionExpires: 17,
  MinSe: 18,
  RetryAfter: 19,
  PDialogRecoveryAction: 20,
  Event: 21,
  RAck: 22,
  RSeq: 23,
  Replaces: 24,
  Reason: 25,
  Server: 26,
  UserAgent: 27,
  Warning: 28,
  Unsupported: 29,
  Timestamp: 30,
  ContentEncoding: 31,
  ContentDisposition: 32,
  Accept: 33,
  Subject: 34,
  ReferTo: 35,
  ReferredBy: 36,
  AllowEvents: 37,
  SubscriptionState: 38,
  Authorization: 39,
  ProxyAuthorization: 40,
  WwwAuthenticate: 41,
  ProxyAuthenticate: 42,
  Path: 43,
  ServiceRoute: 44,
  MinExpires: 45,
  Date: 46,
  Priority: 47,
  ResourcePriority: 48,
} as const;

export type HeaderId = (typeof HeaderId)[keyof typeof HeaderId];

/** How many ids there are; they run from 0. */
export const headerIdCount: number = Object.keys(HeaderId).length;

/** Name and compact form of each id. @see RFC 3261 §7.3.3 and the registry that it began */
const spellings: readonly (readonly [id: HeaderId, name: string, compact?: string])[] = [
  [HeaderId.Via, 'Via', 'v'],
  [HeaderId.From, 'From', 'f'],
  [HeaderId.To, 'To', 't'],
  [HeaderId.CallId, 'Call-ID', 'i'],
  [HeaderId.CSeq, 'CSeq'],
  [HeaderId.Contact, 'Contact', 'm'],
  [HeaderId.Route, 'Route'],
  [HeaderId.RecordRoute, 'Record-Route'],
  [HeaderId.MaxForwards, 'Max-Forwards'],
  [HeaderId.Supported, 'Supported', 'k'],
  [HeaderId.Require, 'Require'],
  [HeaderId.ProxyRequire, 'Proxy-Require'],
  [HeaderId.Allow, 'Allow'],
  [HeaderId.ContentType, 'Content-Type', 'c'],
  [HeaderId.ContentLength, 'Content-Length', 'l'],
  [HeaderId.Expires, 'Expires'],
  [HeaderId.SessionExpires, 'Session-Expires', 'x'],
  [HeaderId.MinSe, 'Min-SE'],
  [HeaderId.RetryAfter, 'Retry-After'],
  [HeaderId.PDialogRecoveryAction, 'P-Dialog-Recovery-Action'],
  [HeaderId.Event, 'Event', 'o'],
  [HeaderId.RAck, 'RAck'],
  [HeaderId.RSeq, 'RSeq'],
  [HeaderId.Replaces, 'Replaces'],
  [HeaderId.Reason, 'Reason'],
  [HeaderId.Server, 'Server'],
  [HeaderId.UserAgent, 'User-Agent'],
  [HeaderId.Warning, 'Warning'],
  [HeaderId.Unsupported, 'Unsupported'],
  [HeaderId.Timestamp, 'Timestamp'],
  [HeaderId.ContentEncoding, 'Content-Encoding', 'e'],
  [HeaderId.ContentDisposition, 'Content-Disposition'],
  [HeaderId.Accept, 'Accept'],
  [HeaderId.Subject, 'Subject', 's'],
  [HeaderId.ReferTo, 'Refer-To', 'r'],
  [HeaderId.ReferredBy, 'Referred-By', 'b'],
  [HeaderId.AllowEvents, 'Allow-Events', 'u'],
  [HeaderId.SubscriptionState, 'Subscription-State'],
  [HeaderId.Authorization, 'Authorization'],
  [HeaderId.ProxyAuthorization, 'Proxy-Authorization'],
  [HeaderId.WwwAuthenticate, 'WWW-Authenticate'],
  [HeaderId.ProxyAuthenticate, 'Proxy-Authenticate'],
  [HeaderId.Path, 'Path'],
  [HeaderId.ServiceRoute, 'Service-Route'],
  [HeaderId.MinExpires, 'Min-Expires'],
  [HeaderId.Date, 'Date'],
  [HeaderId.Priority, 'Priority'],
  [HeaderId.ResourcePriority, 'Resource-Priority'],
];

const names: readonly string[] = buildNames();

function buildNames(): string[] {
  const result = new Array<string>(headerIdCount).fill('');
  for (const [id, name] of spellings) result[id] = name;
  return result;
}

/** The name of a known header field in its usual spelling; '' for `Other`. */
export function headerName(id: HeaderId): string {
  return names[id] ?? '';
}

/**
 * A hash table of names, each with its colon, by their first four octets: bucket → row → the next row of that bucket, 0 for none. A
 * row has the octets by four, the last four from the end, each four with the bits that tell their small letters from capitals.
 *
 * It is a `Vocabulary` for this one use: of the names that a message has, most are found here, without a search for their end.
 */
const ROW_SIZE = 20;
const NEXT = 0;
const ID = 1;
const LAST = 2;
const FOURS = 4;
const BUCKET_COUNT = 256;
const table: Int32Array = new Int32Array(BUCKET_COUNT + spellings.length * ROW_SIZE);
spellings.toReversed().forEach(([id, name], index) => {
  addName(id, `${name.toLowerCase()}:`, BUCKET_COUNT + index * ROW_SIZE);
});

function addName(id: HeaderId, name: string, row: number): void {
  const octets = word(name);
  if (octets.length < 4) return;
  const caseBits = octets.map((octet) => (octet < 0x61 ? 0 : 0x20));
  const bucket = bucketOf(wordAt(octets, 0));
  const last = octets.length - 4;
  table[row + NEXT] = table[bucket] as number;
  table[row + ID] = id;
  table[row + LAST] = last;
  table[bucket] = row;
  for (let at = 0; at < last + 4; at += 4) {
    const from = Math.min(at, last);
    table[row + FOURS + at / 2] = wordAt(octets, from);
    table[row + FOURS + at / 2 + 1] = wordAt(caseBits, from);
  }
}

function bucketOf(four: number): number {
  return Math.imul(four | 0x2020_2020, 0x9e37_79b1) >>> 24;
}

/** `to:`, which is too short for the table, and the bits that count of its three octets. */
const TO = 0x003a_6f74;
const TO_CASE = 0x0000_2020;
const THREE = 0x00ff_ffff;

/**
 * The id of the header field that the line at `at` begins with, where its full name has its colon right behind it, as nearly always.
 * `Other` says nothing, but that somebody has to look closer.
 */
export function headerIdAt(text: Text, at: number, end: number): HeaderId {
  const first = text.fourAt(at);
  if (((first & THREE) | TO_CASE) === TO && at + 3 <= end) return HeaderId.To;
  let row = table[bucketOf(first)] as number;
  while (row !== 0) {
    if ((first | (table[row + FOURS + 1] as number)) === table[row + FOURS] && spellsRest(text, at, row)) {
      return at + (table[row + LAST] as number) + 4 <= end ? (table[row + ID] as HeaderId) : HeaderId.Other;
    }
    row = table[row + NEXT] as number;
  }
  return HeaderId.Other;
}

/** True when the octets at `at`, whose first four are those of `row`, go on like it. */
function spellsRest(text: Text, at: number, row: number): boolean {
  const last = table[row + LAST] as number;
  if (last === 0) return true;
  let fours = row + FOURS + 2;
  for (let from = 4; from < last; from += 4) {
    if ((text.fourAt(at + from) | (table[fours + 1] as number)) !== table[fours]) return false;
    fours += 2;
  }
  return (text.fourAt(at + last) | (table[fours + 1] as number)) === table[fours];
}

const forms: readonly (readonly [id: HeaderId, form: string])[] = spellings.flatMap(([id, ...names]) =>
  names.map((name) => [id, (name ?? '').toLowerCase()] as const),
);
const ids: Uint8Array = Uint8Array.from(forms, ([id]) => id);
const vocabulary: Vocabulary<string> = new Vocabulary(forms.map(([, form]) => form));

/** The id of the header field that [start, end) names, long or compact, in any case. */
export function headerIdOf(bytes: Uint8Array, start: number, end: number): HeaderId {
  const index = vocabulary.indexOf(bytes, start, end);
  return index < 0 ? HeaderId.Other : (ids[index] as HeaderId);
}

const nameSizes: Uint8Array = Uint8Array.from(names, ({ length }) => length);

/** How many octets the full name of a known header field has. */
export function headerNameSize(id: HeaderId): number {
  return nameSizes[id] ?? 0;
}

const encoder = new TextEncoder();

/** The id of the header field called `name`, long or compact, in any case. */
export function headerIdOfName(name: string): HeaderId {
  if (!isHeaderName(name)) return HeaderId.Other;
  const bytes = encoder.encode(name);
  return headerIdOf(bytes, 0, bytes.length);
}

/** True when `name` may name a header field: a token. */
export function isHeaderName(name: string): boolean {
  const bytes = encoder.encode(name);
  return bytes.length > 0 && skipToken(bytes, 0, bytes.length) === bytes.length;
}

/** True when `value` may stand behind a header name: it cannot begin another line, nor end the head. */
export function isHeaderValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (unit === 0x0d || unit === 0x0a || unit === 0) return false;
  }
  return true;
}

/** True when two names name the same header field: case does not count. */
export function sameHeaderName(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (lowerCase(a.charCodeAt(i)) !== lowerCase(b.charCodeAt(i))) return false;
  }
  return true;
}
