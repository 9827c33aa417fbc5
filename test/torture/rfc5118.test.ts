import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Message } from '../../core/message/message.ts';
import { assertFacts } from './facts.ts';
import { rfc5118 } from './rfc5118.ts';

const test = suite('The torture messages of RFC 5118');

test('there are 12 of them', () => {
  assert.is(new Set(rfc5118.map(({ name }) => name)).size, 12);
});

for (const { name, section, verdict, facts, bytes } of rfc5118) {
  test(`§${section} ${name}: ${verdict}`, () => {
    const message = new Message();
    assert.is(message.scan(bytes)?.reason ?? 'taken', verdict);
    assertFacts(message, facts, name);
  });
}

test('§4.6, §4.8, §4.9: addresses in a session description have no brackets, and the description is handed on as it is', () => {
  for (const [name, ...addresses] of [
    ['ipv6-in-sdp', 'c=IN IP6 2001:db8::20'],
    ['mult-ip-in-sdp', 'c=IN IP4 192.0.2.1', 'c=IN IP6 2001:db8::1'],
    ['ipv4-mapped-ipv6', 'c=IN IP6 ::ffff:192.0.2.2'],
  ] as const) {
    const message = new Message();
    message.scan(rfc5118.find((each) => each.name === name)?.bytes ?? new Uint8Array());
    const lines = message.text(message.body).split('\r\n');
    assert.equal(
      lines.filter((line) => line.startsWith('c=')),
      addresses,
    );
  }
});

test.run();
