import { lowerCase, skipToken, word } from './bytes.ts';

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
 * A hash table of spellings: bucket → entry → the next entry of the bucket, 0 for none. The bucket comes from size, first and
 * last octet, so that a look-up compares one spelling, rarely two. Entry `n` has `sizes[n]` octets in lower case from
 * `n * SPELLING_MAX`.
 */
const SPELLING_MAX = 32;
const entryCount = 1 + spellings.reduce((count, [, ...forms]) => count + forms.length, 0);
const buckets: Uint8Array = new Uint8Array(256);
const chain: Uint8Array = new Uint8Array(entryCount);
const ids: Uint8Array = new Uint8Array(entryCount);
const sizes: Uint8Array = new Uint8Array(entryCount);
const octets: Uint8Array = new Uint8Array(entryCount * SPELLING_MAX);
fillTable();

function fillTable(): void {
  let entry = 0;
  for (const [id, ...forms] of spellings) {
    for (const form of forms) {
      entry++;
      const lower = word((form ?? '').toLowerCase());
      const bucket = bucketOf(lower, 0, lower.length);
      chain[entry] = buckets[bucket] ?? 0;
      buckets[bucket] = entry;
      ids[entry] = id;
      sizes[entry] = lower.length;
      octets.set(lower, entry * SPELLING_MAX);
    }
  }
}

function bucketOf(bytes: Uint8Array, start: number, size: number): number {
  return (((bytes[start] ?? 0) | 0x20) * 7 + ((bytes[start + size - 1] ?? 0) | 0x20) * 31 + size * 5) & 0xff;
}

/** The id of the header field that [start, end) names, long or compact, in any case. */
export function headerIdOf(bytes: Uint8Array, start: number, end: number): HeaderId {
  const size = end - start;
  if (size === 0) return HeaderId.Other;
  let entry = buckets[bucketOf(bytes, start, size)] ?? 0;
  while (entry !== 0) {
    if (sizes[entry] === size && spells(bytes, start, size, entry * SPELLING_MAX)) return ids[entry] as HeaderId;
    entry = chain[entry] ?? 0;
  }
  return HeaderId.Other;
}

function spells(bytes: Uint8Array, start: number, size: number, spelling: number): boolean {
  for (let i = 0; i < size; i++) {
    // Among what may end up here, setting 0x20 folds letters and makes nothing else into what our names have: the one
    // octet that it would make a hyphen is CR, and no name reaches over the end of its line.
    if (((bytes[start + i] ?? 0) | 0x20) !== octets[spelling + i]) return false;
  }
  return true;
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
