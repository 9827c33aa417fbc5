import { type EngineCounters, noCounts } from '../engine/counters.ts';

const names = Object.keys(noCounts()) as (keyof EngineCounters)[];

/** Words of 32 bits. */
const beats = 0;
const shed = 1;
const dialogs = 2;
const wordsSize = 16;

/**
 * What a shard's thread leaves in shared memory for the facade's, which so knows it whatever becomes of that thread: whether it turns, and
 * what it has counted. One for each life of a shard.
 */
export class Vitals {
  /** What `Vitals` are made of again in the other thread. */
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #counters: Float64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(wordsSize + 8 * names.length)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, wordsSize / 4);
    this.#counters = new Float64Array(memory, wordsSize);
  }

  /** Another number as long as the thread turns. */
  get beats(): number {
    return Atomics.load(this.#words, beats);
  }

  beat(): void {
    Atomics.add(this.#words, beats, 1);
  }

  /** Messages dropped for want of room. */
  get shed(): number {
    return Atomics.load(this.#words, shed);
  }

  noteShed(count: number): void {
    Atomics.store(this.#words, shed, count);
  }

  /** Dialogs that the shard has. */
  get dialogs(): number {
    return Atomics.load(this.#words, dialogs);
  }

  noteDialogs(count: number): void {
    Atomics.store(this.#words, dialogs, count);
  }

  /** Notes all that the life has counted until now: counters in the order in which `noCounts` has them. */
  noteCounters(counters: EngineCounters): void {
    let i = 0;
    // After each step: to look each name up takes ten times as long.
    for (const name in counters) this.#counters[i++] = counters[name as keyof EngineCounters];
  }

  /** Adds what the life has counted to `sum`: when it is over. */
  addTo(sum: EngineCounters): void {
    for (let i = 0; i < names.length; i++) sum[names[i] as keyof EngineCounters] += this.#counters[i] as number;
  }
}
