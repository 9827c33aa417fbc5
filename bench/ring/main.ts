import { Worker } from 'node:worker_threads';
import { createRing, RingReader } from '../../core/shard/ring.ts';
import { readCounts } from '../arguments.ts';
import { begin } from '../begin.ts';
import { atLeast, ours, rowsOf, tableOf } from '../figures.ts';
import { writeReport } from '../report.ts';
import type { Way, WriterTask } from './writer.ts';

export const usage: string = `Usage: npm run bench -- ring [options]      (or: sipmend-bench ring [options])

Sends messages from one thread to another: by the ring that shards hand each other messages by, and by postMessage, whose octets are
transferred or cloned. Messages a second, each copied out by the reader. Ends with 1 if one is lost.

  --messages N  messages that are sent each way (default: 500000)
  --size N      octets of each (default: 700)
  --json FILE   writes the results to FILE
  --help        shows this`;

const names: Readonly<Record<Way, string>> = {
  ring: ours,
  transfer: 'postMessage, transferred',
  clone: 'postMessage, cloned',
};

/** Runs of which the best counts. */
const rounds = 3;

/** Measures the ring. Gives the exit code. */
export function run(args: readonly string[]): Promise<number> {
  const asked = readCounts(args, {
    messages: { default: 500_000, max: 100_000_000 },
    size: { default: 700, max: 65_535 },
  });
  return begin('ring', usage, asked, ({ counts, json }) => measure(counts, json));
}

async function measure(
  counts: Readonly<Record<'messages' | 'size', number>>,
  json: string | undefined,
): Promise<number> {
  const rates = new Map<string, Map<string, number>>();
  let lost = 0;
  for (const way of ['ring', 'transfer', 'clone'] as const) {
    let best = 0;
    for (let round = 0; round < rounds; round++) {
      const { perSecond, arrived } = await send(way, counts);
      best = Math.max(best, perSecond);
      lost += counts.messages - arrived;
    }
    rates.set(names[way], new Map([['messages from thread to thread', best]]));
  }
  const rows = rowsOf(rates);
  const goals = [atLeast(1_000_000, 'a second', 'messages by the ring', rows[0]?.perSecond ?? 0)];
  console.log(tableOf(rows, goals));
  if (lost > 0) console.error(`ring: ${lost} messages were lost`);
  if (json !== undefined) writeReport(json, { scenario: 'ring', parameters: counts, results: { rows, goals, lost } });
  return lost === 0 ? 0 : 1;
}

async function send(
  way: Way,
  { messages, size }: Readonly<Record<'messages' | 'size', number>>,
): Promise<{ readonly perSecond: number; readonly arrived: number }> {
  const ring = createRing();
  const task: WriterTask = { way, messages, size, ring };
  const worker = new Worker(new URL('./writer.js', import.meta.url), { workerData: task });
  const startMs = await new Promise<number>((resolve) => worker.once('message', () => resolve(performance.now())));
  const arrived =
    way === 'ring' ? await fromRing(worker, new RingReader(ring), messages) : await fromPort(worker, messages);
  const perSecond = (1000 * messages) / (performance.now() - startMs);
  await worker.terminate();
  return { perSecond, arrived };
}

/** As a shard reads: each message is copied out, and it sleeps when there is none. */
function fromRing(worker: Worker, reader: RingReader, messages: number): Promise<number> {
  let arrived = 0;
  return new Promise((resolve) => {
    const listen = (): void => {
      do {
        while (reader.next()) {
          if (reader.bytes.slice(reader.start, reader.end).length > 0) arrived++;
        }
        reader.release();
        if (arrived >= messages) {
          resolve(arrived);
          return;
        }
      } while (!reader.sleep());
    };
    worker.on('message', listen);
    worker.postMessage(0);
    listen();
  });
}

function fromPort(worker: Worker, messages: number): Promise<number> {
  let arrived = 0;
  return new Promise((resolve) => {
    worker.on('message', (bytes: Uint8Array) => {
      if (bytes.length > 0) arrived++;
      if (arrived === messages) resolve(arrived);
    });
    worker.postMessage(0);
  });
}
