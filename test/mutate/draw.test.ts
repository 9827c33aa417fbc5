import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { draw } from './draw.ts';
import type { Mutation } from './mutation.ts';
import { testsFor } from './test-order.ts';

const test = suite('Drawing of mutations');

function mutations(file: string, count: number): Mutation[] {
  return Array.from({ length: count }, (_, start) => ({ file, kind: 'drop', start, end: start + 1, replacement: ';' }));
}

const files = [mutations('a', 100), mutations('b', 3), [], mutations('c', 50)];

function countOf(drawn: readonly Mutation[], name: string): number {
  return drawn.filter(({ file }) => file === name).length;
}

test('is even over the files, however large they are', () => {
  const drawn = draw(files, 9, 1);
  assert.equal(
    ['a', 'b', 'c'].map((name) => countOf(drawn, name)),
    [3, 3, 3],
  );
  assert.is(new Set(drawn.map(({ file, start }) => `${file} ${start}`)).size, 9);
});

test('goes on with the others where a file has no more', () => {
  const drawn = draw(files, 21, 1);
  assert.is(drawn.length, 21);
  assert.equal(
    ['a', 'b', 'c'].map((name) => countOf(drawn, name)),
    [9, 3, 9],
  );
  assert.is(draw(files, 1000, 1).length, 153);
});

test('is the same for the same seed, and another for another', () => {
  assert.equal(draw(files, 9, 4), draw(files, 9, 4));
  assert.not.equal(draw(files, 9, 4), draw(files, 9, 5));
});

test('is put to the tests that are likeliest to tell it, first', () => {
  const all = [
    'dialog/table.test.js',
    'engine/hops-too.test.js',
    'house/lint.test.js',
    'message/uri.test.js',
    'recovery/healer.test.js',
    'recovery/hops.test.js',
    'recovery/storm.exclusive.test.js',
    'sim/canaries.test.js',
  ];
  assert.equal(testsFor('core/recovery/hops.js', all), [
    'recovery/hops.test.js',
    'engine/hops-too.test.js',
    'recovery/healer.test.js',
    'dialog/table.test.js',
    'message/uri.test.js',
  ]);
});

test.run();
