import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AddressView, parseAddress } from '../../core/message/address.ts';
import { CSeqView, parseCSeq } from '../../core/message/cseq.ts';
import { parseDate } from '../../core/message/date.ts';
import { HeaderId } from '../../core/message/header.ts';
import { valueText } from '../../core/message/header-text.ts';
import { Message } from '../../core/message/message.ts';
import { NumberView, parseNumber } from '../../core/message/number.ts';
import { parseRAck, RAckView } from '../../core/message/rack.ts';
import { addRecoveryActions, RecoveryActionView } from '../../core/message/recovery-action.ts';
import { parseSessionExpires, SessionExpiresView } from '../../core/message/session-expires.ts';
import { parseStartLine, StartLine } from '../../core/message/start-line.ts';
import { listHasToken } from '../../core/message/tokens.ts';
import { parseUri, UriView } from '../../core/message/uri.ts';
import { UriList } from '../../core/message/uri-list.ts';
import { parseVia, ViaView } from '../../core/message/via.ts';
import { beginResponse, endMessage, Writer } from '../../core/message/write.ts';
import { tortureMessages } from '../torture/torture-messages.ts';
import { everythingOf } from './everything.ts';
import { type Hop, type Sample, validMessage } from './grammar.ts';
import { octets } from './sample.ts';

const test = suite('Properties of parser and writer (RFC 3261 §7, §25)');

const message = new Message();
const other = new Message();
const writer = new Writer();

/** Each fold as one space, as a program sees it. */
function unfolded(text: string): string {
  return text.replace(/[ \t]*(?:\r\n[ \t]+)+/g, ' ');
}

/** What a message means, whatever it looks like. */
function meaningOf(read: Message): Record<string, unknown> {
  const text = (span: { start: number; end: number }): string => unfolded(read.text(span));
  const { from, to, contact, maxForwards } = read;
  return {
    requestUri: text(read.requestUri),
    status: read.status,
    reason: read.reason,
    method: read.method,
    cseq: read.cseq.number,
    from: [text(from.display), text(from.uri), text(from.tag)],
    to: [text(to.display), text(to.uri), text(to.tag)],
    callId: text(read.callId),
    vias: viasOf(read),
    routes: urisOf(read, 'routes'),
    recordRoutes: urisOf(read, 'recordRoutes'),
    contact: contact.presence === 'absent' ? undefined : [text(contact.display), text(contact.uri)],
    maxForwards: maxForwards.presence === 'absent' ? undefined : maxForwards.value,
    extension: read
      .headers()
      .filter(({ name }) => name.startsWith('X-'))
      .map(({ name, value }) => [name, value])[0],
    body: read.text(read.body),
  };
}

function expected(sample: Sample): Record<string, unknown> {
  const { text: _, from, to, contact, vias, extension, ...plain } = sample;
  const said = { ...plain, extension: [...extension] };
  return {
    ...said,
    from: [from.display, from.uri, from.tag],
    to: [to.display, to.uri, to.tag],
    contact: contact && [contact.display, contact.uri],
    vias: vias.map(viaText),
  };
}

function viaText({ protocol, host, port, branch }: Hop): string {
  return `${protocol} ${host} ${port} ${branch}`;
}

function viasOf(read: Message): string[] {
  const view = new ViaView();
  const found: string[] = [];
  for (let line = read.first(HeaderId.Via); line >= 0; line = read.next(line)) {
    const end = read.valueEnd(line);
    for (let at = read.valueStart(line); at < end; ) {
      at = parseVia(read.bytes, at, end, view) + 1;
      assert.ok(at > 0);
      const { protocol, port } = view;
      found.push(viaText({ protocol, host: read.text(view.host), port, branch: read.text(view.branch), text: '' }));
    }
  }
  return found;
}

function urisOf(read: Message, which: 'routes' | 'recordRoutes'): string[] {
  const list = new UriList();
  assert.is.not(read[which](list), 'malformed');
  return Array.from({ length: list.count }, (_, i) => read.text({ start: list.uriStart(i), end: list.uriEnd(i) }));
}

