import { AddressView, parseAddress } from '../../../core/message/address.ts';
import { authorizationText, parseAuthorization } from '../../../core/message/authorization.ts';
import { challengesOf } from '../../../core/message/challenge.ts';
import { parseDate, writeDate } from '../../../core/message/date.ts';
import { HeaderId, headerIdCount, headerName } from '../../../core/message/header.ts';
import { valueText } from '../../../core/message/header-text.ts';
import { Message, type Presence } from '../../../core/message/message.ts';
import { ReplacesView, readReplaces } from '../../../core/message/replaces.ts';
import { UriList } from '../../../core/message/uri-list.ts';
import { parseVia, ViaView } from '../../../core/message/via.ts';
import { octetsText } from '../octets-text.ts';
import { addressReading, spansReading, uriReading, viaReading } from '../reading.ts';
import { startingMessages } from '../starts.ts';
import { check, same, type Target } from '../target.ts';
import { checkUris } from '../uri-rules.ts';

const used = new Message();
const list = new UriList();
const replaces = new ReplacesView();
const encoder = new TextEncoder();

/** Everything that is read only when it is asked for. */
export const target: Target = {
  name: 'getters',
  covers: ['core/message/'],
  starts: startingMessages,
  run(input) {
    const message = new Message();
    message.scan(input);
    const answers = asks.map((ask) => ask(message));
    asks.forEach((ask, index) => {
      same(ask(message), answers[index] ?? '', 'a getter says the same twice');
    });
    used.scan(input);
    for (const index of anotherOrder(input.length)) {
      same(asks[index]?.(used) ?? '', answers[index] ?? '', 'a getter says the same whatever was asked before');
    }
    checkPresence(message);
    checkPlaces(message);
    checkQuotes(message);
    checkTexts(message);
    checkTokens(message);
    checkUris(message, list);
    checkDates(message);
    checkDigest(message);
  },
};

const numbers = {
  maxForwards: HeaderId.MaxForwards,
  expires: HeaderId.Expires,
  minSe: HeaderId.MinSe,
  retryAfter: HeaderId.RetryAfter,
  rseq: HeaderId.RSeq,
} as const;
const numberNames = Object.keys(numbers) as (keyof typeof numbers)[];

/** Each gives what the message says, as a text. */
const asks: readonly ((message: Message) => string)[] = [
  (message) => viaReading(message, message.secondVia),
  (message) => addressReading(message, message.contact),
  (message) => uriReading(message, message.contactUri),
  ...numberNames.map((name) => (message: Message) => `${message[name].presence} ${message[name].value}`),
  (message) => Object.values(message.sessionExpires).join(),
  (message) => Object.values(message.rack).join(),
  (message) => Object.values(message.recoveryAction).join(),
  (message) => listReading(message, message.routes(list)),
  (message) => listReading(message, message.recordRoutes(list)),
  (message) => `${readReplaces(message, replaces)} ${replaces.earlyOnly}`,
  (message) => JSON.stringify(message.headers()),
];

function anotherOrder(seed: number): number[] {
  const order = asks.map((_, index) => (index + seed) % asks.length);
  return seed % 2 === 0 ? order : order.reverse();
}

function listReading(message: Message, presence: Presence): string {
  const values = Array.from({ length: list.count }, (_, i) => {
    const uri = { start: list.uriStart(i), end: list.uriEnd(i) };
    const value = { start: list.valueStart(i), end: list.valueEnd(i) };
    check(value.start <= uri.start && uri.end <= value.end, 'a URI stands inside its value');
    check(i === 0 || list.valueEnd(i - 1) < value.start, 'values stand one behind the other');
    return `${spansReading(message, uri, value)} ${list.hasLr(i)} ${list.secure(i)}`;
  });
  check(list.count > 0 === (presence === 'present'), 'a list that is present has values');
  return [presence, ...values].join();
}

