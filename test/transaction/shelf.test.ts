import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Shelf } from '../../core/transaction/shelf.ts';

const test = suite('Shelf');

function bytesOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + seed) & 0xff);
}

test('gives back what was put, whatever its length', () => {
  const shelf = new Shelf(Number.POSITIVE_INFINITY);
  const lengths = [0, 1, 31, 32, 33, 64, 500, 2_016, 2_017, 4_000, 70_000];
  const handles = lengths.map((length) => shelf.put(bytesOf(length, length)));
  for (const [at, length] of lengths.entries()) {
    const handle = handles[at] ?? 0;
    assert.equal(shelf.copy(handle), bytesOf(length, length));
    assert.ok(shelf.equals(handle, bytesOf(length + 1, length), length));
    assert.not(shelf.equals(handle, bytesOf(length + 1, length), length + 1));
  }
});

test('copies in and copies out', () => {
  const shelf = new Shelf(1_000);
  const bytes = bytesOf(100, 1);
  const handle = shelf.put(bytes, 10, 20);
  bytes.fill(0);
  const copy = shelf.copy(handle);
  assert.equal(copy, bytesOf(100, 1).slice(10, 20));
  shelf.drop(handle);
  shelf.put(bytesOf(10, 9));
  assert.equal(copy, bytesOf(100, 1).slice(10, 20), 'a place that is used again does not show in what was given out');
});

test('holds no more than it was told to', () => {
  const shelf = new Shelf(5_000);
  const first = shelf.put(bytesOf(3_000, 1));
  assert.is(shelf.put(bytesOf(2_001, 2)), 0);
  assert.ok(shelf.put(bytesOf(2_000, 2)) !== 0);
  shelf.drop(first);
  assert.is(shelf.size, 2_000);
  assert.ok(shelf.put(bytesOf(3_000, 3)) !== 0);
});

test('handle 0 is nothing', () => {
  const shelf = new Shelf(10);
  assert.is(shelf.copy(0), undefined);
  shelf.drop(0);
  assert.is(shelf.size, 0);
});

test('does what a map does', () => {
  const operation = fc.tuple(
    fc.constantFrom('put', 'put', 'drop'),
    fc.oneof(fc.nat({ max: 200 }), fc.nat({ max: 3_000 })),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const shelf = new Shelf(100_000);
      const model = new Map<number, Uint8Array>();
      let size = 0;
      for (const [seed, [what, number]] of operations.entries()) {
        if (what === 'put') {
          const bytes = bytesOf(number, seed);
          const handle = shelf.put(bytes);
          assert.is(handle === 0, size + number > 100_000);
          if (handle === 0) continue;
          assert.not(model.has(handle));
          model.set(handle, bytes);
          size += number;
        } else if (model.size > 0) {
          const handle = [...model.keys()][number % model.size] ?? 0;
          size -= model.get(handle)?.length ?? 0;
          model.delete(handle);
          shelf.drop(handle);
        }
      }
      assert.is(shelf.size, size);
      for (const [handle, bytes] of model) assert.equal(shelf.copy(handle), bytes);
    }),
    { seed: 5, numRuns: 60 },
  );
});

test.run();
