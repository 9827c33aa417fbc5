import { workerData } from 'node:worker_threads';
import { RingWriter } from '../../core/shard/ring.ts';

/* The thread that fills a ring, for its test: numbered records of all sizes. */

const { ring, wake, count } = workerData as { ring: SharedArrayBuffer; wake: SharedArrayBuffer; count: number };
const writer = new RingWriter(ring);
const bell = new Int32Array(wake);

for (let number = 0; number < count; number++) {
  const size = 3 + (number % 200);
  let at = writer.claim(size);
  while (at === -1) at = writer.claim(size);
  writer.bytes[at] = number;
  writer.bytes[at + 1] = number >>> 8;
  writer.bytes[at + 2] = number >>> 16;
  if (size > 3) writer.bytes[at + size - 1] = number;
  if (!writer.publish()) continue;
  Atomics.add(bell, 0, 1);
  Atomics.notify(bell, 0);
}