/** Absent is what has no line; of what may stand once two are malformed. */
function checkPresence(message: Message): void {
  const once: [HeaderId, Presence][] = [
    ...numberNames.map((name): [HeaderId, Presence] => [numbers[name], message[name].presence]),
    [HeaderId.From, message.from.presence],
    [HeaderId.To, message.to.presence],
    [HeaderId.CallId, message.callId.presence],
    [HeaderId.CSeq, message.cseq.presence],
    [HeaderId.SessionExpires, message.sessionExpires.presence],
    [HeaderId.RAck, message.rack.presence],
    [HeaderId.Replaces, readReplaces(message, replaces)],
  ];
  const often: [HeaderId, Presence][] = [
    [HeaderId.Via, message.via.presence],
    [HeaderId.Contact, message.contact.presence],
    [HeaderId.Route, message.routes(list)],
    [HeaderId.RecordRoute, message.recordRoutes(list)],
    [HeaderId.PDialogRecoveryAction, message.recoveryAction.presence],
  ];
  for (const [id, presence] of [...once, ...often]) {
    check(message.first(id) < 0 === (presence === 'absent'), 'absent is what has no line', () => headerName(id));
  }
  for (const [id, presence] of once) {
    const repeated = message.first(id) >= 0 && message.next(message.first(id)) >= 0;
    check(!repeated || presence === 'malformed', 'what may stand once is malformed where it stands twice', () =>
      headerName(id),
    );
  }
}

const address = new AddressView();
const via = new ViaView();

/** Each value lies in a line of its name, and reads the same by itself. */
function checkPlaces(message: Message): void {
  const { bytes } = message;
  const addresses: [HeaderId, AddressView][] = [
    [HeaderId.From, message.from],
    [HeaderId.To, message.to],
    [HeaderId.Contact, message.contact],
  ];
  for (const [id, view] of addresses) {
    if (view.presence !== 'present' || view.uri.end === view.uri.start) continue;
    checkInside(message, id, view.value);
    const end = parseAddress(bytes, view.value.start, view.value.end, address);
    address.presence = view.presence;
    check(end === view.value.end, 'an address ends where its value ends');
    same(addressReading(message, address), addressReading(message, view), 'an address reads the same by itself');
  }
  for (const view of [message.via, message.secondVia]) {
    if (view.presence !== 'present') continue;
    checkInside(message, HeaderId.Via, view.value);
    check(parseVia(bytes, view.value.start, view.value.end, via) === view.value.end, 'a Via ends where its value ends');
    via.presence = view.presence;
    same(viaReading(message, via), viaReading(message, view), 'a Via reads the same by itself');
  }
}

