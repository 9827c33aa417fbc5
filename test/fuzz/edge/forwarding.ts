import type { Address } from '../../../core/contract.ts';
import { HeaderId } from '../../../core/message/header.ts';
import { Message } from '../../../core/message/message.ts';
import { UriList } from '../../../core/message/uri-list.ts';
import { octetsText } from '../octets-text.ts';
import { check, same } from '../target.ts';
import { linesOf, spanOctets, viaWithoutSource } from '../written.ts';
import { edgeHost, edgeHost6 } from './edge-parties.ts';

/** What an edge adds to a request at most: a Via, two Record-Routes with tokens, the received of another's Via. */
const addedSizeMax = 800;

const usualMaxForwards = 70;

/** Methods that are known not to make a dialog, nor to refresh its target: all others are recorded. @see RFC 3261 §16.6 (4) */
const unrecorded = new Set(['ACK', 'BYE', 'CANCEL', 'INFO', 'MESSAGE', 'OPTIONS', 'PRACK', 'PUBLISH', 'REGISTER']);

const before = new Message();
const after = new Message();
const list = new UriList();

/** A request that came, where from, and what became of it. */
export interface Forwarding {
  readonly came: Uint8Array;
  readonly from: Address;
  readonly went: Uint8Array;
  readonly to: Address;
}

/** Sees that a request was forwarded as a proxy forwards one, and nothing else of it was touched. @see RFC 3261 §16.6 */
export function checkRequest({ came, from, went, to }: Forwarding): void {
  const detail = (): string => `${octetsText(came)}\n→ ${octetsText(went)}`;
  check(before.scan(came) === undefined, 'what is forwarded is a good message', detail);
  check(after.scan(went) === undefined, 'what is forwarded stays a good message', detail);
  check(after.method === before.method, 'a method stays', detail);
  check(went.length <= came.length + addedSizeMax, 'little is added to a request', detail);
  same(spanOctets(after, after.body), spanOctets(before, before.body), 'a body stays');
  check(after.size === went.length, 'a forwarded request ends with its body', detail);
  checkMaxForwards(detail);
  checkVias(from, detail);
  checkRecordRoute(detail);
  checkRoute(detail);
  checkLength(to, detail);
  const others = (message: Message): string => otherLines(message, changedByRequests);
  same(others(after), others(before), 'other lines stay as they are, and in their order');
}

/** Sees that a response was forwarded without its topmost Via, and nothing else of it was touched. @see RFC 3261 §16.7, §16.11 */
export function checkResponse({ came, went, to }: Forwarding): void {
  const detail = (): string => `${octetsText(came)}\n→ ${octetsText(went)}`;
  check(before.scan(came) === undefined, 'what is forwarded is a good message', detail);
  check(after.scan(went) === undefined, 'what is forwarded stays a good message', detail);
  same(firstLine(after), firstLine(before), 'a status line stays');
  same(spanOctets(after, after.body), spanOctets(before, before.body), 'a body stays');
  same(viasBehind(after, undefined), viasBehind(before, before.via.value.end), 'a response loses one Via');
  checkLength(to, detail);
  const others = (message: Message): string => otherLines(message, changedByResponses);
  same(others(after), others(before), 'other lines stay as they are, and in their order');
}

const changedByResponses: ReadonlySet<HeaderId> = new Set([HeaderId.Via, HeaderId.ContentLength]);
const changedByRequests: ReadonlySet<HeaderId> = new Set([
  ...changedByResponses,
  HeaderId.MaxForwards,
  HeaderId.Route,
  HeaderId.RecordRoute,
]);

function checkMaxForwards(detail: () => string): void {
  const { maxForwards } = before;
  const left = maxForwards.presence === 'absent' ? usualMaxForwards : maxForwards.value - 1;
  check(maxForwards.presence !== 'malformed' && left >= 0, 'a request with no hop left goes no further', detail);
  const line = after.first(HeaderId.MaxForwards);
  check(line >= 0 && after.next(line) < 0, 'a request has one Max-Forwards', detail);
  check(after.maxForwards.value === left, 'Max-Forwards goes down by one', detail);
}

