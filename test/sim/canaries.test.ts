import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { canaries } from './canaries.ts';
import { faultOfCanary } from './canary.ts';

const test = suite('Canaries');

test('have names of their own, and are enough', () => {
  assert.is(new Set(canaries.map(({ name }) => name)).size, canaries.length);
  assert.ok(canaries.length >= 14);
});

for (const canary of canaries) {
  test(`${canary.name}: its text is in the code, once`, () => assert.is(faultOfCanary(canary), undefined));
}

test('one whose text is gone is told by name', () => {
  const [canary] = canaries;
  assert.ok(canary);
  assert.match(
    faultOfCanary({ ...canary, find: 'no such text' }) ?? '',
    `canary ${canary.name}: its text is 0 times in`,
  );
  assert.match(faultOfCanary({ ...canary, find: '(' }) ?? '', 'not once');
  assert.match(faultOfCanary({ ...canary, file: 'core/gone.js' }) ?? '', 'there is no core/gone.js any more');
  assert.match(faultOfCanary({ ...canary, replace: canary.find }) ?? '', 'changes nothing');
});

test.run();
