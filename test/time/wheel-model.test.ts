import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type TimerId, Wheel } from '../../core/time/wheel.ts';
import { SeededRandom } from '../../transport/random.ts';

const test = suite('Wheel against a sorted list');

const day = 86_400_000;

/** What a program can do with timers; each has an owner of its own. */
interface Timers {
  readonly nowMs: number;
  readonly count: number;
  arm(owner: number, atMs: number): void;
  /** Nothing, when its timer has fired or was disarmed. */
  disarm(owner: number): void;
  advance(nowMs: number): void;
}

type Fire = (owner: number) => void;

class OnWheel implements Timers {
  readonly #wheel: Wheel;
  readonly #kinds: readonly number[];
  readonly #ids = new Map<number, TimerId>();

  constructor(nowMs: number, fire: Fire) {
    this.#wheel = new Wheel({ nowMs, capacity: 1500 });
    const fired: Fire = (owner) => {
      const id = this.#ids.get(owner) ?? 0;
      this.#ids.delete(owner);
      this.#wheel.disarm(id); // has just fired
      fire(owner);
    };
    this.#kinds = [this.#wheel.kind(fired), this.#wheel.kind(fired)];
  }

  get nowMs(): number {
    return this.#wheel.nowMs;
  }

  get count(): number {
    return this.#wheel.count;
  }

  arm(owner: number, atMs: number): void {
    this.#ids.set(owner, this.#wheel.arm(this.#kinds[owner % 2] ?? 0, owner, atMs));
  }

  disarm(owner: number): void {
    this.#wheel.disarm(this.#ids.get(owner) ?? 0);
    this.#ids.delete(owner);
  }

  advance(nowMs: number): void {
    this.#wheel.advance(nowMs);
  }
}

interface Armed {
  readonly owner: number;
  readonly tick: number;
  readonly order: number;
}

/** The same contract over an array in order. */
class OnSortedList implements Timers {
  readonly #fire: Fire;
  readonly #armed: Armed[] = [];
  readonly #of = new Map<number, Armed>();
  #order = 0;
  nowMs: number;

  constructor(nowMs: number, fire: Fire) {
    this.nowMs = nowMs;
    this.#fire = fire;
  }

  get count(): number {
    return this.#armed.length;
  }

  arm(owner: number, atMs: number): void {
    const tick = atMs > this.nowMs ? Math.ceil(atMs) : Math.floor(this.nowMs);
    const armed = { owner, tick, order: this.#order++ };
    this.#armed.splice(this.#place(armed), 0, armed);
    this.#of.set(owner, armed);
  }

  disarm(owner: number): void {
    const armed = this.#of.get(owner);
    if (armed === undefined) return;
    this.#armed.splice(this.#place(armed), 1);
    this.#of.delete(owner);
  }

  advance(nowMs: number): void {
    this.nowMs = Math.max(this.nowMs, nowMs);
    const { length } = this.#armed;
    const due: Armed[] = [];
    for (let at = 0; at < length && (this.#armed[at] as Armed).tick <= this.nowMs; at++)
      due.push(this.#armed[at] as Armed);
    for (const armed of due) {
      if (this.#of.get(armed.owner) !== armed) continue;
      this.disarm(armed.owner);
      this.#fire(armed.owner);
    }
  }

  #place({ tick, order }: Armed): number {
    let low = 0;
    let high = this.#armed.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#armed[middle] as Armed;
      if (other.tick < tick || (other.tick === tick && other.order < order)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Does so many things at random, in handlers too. What fired, and how many timers were armed after each step, in one list. */
function history(make: (nowMs: number, fire: Fire) => Timers, seed: number, steps: number): number[] {
  const random = new SeededRandom(seed);
  const below = (limit: number): number => Math.floor(random.fraction() * limit);
  const log: number[] = [];
  let owners = 0;
  const span = (): number => {
    const kind = below(16);
    if (kind < 6) return below(700) - 5;
    if (kind < 11) return below(200_000);
    if (kind < 13) return below(2_000_000);
    if (kind === 13) return below(60 * day);
    if (kind === 14) return random.fraction() * 1000;
    return ([255, 256, 257, 65_535, 65_536, 65_537, 2 ** 24, 2 ** 32, 2 ** 33 + 5][below(9)] ?? 0) + below(2);
  };
  const arm = (): void => timers.arm(owners++, timers.nowMs + span());
  const disarm = (): void => timers.disarm(owners - 1 - below(400));
  const timers = make(250, (owner) => {
    log.push(owner);
    const what = below(8);
    if (what < 3 && timers.count < 400) arm();
    if (what < 2) disarm();
  });
  for (let step = 0; step < steps; step++) {
    const what = below(10);
    if (what < 5) arm();
    else if (what < 7) disarm();
    else if (timers.count > 600) timers.advance(timers.nowMs + 30 * day);
    else timers.advance(timers.nowMs + (what < 9 ? below(300) - 3 : random.fraction() * 70_000));
    log.push(-timers.count);
  }
  return log;
}

test('both do the same in 1,000,000 random operations, with handlers that arm and disarm', () => {
  for (const seed of [1, 2]) {
    const wheel = history((nowMs, fire) => new OnWheel(nowMs, fire), seed, 500_000);
    const list = history((nowMs, fire) => new OnSortedList(nowMs, fire), seed, 500_000);
    const first = wheel.findIndex((entry, at) => entry !== list[at]);
    assert.is(first, -1, `seed ${seed}: they differ from entry ${first} on`);
    assert.is(wheel.length, list.length, `seed ${seed}`);
  }
});

test.run();
