import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Block, Slab, sliceOf } from '../../core/dialog/slab.ts';

const test = suite('Slab');

interface Held {
  readonly block: Block;
  readonly size: number;
  readonly mark: number;
}

function fill(slab: Slab, { block, size, mark }: Held): void {
  slab.bytes(block).fill(mark, slab.offset(block), slab.offset(block) + size);
}

function isIntact(slab: Slab, { block, size, mark }: Held): boolean {
  const start = slab.offset(block);
  return slab
    .bytes(block)
    .subarray(start, start + size)
    .every((octet) => octet === mark);
}

test('never gives 0, for that means none', () => {
  const slab = new Slab();
  for (let i = 0; i < 1000; i++) assert.is.not(slab.allocate(100), 0);
});

test('gives a freed block to the next who asks for one of its size', () => {
  const slab = new Slab();
  const first = slab.allocate(500);
  const second = slab.allocate(500);
  slab.free(first, 500);
  slab.free(second, 500);
  assert.is(slab.allocate(500), second);
  assert.is(slab.allocate(500), first);
});

test('takes a block back under any size that asks for the same block size', () => {
  const slab = new Slab();
  const block = slab.allocate(129);
  const { usedSize } = slab;
  assert.ok(slab.sameBlockSize(129, 130));
  slab.free(block, 130);
  assert.is(slab.usedSize, 0);
  assert.is(slab.allocate(129), block);
  assert.is(slab.usedSize, usedSize);
});

test('loses at most a fifth of a block beyond the smallest', () => {
  const slab = new Slab();
  for (let size = 128; size <= Slab.blockSizeMax; size += 97) {
    const before = slab.usedSize;
    const block = slab.allocate(size);
    const blockSize = slab.usedSize - before;
    assert.ok(blockSize >= size && blockSize <= Math.max(1.25 * size + 16, 160), `${size} in ${blockSize}`);
    slab.free(block, size);
  }
  assert.is(slab.usedSize, 0);
});

test('has its largest block, and a block never crosses the end of a chunk', () => {
  const slab = new Slab();
  for (let i = 0; i < 12; i++) {
    const block = slab.allocate(Slab.blockSizeMax);
    assert.ok(slab.offset(block) + Slab.blockSizeMax <= slab.bytes(block).length);
    slab.allocate(200);
  }
});

test('keeps the octets of every block, whatever is allocated and freed around it', () => {
  const action = fc.record({ take: fc.boolean(), size: fc.integer({ min: 1, max: 70_000 }), pick: fc.nat() });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const slab = new Slab();
      const held: Held[] = [];
      let mark = 0;
      for (const { take, size, pick } of actions) {
        if (take || held.length === 0) {
          mark = (mark % 255) + 1;
          const entry = { block: slab.allocate(size), size, mark };
          fill(slab, entry);
          held.push(entry);
        } else {
          const [entry] = held.splice(pick % held.length, 1);
          if (entry === undefined) continue;
          assert.ok(isIntact(slab, entry));
          slab.free(entry.block, entry.size);
        }
      }
      for (const entry of held) {
        assert.ok(isIntact(slab, entry));
        slab.free(entry.block, entry.size);
      }
      assert.is(slab.usedSize, 0);
    }),
    { seed: 1, numRuns: 60 },
  );
});

test('a text as a slice is its UTF-8', () => {
  const { bytes, start, end } = sliceOf('é');
  assert.equal([...bytes.subarray(start, end)], [0xc3, 0xa9]);
});

test.run();
