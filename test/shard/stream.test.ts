import { MessageChannel } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Stream } from '../../core/shard/stream.ts';

interface Thing {
  readonly kind: string;
  readonly id: number;
  readonly text?: string;
  readonly body?: Uint8Array;
  readonly nothing?: undefined;
}

const test = suite('A stream between two threads');

function createStreams() {
  const { port1, port2 } = new MessageChannel();
  const log: Thing[] = [];
  const batches: number[] = [];
  const owed: (() => void)[] = [];
  let slow = false;
  const writer = new Stream<Thing, Thing>(port1, {
    received: (_, done) => done(),
    replaces: ({ kind, id }) => (kind === 'status' ? id : undefined),
  });
  const reader = new Stream<Thing, Thing>(port2, {
    received: (things, done) => {
      log.push(...things);
      batches.push(things.length);
      if (slow) owed.push(done);
      else done();
    },
  });
  const turns = async (count = 5): Promise<void> => {
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    writer,
    log,
    batches,
    /** The reader leaves what has come undone. */
    slowDown: () => {
      slow = true;
    },
    catchUp: async () => {
      slow = false;
      while (owed.length > 0) {
        for (const done of owed.splice(0)) done();
        await turns();
      }
    },
    turns,
    /** Waits until so many things have come. */
    until: async (count: number): Promise<void> => {
      while (log.length < count) await turns(1);
    },
    close: () => {
      writer.close();
      reader.close();
    },
  };
}

const large = 'x'.repeat(64 * 1024);

test('carries plain data as it was: numbers beyond 2^32, octets, undefined, nested', async () => {
  const { writer, log, until, close } = createStreams();
  const thing = { kind: 'a', id: 2 ** 52 + 1, text: 'grün', body: Uint8Array.of(0, 255, 3), nothing: undefined };
  const nested = { kind: 'b', id: -0.5, list: [thing, null, { deep: { deeper: [1, 2.5] } }] };
  writer.write(thing);
  writer.write(nested);
  await until(2);
  assert.equal(log, [thing, nested]);
  assert.is(Object.getPrototypeOf(log[0]?.body), Uint8Array.prototype);
  close();
});

test('what is written in one turn goes as few messages, in its order', async () => {
  const { writer, log, batches, until, close } = createStreams();
  for (let id = 0; id < 100; id++) writer.write({ kind: 'a', id });
  await until(100);
  assert.equal(batches, [64, 36]);
  assert.equal(
    log.map(({ id }) => id),
    Array.from({ length: 100 }, (_, id) => id),
  );
  close();
});

test('what is written together goes behind what was written before', async () => {
  const { writer, log, until, close } = createStreams();
  writer.write({ kind: 'a', id: 1 });
  writer.writeAll([{ kind: 'a', id: 2 }]);
  writer.write({ kind: 'a', id: 3 });
  await until(3);
  assert.equal(
    log.map(({ id }) => id),
    [1, 2, 3],
  );
  close();
});

test('a thing that was packed is not changed by what is packed after it', async () => {
  const { writer, log, until, close } = createStreams();
  writer.writeAll([{ kind: 'a', id: 1, body: new Uint8Array(1000).fill(1) }]);
  writer.writeAll([{ kind: 'a', id: 2, body: new Uint8Array(1000).fill(2) }]);
  await until(2);
  assert.ok(log[0]?.body?.every((octet) => octet === 1));
  assert.ok(log[1]?.body?.every((octet) => octet === 2));
  close();
});

test('a reader that is slow lets 4 MiB come, and what follows waits for it', async () => {
  const { writer, log, slowDown, turns, catchUp, until, close } = createStreams();
  slowDown();
  for (let id = 0; id < 200; id++) writer.writeAll([{ kind: 'a', id, text: large }]);
  await turns(20);
  assert.ok(log.length >= 64 && log.length <= 66, `${log.length} of 64 KiB each`);
  assert.is(writer.waiting, 200 - log.length);
  await catchUp();
  await until(200);
  assert.equal(
    log.map(({ id }) => id),
    Array.from({ length: 200 }, (_, id) => id),
  );
  assert.is(writer.waiting, 0);
  close();
});

test('of statuses that wait the last one of each is told, behind all that was written before it; nothing else is lost', async () => {
  const { writer, log, slowDown, turns, catchUp, until, close } = createStreams();
  slowDown();
  for (let id = 0; id < 66; id++) writer.writeAll([{ kind: 'filler', id, text: large }]);
  await turns(20);
  const before = log.length + writer.waiting;
  writer.writeAll([
    { kind: 'status', id: 1, text: 'recovering' },
    { kind: 'result', id: 7 },
    { kind: 'status', id: 2, text: 'recovering' },
  ]);
  writer.writeAll([
    { kind: 'status', id: 1, text: 'healthy' },
    { kind: 'result', id: 8 },
  ]);
  await catchUp();
  await until(before + 4);
  assert.equal(
    log.slice(before).map(({ kind, id, text }) => `${kind} ${id} ${text ?? ''}`.trim()),
    ['result 7', 'status 2 recovering', 'status 1 healthy', 'result 8'],
  );
  close();
});

test('a reader that keeps up is told every status', async () => {
  const { writer, log, until, close } = createStreams();
  writer.writeAll([
    { kind: 'status', id: 1, text: 'recovering' },
    { kind: 'status', id: 1, text: 'healthy' },
  ]);
  await until(2);
  close();
  assert.is(log.length, 2);
});

test.run();