function checkVias(from: Address, detail: () => string): void {
  const { via } = after;
  const host = spanOctets(after, via.host);
  check(host === edgeHost || host === edgeHost6, 'the topmost Via is ours', detail);
  check(/^z9hG4bK[0-9a-v]{20,}$/.test(spanOctets(after, via.branch)), 'the topmost Via has a branch of ours', detail);
  check(after.secondVia.presence === 'present', 'the Via of who was before us is the second one', detail);
  const theirs = before.via;
  const second = after.secondVia;
  same(viaWithoutSource(after, second), viaWithoutSource(before, theirs), 'a Via keeps what a server does not change');
  const asked = theirs.rport && theirs.rportPort === 0;
  const isOther = asked || spanOctets(before, theirs.host).toLowerCase() !== from.host;
  same(spanOctets(after, second.received), isOther ? from.host : '', 'received says where a request came from');
  check(second.rportPort === (asked ? from.port : theirs.rportPort), 'rport says where a request came from', detail);
  same(viasBehind(after, second.value.end), viasBehind(before, theirs.value.end), 'the other Vias stay as they are');
}

function checkRecordRoute(detail: () => string): void {
  const ours = linesOf(after, HeaderId.RecordRoute);
  const theirs = linesOf(before, HeaderId.RecordRoute);
  check(ours.endsWith(theirs), 'the Record-Routes of others stay as they are', detail);
  const added = ours.slice(0, ours.length - theirs.length);
  const uri = '<sip:[0-9a-v]{30,120}@(?:10\\.0\\.0\\.1|\\[2001:db8::1\\]):5060(?:;transport=tcp)?;lr>';
  const form = unrecorded.has(before.method) ? /^$/ : new RegExp(`^Record-Route: ${uri}(?:, ${uri})?\r\n$`);
  check(form.test(added), 'what may make or move a dialog is recorded, and nothing else', detail);
}

/** What is left of Route and Request-URI is what was there, but for what names us; where strict routers are, with both changed about. */
function checkRoute(detail: () => string): void {
  const came = [...routesOf(before), spanOctets(before, before.requestUri)];
  const went = [...routesOf(after), spanOctets(after, after.requestUri)];
  const isOurs = (uri: string): boolean => uri.includes(edgeHost) || /2001:0?db8:/i.test(uri);
  check(
    went.every(
      (uri) =>
        came.includes(uri) ||
        came.some((old) => isOurs(old)) ||
        came.some((old) => old.includes('?') || /;method=/i.test(old)),
    ),
    'a route is what it was',
    detail,
  );
  if (came.some(isOurs) || came.slice(0, -1).some((uri) => !/;(?:lr|%6cr|l%72|%6c%72)/i.test(uri))) return;
  same(went.slice(0, -1).join(), came.slice(0, -1).join(), 'a route that is not for us stays');
}

function routesOf(message: Message): string[] {
  if (message.routes(list) !== 'present') return [];
  return Array.from({ length: list.count }, (_, i) =>
    spanOctets(message, { start: list.uriStart(i), end: list.uriEnd(i) }),
  );
}

function checkLength(to: Address, detail: () => string): void {
  const theirs = linesOf(before, HeaderId.ContentLength);
  const ours = linesOf(after, HeaderId.ContentLength);
  const { start, end } = before.body;
  const wanted = theirs === '' && to.protocol !== 'udp' ? `Content-Length: ${end - start}\r\n` : theirs;
  check(ours === wanted, 'Content-Length stays, or comes where a stream wants it', detail);
}

function firstLine(message: Message): string {
  return octetsText(message.bytes.subarray(message.body.end - message.size, message.lineStart(0)));
}

/** All Via values behind an octet of the first line, as one list; all of them, where there is none. */
function viasBehind(message: Message, from: number | undefined): string {
  const values: string[] = [];
  for (let line = message.first(HeaderId.Via); line >= 0; line = message.next(line)) {
    const start = message.valueStart(line);
    const end = message.valueEnd(line);
    const isCut = from !== undefined && from > end;
    if (isCut) continue;
    const text = octetsText(message.bytes.subarray(from !== undefined && from > start ? from : start, end));
    values.push(from !== undefined && from > start ? text.replace(/^\s*,?\s*/, '') : text);
  }
  return values.filter((value) => value !== '').join('\n');
}

function otherLines(message: Message, without: ReadonlySet<HeaderId>): string {
  let text = '';
  for (let line = 0; line < message.lineCount; line++) {
    if (without.has(message.headerId(line))) continue;
    text += octetsText(message.bytes.subarray(message.lineStart(line), message.lineEnd(line)));
  }
  return text;
}
