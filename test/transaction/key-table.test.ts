import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { KeyTable } from '../../core/transaction/key-table.ts';
import { KeyedHash } from '../../core/transaction/keyed-hash.ts';
import { Shelf } from '../../core/transaction/shelf.ts';
import { SeededRandom } from '../../transport/random.ts';
import { seededRandom } from './messages.ts';

const test = suite('KeyTable');

const encoder = new TextEncoder();

test('the hash is HalfSipHash-1-3', () => {
  const counting = Uint8Array.from({ length: 8 }, (_, at) => at);
  const hash = new KeyedHash((target) => target.set(counting));
  const values = Array.from(counting, (length) => (hash.of(counting, length) >>> 0).toString(16));
  // As in the tests of other implementations: key 00..07, input 00, 00 01, 00 01 02 …
  assert.equal(values.slice(0, 4), ['5814c896', 'e7e864ca', 'bc4b0e30', '1539939']);
});

test('another key gives other hashes', () => {
  const bytes = encoder.encode('z9hG4bKnashds8');
  const [a, b] = [new KeyedHash(seededRandom(1)), new KeyedHash(seededRandom(2))];
  assert.is.not(a.of(bytes, bytes.length), b.of(bytes, bytes.length));
});

test('finds what was added and not what was removed, through growth and in any order', () => {
  const shelf = new Shelf(Number.POSITIVE_INFINITY);
  const table = new KeyTable(seededRandom(), shelf);
  const key = (index: number): Uint8Array => encoder.encode(`key ${index}`);
  const find = (index: number): number =>
    table.find(table.hash(key(index), key(index).length), key(index), key(index).length);
  for (const size of [8, 64, 1_000]) {
    table.resize(size);
    for (let index = 1; index < size; index++) {
      if (find(index) !== 0) continue;
      assert.ok(table.add(index, table.hash(key(index), key(index).length), key(index), key(index).length));
    }
    for (let index = 1; index < size; index++) assert.is(find(index), index);
    assert.is(find(size), 0);
  }
  for (let index = 3; index < 1_000; index += 3) table.remove(index);
  for (let index = 1; index < 1_000; index++) assert.is(find(index), index % 3 === 0 ? 0 : index);
  for (let index = 1; index < 1_000; index++) if (index % 3 !== 0) table.remove(index);
  assert.is(shelf.size, 0);
});

test('does what a Map does in 300,000 random operations', () => {
  for (const seed of [1, 2]) {
    const random = new SeededRandom(seed);
    const below = (limit: number): number => Math.floor(random.fraction() * limit);
    const shelf = new Shelf(Number.POSITIVE_INFINITY);
    const table = new KeyTable(seededRandom(seed), shelf);
    table.resize(257);
    const model = new Map<string, number>();
    const keys = Array.from({ length: 600 }, (_, at) => encoder.encode('k'.repeat(at % 90) + at));
    const names = keys.map((key) => new TextDecoder().decode(key));
    const free = Array.from({ length: 256 }, (_, at) => 256 - at);
    for (let step = 0; step < 150_000; step++) {
      const at = below(keys.length);
      const [key, name] = [keys[at] ?? encoder.encode(''), names[at] ?? ''];
      const hash = table.hash(key, key.length);
      const index = table.find(hash, key, key.length);
      if (index !== (model.get(name) ?? 0)) assert.unreachable(`seed ${seed}, step ${step}`);
      if (index !== 0) {
        table.remove(index);
        model.delete(name);
        free.push(index);
      } else if (free.length > 0) {
        const next = free.pop() ?? 0;
        table.add(next, hash, key, key.length);
        model.set(name, next);
      }
    }
    for (const index of model.values()) table.remove(index);
    assert.equal([shelf.size, shelf.usedSize], [0, 0]);
  }
});

test('a prefix of a key is another key', () => {
  const table = new KeyTable(seededRandom(), new Shelf(1_000));
  table.resize(8);
  const key = encoder.encode('abc');
  table.add(1, 5, key, 3);
  assert.is(table.find(5, key, 3), 1);
  assert.is(table.find(5, key, 2), 0);
});

test('a key that the shelf has no room for is not added', () => {
  const table = new KeyTable(seededRandom(), new Shelf(5));
  table.resize(8);
  assert.is(table.add(1, 5, encoder.encode('abcdef'), 6), false);
  assert.is(table.find(5, encoder.encode('abcdef'), 6), 0);
});

test.run();