/** A name-addr that a plain reader takes as well: a quoted display name, a URI, at most a tag. */
const plainAddress = /^("(?:[^"\\]|\\[\s\S])*")[ \t\r\n]*<[^\0-\x20<>"]+>(?:;tag=[\w.!%*+`'~-]+)?$/;

/** From and To alone: only of those is the URI's own grammar not looked at. */
function checkQuotes(message: Message): void {
  for (const id of [HeaderId.From, HeaderId.To] as const) {
    const line = message.first(id);
    if (line < 0 || message.next(line) >= 0) continue;
    const value = octetsText(message.bytes.subarray(message.valueStart(line), message.valueEnd(line)));
    const display = plainAddress.exec(value)?.[1];
    if (display === undefined) continue;
    const { start, end } = (id === HeaderId.From ? message.from : message.to).display;
    same(
      octetsText(message.bytes.subarray(start, end)),
      display,
      'a quoted display name ends where a plain reader ends it',
    );
  }
}

function checkInside(
  message: Message,
  id: HeaderId,
  { start, end }: { readonly start: number; readonly end: number },
): void {
  let inside = false;
  for (let line = message.first(id); line >= 0; line = message.next(line)) {
    inside ||= message.valueStart(line) <= start && end <= message.valueEnd(line);
  }
  check(inside, 'a value stands in a line of its name', () => headerName(id));
}

/** As many lines are asked for by name. */
const namesMax = 16;

function checkTexts(message: Message): void {
  const fields = message.headers();
  for (const { name } of fields.slice(0, namesMax)) {
    const first = fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
    same(message.field(swapCase(name)) ?? 'none', first?.value ?? 'none', 'a field is found by its name in any case');
  }
  for (let id = 1 as HeaderId; id < headerIdCount; id++) {
    const first = fields.find((field) => field.name === headerName(id));
    same(message.headerText(id) ?? 'none', first?.value ?? 'none', 'a field is found by its id');
  }
  for (const name of numberNames) {
    const { presence, value } = message[name];
    if (presence !== 'present') continue;
    same(String(value), decimalOf(message.headerText(numbers[name])), 'a number is what its digits say');
  }
  if (message.sessionExpires.presence === 'present') {
    const { seconds } = message.sessionExpires;
    same(
      String(seconds),
      decimalOf(message.headerText(HeaderId.SessionExpires)),
      'a session interval is what its digits say',
    );
  }
}

function swapCase(name: string): string {
  return name === name.toLowerCase() ? name.toUpperCase() : name.toLowerCase();
}

function decimalOf(text = ''): string {
  return String(Number(/^\d+/.exec(text)?.[0] ?? Number.NaN));
}

const tokens: readonly [HeaderId, string][] = [
  [HeaderId.Supported, 'timer'],
  [HeaderId.Supported, 'ms-dialog-route-set-update'],
  [HeaderId.Require, '100rel'],
  [HeaderId.Allow, 'UPDATE'],
];

function checkTokens(message: Message): void {
  for (const [id, token] of tokens) {
    let found = false;
    for (let line = message.first(id); line >= 0; line = message.next(line)) {
      const value = octetsText(message.bytes.subarray(message.valueStart(line), message.valueEnd(line)));
      const elements = value.split(',').map((element) => element.replace(/^[ \t\r\n]+/, ''));
      found ||= elements.some((element) =>
        startsWithToken(id === HeaderId.Allow ? element : element.toLowerCase(), token),
      );
    }
    check(message.hasToken(id, token) === found, 'a list has the tokens that a plain reader finds', () => token);
  }
}

/** The token, and nothing but white space behind it. */
function startsWithToken(element: string, token: string): boolean {
  return element.startsWith(token) && /^[ \t\r\n]*$/.test(element.slice(token.length));
}

function checkDates(message: Message): void {
  for (let line = message.first(HeaderId.Date); line >= 0; line = message.next(line)) {
    const atMs = parseDate(message.bytes, message.valueStart(line), message.valueEnd(line));
    if (atMs < 0) continue;
    const written = encoder.encode(writeDate(atMs));
    check(
      parseDate(written, 0, written.length) === atMs,
      'a date that is written again is the same instant',
      () => `${atMs}`,
    );
  }
}

function checkDigest(message: Message): void {
  for (const id of [HeaderId.WwwAuthenticate, HeaderId.ProxyAuthenticate] as const) {
    for (const { algorithm, qop } of challengesOf(message, id)) {
      check(qop !== undefined || !algorithm.endsWith('-sess'), 'a challenge for a session has a qop');
    }
  }
  for (const id of [HeaderId.Authorization, HeaderId.ProxyAuthorization]) {
    for (let line = message.first(id); line >= 0; line = message.next(line)) {
      const credentials = parseAuthorization(
        valueText(message.bytes, message.valueStart(line), message.valueEnd(line)),
      );
      const { algorithm, qop, nc } = credentials ?? {};
      const isToken = (text: string | undefined): boolean => text === undefined || /^[\w-]+$/.test(text);
      // What we would write ourselves.
      if (credentials === undefined || !isToken(algorithm) || !isToken(qop) || (qop === undefined) !== (nc === ''))
        continue;
      const sent = qop === undefined ? { ...credentials, cnonce: '' } : credentials;
      same(
        JSON.stringify(parseAuthorization(authorizationText(sent))),
        JSON.stringify(sent),
        'credentials read as they were written',
      );
    }
  }
}
