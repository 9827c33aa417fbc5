import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseDate } from '../../core/message/date.ts';
import { HeaderId } from '../../core/message/header.ts';
import { Message } from '../../core/message/message.ts';
import { archived } from './archive.ts';
import { assertFacts } from './facts.ts';
import { rfc4475 } from './rfc4475.ts';

const test = suite('The torture messages of RFC 4475');

test('there are 49 of them, and each is there', () => {
  assert.is(new Set(rfc4475.map(({ name }) => name)).size, 49);
  for (const { name } of rfc4475) assert.ok(archived(name).length > 100, name);
});

for (const { name, section, verdict, facts } of rfc4475) {
  test(`§${section} ${name}: ${verdict}`, () => {
    const message = new Message();
    assert.is(message.scan(archived(name))?.reason ?? 'taken', verdict);
    assertFacts(message, facts, name);
  });
}

test('§3.1.1.4 escnull: its two contacts are two', () => {
  const message = new Message();
  message.scan(archived('escnull'));
  const [first, second] = message.headers().filter(({ name }) => name === 'Contact');
  assert.is.not(first?.value, second?.value);
});

test('§3.1.1.11 mpart01: its body is handed on octet for octet, with its NULs', () => {
  const bytes = archived('mpart01');
  const message = new Message();
  message.scan(bytes);
  const body = bytes.subarray(message.body.start, message.body.end);
  assert.equal(body, bytes.subarray(bytes.length - 553));
  assert.ok(body.includes(0));
});

test('§3.1.2.12 baddate: a Date of another zone than GMT is none', () => {
  const message = new Message();
  message.scan(archived('baddate'));
  const line = message.first(HeaderId.Date);
  assert.is(parseDate(message.bytes, message.valueStart(line), message.valueEnd(line)), -1);
});

test('§3.1.2.15 baddn: with its empty line it is refused for the display names', () => {
  const message = new Message();
  const whole = Uint8Array.from([...archived('baddn'), 0x0d, 0x0a]);
  assert.is(message.scan(whole)?.reason, 'from-malformed');
  assert.is(message.to.presence, 'malformed');
});

test('the message of the archive that is not in the RFC is survived', () => {
  const message = new Message();
  assert.is(message.scan(archived('test'))?.reason, 'start-line');
  assert.is(message.answerable, false);
  assertFacts(message, { maxForwards: 68, fields: { 'Xyzzy-2': 'this is the number ten : 10' }, bodySize: 18 }, 'test');
});

test.run();
