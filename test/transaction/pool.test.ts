import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Pool } from '../../core/transaction/pool.ts';

const test = suite('Pool');

test('gives out indexes from 1 to its capacity, and then 0', () => {
  const pool = new Pool(1_000, []);
  const taken = new Set<number>();
  for (let index = pool.take(); index !== 0; index = pool.take()) taken.add(index);
  assert.is(taken.size, 1_000);
  assert.is(pool.count, 1_000);
  assert.is(Math.min(...taken), 1);
  assert.is(Math.max(...taken), 1_000);
  pool.give(77);
  assert.is(pool.take(), 77);
  assert.is(pool.take(), 0);
});

test('an id is valid until its index is given back', () => {
  const pool = new Pool(10, []);
  const index = pool.take();
  const id = pool.id(index);
  assert.is(pool.indexOf(id), index);
  pool.give(index);
  assert.is(pool.indexOf(id), 0);
  assert.is(pool.take(), index);
  assert.is(pool.indexOf(id), 0);
  assert.is(pool.indexOf(pool.id(index)), index);
});

test('an id is positive, below 2^31, and another one for 2,047 uses of its index', () => {
  const pool = new Pool(1, []);
  const ids = new Set<number>();
  for (let use = 0; use < 2_047; use++) {
    const index = pool.take();
    ids.add(pool.id(index));
    pool.give(index);
  }
  assert.is(ids.size, 2_047);
  for (const id of ids) assert.ok(id > 0 && id < 2 ** 31);
});

test('giving back twice counts once, and any number may be asked for', () => {
  const pool = new Pool(5, []);
  const index = pool.take();
  pool.give(index);
  pool.give(index);
  assert.is(pool.count, 0);
  for (const id of [0, -1, 5, 2 ** 31 - 1, 123_456_789]) assert.is(pool.indexOf(id), 0);
});

test('its columns grow before an index is given out that they have no row for', () => {
  let rows = 0;
  const pool = new Pool(5_000, [{ rowSize: 8, resize: (size) => (rows = size) }]);
  for (let index = pool.take(); index !== 0; index = pool.take()) assert.ok(index < rows);
});

test.run();