test('whatever is valid is taken, and says what it says', () => {
  fc.assert(
    fc.property(validMessage, (sample) => {
      assert.is(message.scan(new TextEncoder().encode(sample.text))?.reason, undefined);
      assert.equal(meaningOf(message), expected(sample));
    }),
    { seed: 1, numRuns: 1_500 },
  );
});

test('written again from what was read, it means the same', () => {
  fc.assert(
    fc.property(validMessage, (sample) => {
      message.scan(new TextEncoder().encode(sample.text));
      const { isRequest, method, status, reason } = message;
      writer.text(
        isRequest ? `${method} ${message.text(message.requestUri)} SIP/2.0\r\n` : `SIP/2.0 ${status} ${reason}\r\n`,
      );
      for (const { name, value } of message.headers()) if (name !== 'Content-Length') writer.header(name, value);
      const again = endMessage(writer, undefined, message.bytes.subarray(message.body.start, message.body.end));
      assert.is(other.scan(again)?.reason, undefined);
      assert.equal(meaningOf(other), meaningOf(message));
      assert.is(other.size, again.length);
    }),
    { seed: 2, numRuns: 1_000 },
  );
});

test('its response has what a response copies, and a tag', () => {
  fc.assert(
    fc.property(
      validMessage,
      fc.boolean(),
      fc.constantFrom('192.0.2.77', '2001:db8::77'),
      (sample, recordRoute, host) => {
        message.scan(new TextEncoder().encode(sample.text));
        if (!message.isRequest) return;
        assert.is(message.answerable, true);
        beginResponse(writer, message, 200, undefined, { toTag: 'ours', recordRoute, source: { host, port: 5099 } });
        assert.is(other.scan(endMessage(writer, undefined, undefined))?.reason, undefined);
        const asked = meaningOf(message);
        const said = meaningOf(other);
        for (const copied of ['method', 'cseq', 'callId', 'from', 'vias']) assert.equal(said[copied], asked[copied]);
        assert.equal(said['recordRoutes'], recordRoute ? asked['recordRoutes'] : []);
        const { display, uri, tag } = sample.to;
        assert.equal(said['to'], [display, uri, tag === '' ? 'ours' : tag]);
        const isSame = other.text(other.via.host) === host;
        assert.is(other.text(other.via.received), isSame ? '' : host);
      },
    ),
    { seed: 3, numRuns: 1_000 },
  );
});

/** What the octets stand in: in two of these, everything must be said alike. */
const surroundings = ['a', '"', '\r\n', ' ;>', '0', '\0'].map((filler) => octets(filler));

/** Gives what `read` says of the octets within each surrounding. */
function within<T>(bytes: Uint8Array, read: (around: Uint8Array, start: number, end: number) => T): T[] {
  return surroundings.map((filler) => {
    const start = 37;
    const around = new Uint8Array(start + bytes.length + 90);
    for (let at = 0; at < around.length; at++) around[at] = filler[at % filler.length] ?? 0;
    around.set(bytes, start);
    return read(around, start, start + bytes.length);
  });
}

function sameEverywhere<T>(said: readonly T[]): void {
  for (const each of said) assert.equal(each, said[0]);
}

/** One to four octets of a message are changed, left out or put in. */
const change = fc.record({
  at: fc.nat(),
  remove: fc.nat(4),
  insert: fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    fc.constantFrom('\r\n', '\r\n ', ';', '<', '>', '"', ',', ':', '=', '@', '\\', '*').map((text) => octets(text)),
  ),
});

const mutated: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...tortureMessages.map(({ bytes }) => bytes)),
      validMessage.map(({ text }) => octets(text)),
    ),
    fc.array(change, { maxLength: 4 }),
  )
  .map(([bytes, changes]) => {
    for (const { at, remove, insert } of changes) {
      const from = at % (bytes.length + 1);
      bytes = Uint8Array.from([...bytes.subarray(0, from), ...insert, ...bytes.subarray(from + remove)]);
    }
    return bytes;
  });

test('nothing that comes makes it throw, point beyond its octets, or ask what stands around them', () => {
  const whatever = fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 400 }) },
    { weight: 6, arbitrary: mutated },
  );
  fc.assert(
    fc.property(whatever, (bytes) => {
      sameEverywhere(within(bytes, (around, start, end) => everythingOf(message, around.subarray(start, end))));
    }),
    { seed: 4, numRuns: 800 },
  );
});

