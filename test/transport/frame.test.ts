import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type FrameLimits, Framer } from '../../transport/frame.ts';
import { bodySizeMax, headSizeMax } from '../../transport/limits.ts';
import { compose } from '../flows/composer.ts';
import { flows } from '../flows/rfc3665.ts';
import { sessionTimerFlow } from '../flows/rfc4028.ts';
import { response, update } from '../message/sample.ts';
import { archived } from '../torture/archive.ts';
import { rfc4475 } from '../torture/rfc4475.ts';
import { bytesOf } from './recorder.ts';

const test = suite('Stream framing (RFC 3261 §18.3)');

const usual: FrameLimits = { headSizeMax, bodySizeMax };

/** What a stream amounts to, fed in these chunks: `message …`, `ping`, `pong`, `invalid …`; at last `begun` if a message is. */
function read(chunks: readonly Uint8Array[], limits = usual): string[] {
  const framer = new Framer(limits);
  const frames: string[] = [];
  for (const chunk of chunks) {
    framer.push(chunk);
    for (let frame = framer.next(); frame.kind !== 'incomplete'; frame = framer.next()) {
      if (frame.kind === 'message') frames.push(`message ${textOf(frame.bytes)}`);
      else if (frame.kind === 'invalid') return [...frames, `invalid ${frame.reason}`];
      else frames.push(frame.kind);
    }
  }
  return framer.begun ? [...frames, 'begun'] : frames;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}

function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const cut: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) cut.push(bytes.slice(at, at + size));
  return cut;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const withLength = (size: string, body = ''): Uint8Array => update({ 'Content-Length': size }, body);

/** Those of RFC 4475 that are no message by themselves on a stream, each with what it is there. */
const unframed = new Map<string, (bytes: Uint8Array) => readonly string[]>([
  ['clerr', () => ['begun']],
  ['ncl', () => ['invalid content-length-malformed']],
  ['mcl01', () => ['invalid content-length-repeated']],
  ['inv2543', () => ['invalid no-content-length']],
  // The archive has it without its empty line.
  ['baddn', () => ['begun']],
  ['dblreq', twoRequests],
]);

/** Between them stands a CRLF, and the second body has a few octets more than its Content-Length counts. */
function twoRequests(bytes: Uint8Array): string[] {
  const text = textOf(bytes);
  const second = text.indexOf('INVITE sip:joe');
  const bodyEnd = text.indexOf('\r\n\r\n', second) + 4 + 150;
  const [register, invite] = [text.slice(0, second - 2), text.slice(second, bodyEnd)];
  return [`message ${register}`, 'pong', `message ${invite}`, 'invalid no-content-length'];
}

const torture: readonly [string, Uint8Array][] = rfc4475.map(({ name }) => [name, archived(name)]);

/** Of our own, those of the call flows, and the torture messages. */
const samples: ReadonlyMap<string, Uint8Array> = new Map([
  ['an UPDATE without a body', withLength('0')],
  ['an UPDATE with a body', withLength('4', 'v=0\n')],
  ['one with the compact form', update({ 'Content-Length': undefined, l: '4' }, 'v=0\n')],
  ['one with a folded Content-Length', withLength('\r\n  4\r\n\t', 'v=0\n')],
  ['one with zeros before its Content-Length', withLength('00000000000000000004', 'v=0\n')],
  ['one with space before the colon', update({ 'content-LENGTH \t': '4' }, 'v=0\n')],
  ['a body of CRLFs', withLength('8', '\r\n\r\n\r\n\r\n')],
  ['a body that looks like a message', withLength('24', 'Content-Length: 7\r\n\r\nabc')],
  ['a response', response('SIP/2.0 200 OK', { 'Content-Length': '0' })],
  ...[...flows.values(), sessionTimerFlow]
    .flatMap((flow) => compose(flow, 'TCP'))
    .map(({ label, text }): [string, Uint8Array] => [label, bytesOf(text)]),
  ...torture.filter(([name]) => !unframed.has(name)),
]);

test('a message that arrives whole is handed out where it lies, without a copy', () => {
  const chunk = joined(withLength('4', 'v=0\n'), withLength('0'));
  const framer = new Framer(usual);
  framer.push(chunk);
  const starts: number[] = [];
  for (let frame = framer.next(); frame.kind === 'message'; frame = framer.next()) {
    assert.is(frame.bytes.buffer, chunk.buffer);
    starts.push(frame.bytes.byteOffset - chunk.byteOffset);
  }
  assert.equal(starts, [0, withLength('4', 'v=0\n').length]);
});

