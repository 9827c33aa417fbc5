import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Block, Slab } from '../../core/transaction/slab.ts';
import { SeededRandom } from '../../transport/random.ts';

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
  slab.allocate(500);
  const first = slab.allocate(500);
  const second = slab.allocate(500);
  slab.free(first);
  slab.free(second);
  assert.is(slab.allocate(500), second);
  assert.is(slab.allocate(500), first);
});

test('a block fits what is of its size, and neither more nor much less', () => {
  const slab = new Slab();
  const block = slab.allocate(1100);
  assert.ok(slab.fits(block, 1100) && slab.fits(block, 1101));
  assert.not(slab.fits(block, 2000) || slab.fits(block, 900));
});

test('loses at most a sixteenth of a block and a unit', () => {
  const slab = new Slab();
  for (let size = 32; size <= Slab.blockSizeMax; size += 97) {
    const block = slab.allocate(size);
    const blockSize = slab.usedSize;
    assert.ok(blockSize >= size && blockSize <= 1.0625 * size + 16, `${size} in ${blockSize}`);
    slab.free(block);
  }
  assert.is(slab.usedSize, 0);
});

test('what blocks of one size have left serves those of all others', () => {
  const slab = new Slab();
  const sizes = Array.from({ length: 200 }, (_, at) => 40 + 300 * at);
  for (const size of sizes) {
    const blocks = Array.from({ length: Math.ceil(4_000_000 / size) }, () => slab.allocate(size));
    for (const block of blocks) slab.free(block);
  }
  assert.is(slab.usedSize, 0);
  assert.ok(slab.heldSize < 1.4 * 4_000_000, String(slab.heldSize));
});

test('holds little more than is used, when blocks of all sizes come and go at random', () => {
  for (const seed of [1, 2]) {
    const random = new SeededRandom(seed);
    const slab = new Slab();
    const blocks = Array.from({ length: 60_000 }, () => slab.allocate(300 + 900 * random.fraction()));
    for (let step = 0; step < 400_000; step++) {
      const at = Math.floor(random.fraction() * blocks.length);
      slab.free(blocks[at] as Block);
      blocks[at] = slab.allocate(300 + 900 * random.fraction());
    }
    assert.ok(slab.heldSize < 1.2 * slab.usedSize, `seed ${seed}: ${slab.heldSize} held, ${slab.usedSize} used`);
  }
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
  const action = fc.record({
    take: fc.boolean(),
    size: fc.integer({ min: 1, max: Slab.blockSizeMax }),
    pick: fc.nat(),
  });
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
          slab.free(entry.block);
        }
      }
      for (const entry of held) {
        assert.ok(isIntact(slab, entry));
        slab.free(entry.block);
      }
      assert.is(slab.usedSize, 0);
    }),
    { seed: 1, numRuns: 60 },
  );
});

test.run();
