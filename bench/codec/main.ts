import { deserialize, serialize } from 'node:v8';
import { Packr, Unpackr } from 'msgpackr';
import type { EngineEvent } from '../../core/engine/event.ts';
import { packNews, unpackNews } from '../../core/shard/news.ts';
import { readCounts } from '../arguments.ts';
import { begin } from '../begin.ts';
import { ours, rowsOf, tableOf } from '../figures.ts';
import { writeReport } from '../report.ts';
import { bestRateOf } from '../stopwatch.ts';
import { eventsOf } from './events.ts';

export const usage: string = `Usage: npm run bench -- codec [options]      (or: sipmend-bench codec [options])

Writes and reads what a storm tells the program, two events and a result for each dialog, as shards send them: by msgpackr, route
statuses as flat lists; and as objects whose names msgpackr says once, or each time, as JSON, and as a structured clone. Events a
second, there and back, and their size.

  --dialogs N   dialogs that break, are healed, and carry a request (default: 20000)
  --batch N     events that go together (default: 64)
  --json FILE   writes the results to FILE
  --help        shows this`;

/** Runs of which the best counts. */
const rounds = 5;

interface Codec {
  write(events: readonly unknown[]): Uint8Array | string;
  read(written: Uint8Array | string): readonly EngineEvent[];
}

/** Measures the codec. Gives the exit code. */
export function run(args: readonly string[]): Promise<number> {
  const asked = readCounts(args, {
    dialogs: { default: 20_000, max: 10_000_000 },
    batch: { default: 64, max: 100_000 },
  });
  return begin('codec', usage, asked, async ({ counts, json }) => measure(counts, json));
}

function measure(counts: Readonly<Record<'dialogs' | 'batch', number>>, json: string | undefined): number {
  const events = eventsOf(counts.dialogs);
  const batches = Array.from({ length: Math.ceil(events.length / counts.batch) }, (_, index) =>
    events.slice(index * counts.batch, (index + 1) * counts.batch),
  );
  const rates = new Map<string, Map<string, number>>();
  const sizes: Record<string, number> = {};
  let lost = 0;
  for (const [name, codecOf] of codecs) {
    const codec = codecOf();
    let arrived = 0;
    let size = 0;
    const rate = bestRateOf(
      events.length,
      rounds,
      () => {
        for (const batch of batches) {
          const written = codec.write(batch);
          size += written.length;
          arrived += codec.read(written).length;
        }
      },
      () => {
        arrived = 0;
        size = 0;
      },
    );
    lost += events.length - arrived;
    sizes[name] = size / events.length;
    rates.set(name, new Map([['events, there and back', rate]]));
  }
  const rows = rowsOf(rates);
  console.log(tableOf(rows, []).trimEnd());
  for (const [name, size] of Object.entries(sizes))
    console.log(`  octets an event${''.padEnd(19)}${name.padEnd(24)}${size.toFixed(0).padStart(12)}`);
  if (lost > 0) console.error(`codec: ${lost} events were lost`);
  if (json !== undefined) writeReport(json, { scenario: 'codec', parameters: counts, results: { rows, sizes, lost } });
  return lost === 0 ? 0 : 1;
}

const codecs: readonly (readonly [name: string, codecOf: () => Codec])[] = [
  [
    ours,
    () => {
      const { write, read } = packing({ sequential: true });
      return {
        write: (events) => write(packNews(events as readonly EngineEvent[])),
        read: (written) => unpackNews(read(written)) as readonly EngineEvent[],
      };
    },
  ],
  ['msgpackr, objects', () => packing({ sequential: true })],
  ['msgpackr, names each time', () => packing({ useRecords: false })],
  [
    'JSON',
    () => ({
      write: (events) => JSON.stringify(events),
      read: (written) => JSON.parse(written as string) as readonly EngineEvent[],
    }),
  ],
  [
    'structured clone',
    () => ({
      write: (events) => serialize(events),
      read: (written) => deserialize(written as Uint8Array) as readonly EngineEvent[],
    }),
  ],
];

/** As the stream between two threads does it: what was packed is copied before it goes. */
function packing(options: ConstructorParameters<typeof Packr>[0]): Codec {
  const packr = new Packr(options);
  const unpackr = new Unpackr(options);
  return {
    write: (events) => new Uint8Array(packr.pack(events)),
    read: (written) => unpackr.unpack(written as Uint8Array) as readonly EngineEvent[],
  };
}