test('every message of the tests is found whole, cut at each octet, and in pieces of 1, 2, 3, 7 and 64', () => {
  for (const [name, bytes] of samples) {
    const whole = read([bytes]);
    assert.equal(whole, [`message ${textOf(bytes)}`], name);
    for (let at = 1; at < bytes.length; at++) {
      assert.equal(read([bytes.slice(0, at), bytes.slice(at)]), whole, `${name}, cut at ${at}`);
    }
    for (const size of [1, 2, 3, 7, 64]) assert.equal(read(pieces(bytes, size)), whole, `${name}, pieces of ${size}`);
  }
});

test('the torture messages that are none on a stream are known for what they are, cut at each octet: one of them is two', () => {
  for (const [name, bytes] of torture) {
    const expected = unframed.get(name)?.(bytes);
    if (expected === undefined) continue;
    assert.equal(read([bytes]), expected, name);
    for (let at = 1; at < bytes.length; at++) {
      assert.equal(read([bytes.slice(0, at), bytes.slice(at)]), expected, `${name}, cut at ${at}`);
    }
    for (const size of [1, 2, 3, 7, 64])
      assert.equal(read(pieces(bytes, size)), expected, `${name}, pieces of ${size}`);
  }
});

test('messages that come joined are told apart, cut at each octet', () => {
  const parts = [...samples.values()].slice(0, 12);
  const whole = joined(...parts);
  const messages = parts.map((part) => `message ${textOf(part)}`);
  for (let at = 0; at <= whole.length; at++) {
    assert.equal(read([whole.slice(0, at), whole.slice(at)]), messages, `cut at ${at}`);
  }
});

test('messages, pings and pongs in any order are found however the stream is cut', () => {
  const parts = [...samples.values()].filter((bytes) => bytes.length < 700);
  const item = fc.oneof(
    fc.constantFrom(...parts).map((bytes) => ({ bytes, frame: `message ${textOf(bytes)}` })),
    fc.constant({ bytes: bytesOf('\r\n\r\n'), frame: 'ping' }),
  );
  fc.assert(
    fc.property(fc.array(item, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 900 })), (items, sizes) => {
      const stream = joined(...items.map(({ bytes }) => bytes));
      const chunks: Uint8Array[] = [];
      let at = 0;
      for (const size of sizes) {
        chunks.push(stream.slice(at, at + size));
        at += size;
      }
      chunks.push(stream.slice(at));
      assert.equal(
        read(chunks),
        items.map(({ frame }) => frame),
      );
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('whatever comes, nothing is thrown, and the cut decides nothing', () => {
  const letters = fc.constantFrom(
    '\r\n',
    '\r\n\r\n',
    '\r',
    '\n',
    'l: 3',
    'Content-Length:',
    ' 2',
    '7',
    'A',
    ' ',
    '\x16',
    'é',
  );
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), (parts, size) => {
      const stream = bytesOf(parts.join(''));
      assert.equal(read(pieces(stream, size)), read([stream]));
    }),
    { seed: 1, numRuns: 2_000 },
  );
});

test('CRLFCRLF between messages is a ping, CRLF alone a pong, and CRLFs before a start line do no harm (RFC 5626 §4.4.1)', () => {
  const message = withLength('0');
  const found = `message ${textOf(message)}`;
  for (const size of [1, 3, 64, 1_000]) {
    const fed = (text: string): string[] => read(pieces(joined(bytesOf(text), message, bytesOf(text), message), size));
    assert.equal(fed('\r\n\r\n'), ['ping', found, 'ping', found]);
    assert.equal(fed('\r\n'), ['pong', found, 'pong', found]);
    assert.equal(fed('\r\n\r\n\r\n'), ['ping', 'pong', found, 'ping', 'pong', found]);
  }
  assert.equal(read([bytesOf('\r\n\r\n\r\n\r\n\r\n\r\n')]), ['ping', 'ping', 'ping']);
  assert.equal(read([bytesOf('\r\n\r')]), []);
});

test('framing is lost without a Content-Length, and when it is malformed or repeated', () => {
  assert.equal(read([update()]), ['invalid no-content-length']);
  for (const size of ['', '-1', '+4', '4 4', '4;a=b', '0x4', '4,4', 'four', '9999999999999999']) {
    assert.equal(read([withLength(size)]), ['invalid content-length-malformed'], `'${size}'`);
  }
  assert.equal(read([update({ 'Content-Length': ['4', '4'] }, 'v=0\n')]), ['invalid content-length-repeated']);
  assert.equal(read([update({ 'Content-Length': '4', l: '4' }, 'v=0\n')]), ['invalid content-length-repeated']);
  assert.equal(read([update({ 'Content-Lengths': '4' })]), ['invalid no-content-length']);
  assert.equal(read([update({ Subject: 'a\r\n l: 4' })]), ['invalid no-content-length'], 'a folded line is no header');
});