const views = {
  address: new AddressView(),
  via: new ViaView(),
  uri: new UriView(),
  number: new NumberView(),
  cseq: new CSeqView(),
  rack: new RAckView(),
  line: new StartLine(),
  session: new SessionExpiresView(),
  action: new RecoveryActionView(),
};

/** Every parser of a value by itself: what it says of octets [start, end), with offsets from `start`. */
const parsers: readonly ((bytes: Uint8Array, start: number, end: number) => unknown)[] = [
  (bytes, start, end) => relative(parseAddress(bytes, start, end, views.address), views.address, start, end),
  (bytes, start, end) => relative(parseVia(bytes, start, end, views.via), views.via, start, end),
  (bytes, start, end) =>
    relative(parseUri(bytes, start, end, views.uri), { ...views.uri, bytes: undefined, start: 0, end: 0 }, start, end),
  (bytes, start, end) => relative(parseStartLine(bytes, start, end, views.line), views.line, start, end),
  (bytes, start, end) =>
    relative(parseNumber(bytes, start, end, 255, 'comment and params', views.number), views.number, start, end),
  (bytes, start, end) => relative(parseCSeq(bytes, start, end, views.cseq), views.cseq, start, end),
  (bytes, start, end) => relative(parseRAck(bytes, start, end, views.rack), views.rack, start, end),
  (bytes, start, end) =>
    relative(parseSessionExpires(bytes, start, end, 999, views.session), views.session, start, end),
  (bytes, start, end) => [addRecoveryActions(bytes, start, end, views.action), { ...views.action }],
  (bytes, start, end) => [
    listHasToken(bytes, start, end, 'timer', false),
    parseDate(bytes, start, end),
    valueText(bytes, start, end),
  ],
  (bytes, start, end) => {
    const list = new UriList();
    const isSound = list.add(bytes, start, end);
    return [
      isSound,
      Array.from({ length: list.count }, (_, i) => [list.uriStart(i) - start, list.valueEnd(i) - start]),
    ];
  },
];

/** The result, and the view with its spans counted from `start`; none may leave [start, end). A view of what is malformed says nothing. */
function relative(result: unknown, view: object, start: number, end: number): unknown {
  if (result === -1 || result === false) return result;
  const fields = Object.entries(view).map(([name, value]: [string, unknown]) => {
    if (typeof value !== 'object' || value === null) return [name, value];
    if (!('start' in value && 'end' in value))
      return [name, relative(undefined, { ...value, bytes: undefined }, start, end)];
    const span = value as { start: number; end: number };
    if (span.start === span.end) return [name, 'empty'];
    assert.ok(span.start >= start && span.start < span.end && span.end <= end, `${name}: ${span.start} to ${span.end}`);
    return [name, span.start - start, span.end - start];
  });
  return [typeof result === 'number' && result >= 0 ? result - start : result, fields];
}

test('no parser of a value reads beyond its end, or before its start', () => {
  const piece = fc.constantFrom(
    ...[
      '<',
      '>',
      '"',
      '\\',
      ';',
      ',',
      ':',
      '=',
      '@',
      '?',
      '&',
      '/',
      '[',
      ']',
      '*',
      '(',
      ')',
      '%4',
      '%41',
      '::',
      '.',
      ' ',
      '\t',
      '\r\n ',
    ],
    ...[
      'sip:',
      'sips:',
      'tel:',
      'a',
      'b.c',
      '1',
      '99',
      'SIP/2.0',
      'SIP',
      '2.0',
      'UDP',
      'INVITE',
      'tag',
      'branch',
      'rport',
      'received',
      'lr',
    ],
    ...['maddr', 'transport', 'refresher', 'uac', 'timer', 'GMT', 'é', 'Dialog-Route-Set-Update'],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      const bytes = octets(pieces.join(''));
      for (const parser of parsers) sameEverywhere(within(bytes, parser));
    }),
    { seed: 5, numRuns: 2_500 },
  );
});

test.run();
