import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { grow, ways } from '../../../bench/parse/growth.ts';
import { Message } from '../../../core/message/message.ts';

const test = suite('Ways of growing a message');

test('there are ten at least', () => {
  assert.ok(ways.length >= 10);
  assert.is(new Set(ways.map(({ name }) => name)).size, ways.length);
});

for (const way of ways) {
  test(`${way.name}: has the size that is asked for, and a head that ends`, () => {
    for (const size of [32_768, 65_536]) {
      const bytes = grow(way, size);
      assert.ok(bytes.length <= size && bytes.length > size - way.unit.length);
      const refusal = new Message().scan(bytes);
      assert.ok(refusal === undefined || refusal.reason === 'too-many-headers', refusal?.phrase);
    }
  });
}

test.run();
