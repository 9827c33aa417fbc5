import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRing, RingReader, RingWriter } from '../../core/shard/ring.ts';

const test = suite('A ring between two threads');

function put(writer: RingWriter, content: Uint8Array): boolean {
  const at = writer.claim(content.length);
  if (at === -1) return false;
  writer.bytes.set(content, at);
  writer.publish();
  return true;
}

function take(reader: RingReader): Uint8Array | undefined {
  if (!reader.next()) return undefined;
  const content = reader.bytes.slice(reader.start, reader.end);
  reader.release();
  return content;
}

test('gives what was put in, in its order and octet for octet, whatever its sizes: as a queue does', () => {
  const step = fc.oneof(
    fc.record({ put: fc.uint8Array({ maxLength: 300 }) }),
    fc.constant({ take: true } as const),
    fc.constant({ take: true } as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const ring = createRing(1024);
      const writer = new RingWriter(ring);
      const reader = new RingReader(ring);
      const queue: Uint8Array[] = [];
      for (const each of steps) {
        if ('put' in each) {
          if (put(writer, each.put)) queue.push(each.put);
          else assert.ok(queue.reduce((sum, { length }) => sum + length + 7, 0) + 2 * each.put.length > 700);
        } else {
          assert.equal(take(reader), queue.shift());
        }
      }
      while (queue.length > 0) assert.equal(take(reader), queue.shift());
      assert.is(take(reader), undefined);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('takes nothing more when it is full, and goes on when something was taken', () => {
  const ring = createRing(256);
  const [writer, reader] = [new RingWriter(ring), new RingReader(ring)];
  const content = new Uint8Array(28).fill(7);
  let taken = 0;
  while (put(writer, content)) taken++;
  assert.is(taken, 8);
  assert.equal(take(reader), content);
  assert.ok(put(writer, content));
  assert.not(put(writer, content));
});

test('what is larger than the ring never fits', () => {
  assert.not(put(new RingWriter(createRing(256)), new Uint8Array(253)));
  assert.ok(put(new RingWriter(createRing(256)), new Uint8Array(252)));
});

test('counts on beyond 2^32 octets', () => {
  const ring = createRing(256);
  const words = new Int32Array(ring);
  words[0] = -64; // written
  words[16] = -64; // read
  const [writer, reader] = [new RingWriter(ring), new RingReader(ring)];
  for (let i = 0; i < 100; i++) {
    assert.ok(put(writer, Uint8Array.of(i, i, i)));
    assert.equal(take(reader), Uint8Array.of(i, i, i));
  }
});

test('what was claimed is not seen before it is published', () => {
  const ring = createRing(256);
  const [writer, reader] = [new RingWriter(ring), new RingReader(ring)];
  writer.claim(8);
  assert.not(reader.next());
  writer.publish();
  assert.ok(reader.next());
});

test('who sleeps is woken by the first that comes, and by no other', () => {
  const ring = createRing(256);
  const [writer, reader] = [new RingWriter(ring), new RingReader(ring)];
  const publish = (): boolean => {
    writer.claim(1);
    return writer.publish();
  };
  assert.not(publish(), 'it is awake');
  assert.not(reader.sleep(), 'something has come already');
  reader.next();
  assert.ok(reader.sleep());
  assert.ok(publish());
  assert.not(publish());
});

function numberAt(bytes: Uint8Array, at: number): number {
  const [low = 0, middle = 0, high = 0] = bytes.subarray(at, at + 3);
  return low | (middle << 8) | (high << 16);
}

test('two threads: a million records of all sizes, none lost, none out of order, and nobody sleeps through one', async () => {
  const count = 1_000_000;
  const ring = createRing(64 * 1024);
  const wake = new SharedArrayBuffer(4);
  const worker = new Worker(new URL('./ring-writer.js', import.meta.url), { workerData: { ring, wake, count } });
  const reader = new RingReader(ring);
  const bell = new Int32Array(wake);
  let next = 0;
  while (next < count) {
    const rung = Atomics.load(bell, 0);
    while (reader.next()) {
      const { bytes, start, end } = reader;
      const number = numberAt(bytes, start);
      if (
        number !== next ||
        end - start !== 3 + (next % 200) ||
        (end - start > 3 && bytes[end - 1] !== (next & 0xff))
      ) {
        assert.unreachable(`record ${next}: ${number}, ${end - start} octets`);
      }
      next++;
    }
    reader.release();
    if (next < count && reader.sleep() && Atomics.wait(bell, 0, rung, 10_000) === 'timed-out') {
      assert.unreachable(`asleep at record ${next}, and nobody rang`);
    }
  }
  await once(worker, 'exit');
});

test.run();
