import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Pool } from '../../core/transaction/pool.ts';
import { SeededRandom } from '../../transport/random.ts';

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

test('does what a Map does in 1,000,000 random operations, however old the ids that are asked for', () => {
  for (const seed of [1, 2]) {
    const random = new SeededRandom(seed);
    const below = (limit: number): number => Math.floor(random.fraction() * limit);
    const pool = new Pool(700, []);
    /** Ids by index, and as they are: an id that is not among them is none any more. */
    const taken = new Map<number, number>();
    const live = new Set<number>();
    const ids: number[] = [];
    for (let step = 0; step < 500_000; step++) {
      const told = `seed ${seed}, step ${step}`;
      const what = below(5);
      if (what < 2) {
        const index = pool.take();
        if (index === 0 ? taken.size < 700 : taken.has(index)) assert.unreachable(told);
        if (index === 0) continue;
        const id = pool.id(index);
        taken.set(index, id);
        live.add(id);
        ids[step % 5000] = id;
      } else if (what < 3) {
        const index = 1 + below(700);
        pool.give(index);
        live.delete(taken.get(index) ?? 0);
        taken.delete(index);
      } else {
        const id = ids[below(5000)] ?? 0;
        const index = pool.indexOf(id);
        if (index === 0 ? live.has(id) : taken.get(index) !== id) assert.unreachable(told);
      }
      if (pool.count !== taken.size) assert.unreachable(told);
    }
  }
});

test('memory is that of the indexes given out, and what is held that of the most there were', () => {
  const pool = new Pool(1_000, [{ rowSize: 93, resize: () => {} }]);
  const elsewhere = { usedSize: 5, heldSize: 50 };
  const indexes = Array.from({ length: 300 }, () => pool.take());
  assert.equal(pool.memory(elsewhere), { count: 300, capacity: 1_000, usedSize: 30_005, heldSize: 30_050 });
  for (const index of indexes) pool.give(index);
  assert.equal(pool.memory(elsewhere), { count: 0, capacity: 1_000, usedSize: 5, heldSize: 30_050 });
});

test.run();