test('framing is lost where no start line can begin: another protocol, a lone CR or LF', () => {
  for (const text of ['\x16\x03\x01\x02', '\r\r\n', '\n', ' INVITE', '\0', '\r\n\r\n\x80', '\r\n\x7f']) {
    assert.equal(read([bytesOf(text)]).at(-1), 'invalid no-start-line', JSON.stringify(text));
  }
});

test('a stream whose framing is lost stays lost', () => {
  const framer = new Framer(usual);
  framer.push(bytesOf('\n'));
  assert.is(framer.next().kind, 'invalid');
  framer.push(withLength('0'));
  assert.is(framer.next().kind, 'invalid');
});

test('a head and a body have bounds, and the head of what crosses them is known, so that it can be answered', () => {
  const limits = { headSizeMax: 400, bodySizeMax: 10 };
  const atBound = withLength('10', '0123456789');
  assert.equal(read([atBound], limits), [`message ${textOf(atBound)}`]);
  const beyond = withLength('11', '01234567890');
  for (const size of [1, 64, 1_000]) {
    const framer = new Framer(limits);
    let refused = '';
    for (const piece of pieces(beyond, size)) {
      framer.push(piece);
      const frame = framer.next();
      if (frame.kind !== 'invalid') continue;
      refused = `${frame.reason} ${textOf(frame.head ?? new Uint8Array())}`;
      break;
    }
    assert.is(refused, `body-too-large ${textOf(beyond).slice(0, -11)}`);
  }
  const exact = update({
    Subject: 'x'.repeat(400 - update({ Subject: '', 'Content-Length': '0' }).length),
    'Content-Length': '0',
  });
  assert.is(exact.length, 400);
  assert.equal(read([exact], limits), [`message ${textOf(exact)}`]);
  for (const size of [1, 64, 1_000]) {
    const long = update({ Subject: 'x'.repeat(500), 'Content-Length': '0' });
    assert.equal(read(pieces(long, size), limits), ['invalid head-too-large']);
  }
});

test('the bounds of a stream’s messages are those that it is told: at them a message passes, past them it does not', () => {
  const headless = update({ Subject: '', 'Content-Length': '0' }).length;
  const withHead = (size: number): Uint8Array =>
    update({ Subject: 'x'.repeat(size - headless), 'Content-Length': '0' });
  const withBody = (size: number): Uint8Array => withLength(String(size), 'x'.repeat(size));
  for (const size of [1_000, 65_536, 1_000_000]) {
    const kind = (bytes: Uint8Array): string | undefined =>
      read(pieces(bytes, size))[0]?.replace(/^message .*$/s, 'message');
    assert.is(kind(withHead(headSizeMax)), 'message');
    assert.is(kind(withHead(headSizeMax + 1)), 'invalid head-too-large');
    assert.is(kind(withBody(bodySizeMax)), 'message');
    assert.is(kind(withBody(bodySizeMax + 1)), 'invalid body-too-large');
  }
});

test('a claimed length costs no memory before its octets come, and a trickle is put together without being scanned again', () => {
  const body = 'x'.repeat(bodySizeMax);
  const message = withLength(String(body.length), body);
  const framer = new Framer(usual);
  let found: Uint8Array | undefined;
  for (const piece of pieces(message, 1)) {
    framer.push(piece);
    const frame = framer.next();
    if (frame.kind === 'message') found = frame.bytes;
  }
  assert.is(found?.length, message.length);
  assert.ok((found?.buffer.byteLength ?? 0) <= 2 * message.length);
});

test('what a message came in is the reader’s: the next one does not write into it', () => {
  const [one, other] = [withLength('4', 'one\n'), withLength('4', 'two\n')];
  const framer = new Framer(usual);
  const kept: Uint8Array[] = [];
  for (const piece of pieces(joined(one, other, one), 100)) {
    framer.push(piece);
    for (let frame = framer.next(); frame.kind === 'message'; frame = framer.next()) kept.push(frame.bytes);
  }
  assert.equal(kept.map(textOf), [one, other, one].map(textOf));
});

test.run();
