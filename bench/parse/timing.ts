import { Bench } from 'tinybench';
import { FieldChecksum, FieldSizes } from './fields.ts';
import type { Parser } from './parser.ts';
import { copiesOf, type Sample } from './samples.ts';

/** So long tinybench calls one function: far more than its clock's resolution, far less than a second. */
const batchMs = 1;

/** The checksum over what a parser reads from a sample. */
export function checksumOf(parser: Parser, sample: Sample): string {
  const checksum = new FieldChecksum();
  parser.read(sample.bytes, checksum);
  return checksum.value;
}

/** Messages a second of each parser, one after the other in one process; the median of their batches. */
export async function timeParsers(
  parsers: readonly Parser[],
  sample: Sample,
  options: { readonly timeMs: number; readonly warmupMs: number },
): Promise<readonly number[]> {
  const bench = new Bench({ time: options.timeMs, warmupTime: options.warmupMs, iterations: 3, warmupIterations: 1 });
  const loops = parsers.map((parser) => new ReadLoop(parser, sample));
  for (const loop of loops) bench.add(loop.parser.name, () => loop.run());
  await bench.run();
  return loops.map((loop, index) => {
    loop.check();
    const result = bench.tasks[index]?.result;
    if (result === undefined || !('latency' in result)) throw new Error(`${loop.parser.name} was not timed`);
    return (1000 * loop.turns) / result.latency.p50;
  });
}

/** Has a parser read copies of a sample, as many at once as take some `batchMs`. */
class ReadLoop {
  readonly parser: Parser;
  readonly turns: number;
  readonly #copies: readonly Uint8Array[];
  readonly #once: number;
  readonly #sizes = new FieldSizes();
  #reads = 0;

  constructor(parser: Parser, sample: Sample) {
    this.parser = parser;
    this.#copies = copiesOf(sample.bytes);
    parser.read(sample.bytes, this.#sizes);
    this.#once = this.#sizes.sum;
    this.#sizes.sum = 0;
    this.turns = this.#calibrate();
  }

  #calibrate(): number {
    for (let turns = 1; ; turns *= 2) {
      const startMs = performance.now();
      this.#read(turns);
      if (performance.now() - startMs >= batchMs) return turns;
    }
  }

  run(): void {
    this.#read(this.turns);
  }

  #read(turns: number): void {
    const { parser } = this;
    const copies = this.#copies;
    const sizes = this.#sizes;
    for (let turn = 0; turn < turns; turn++) {
      const copy = copies[turn % copies.length];
      if (copy !== undefined) parser.read(copy, sizes);
    }
    this.#reads += turns;
  }

  /** @throws when some turn has read other values than the first one */
  check(): void {
    if (this.#sizes.sum !== Math.imul(this.#reads, this.#once))
      throw new Error(`${this.parser.name} does not read the same every time`);
  }
}
