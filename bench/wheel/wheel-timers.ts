import { type TimerId, Wheel } from '../../core/time/wheel.ts';
import { Laps } from '../stopwatch.ts';
import { shuffle, spreadMs, stepMs, type Timers } from './timers.ts';

/** Ours, with room for as many as there are instants. */
export class WheelTimers implements Timers {
  readonly #instants: Float64Array;
  readonly #ids: Int32Array;
  readonly #fired: Uint8Array;
  readonly #wheel: Wheel;
  readonly #kind: number;
  #untimely = 0;

  constructor(instants: Float64Array) {
    this.#instants = instants;
    this.#ids = new Int32Array(instants.length);
    this.#fired = new Uint8Array(instants.length);
    this.#wheel = new Wheel({ nowMs: 0, capacity: instants.length });
    this.#kind = this.#wheel.kind((owner) => this.#note(owner));
  }

  get count(): number {
    return this.#wheel.count;
  }

  /** Octets of memory. */
  get heldSize(): number {
    return this.#wheel.memory.heldSize;
  }

  /** Timers that were not fired once, or not in the step that they were due in. */
  get wrong(): number {
    return this.#untimely + this.#fired.reduce((sum, times) => (times === 1 ? sum : sum + 1), 0);
  }

  fill(): void {
    for (let at = 0; at < this.#ids.length; at++) this.#arm(at);
  }

  /** As `fill`; gives the longest pause, in milliseconds. */
  fillInLaps(): number {
    const laps = new Laps();
    for (let at = 0; at < this.#ids.length; at++) {
      this.#arm(at);
      laps.lap();
    }
    return laps.longestMs;
  }

  renew(): void {
    for (let at = 0; at < this.#ids.length; at++) {
      this.#wheel.disarm(this.#ids[at] as TimerId);
      this.#arm(at);
    }
  }

  shuffle(): void {
    shuffle(this.#ids);
  }

  fire(): void {
    for (let ms = stepMs; ms <= spreadMs; ms += stepMs) this.#wheel.advance(ms);
  }

  #arm(at: number): void {
    this.#ids[at] = this.#wheel.arm(this.#kind, at, this.#instants[at] as number);
  }

  #note(owner: number): void {
    this.#fired[owner] = (this.#fired[owner] as number) + 1;
    const lateMs = this.#wheel.nowMs - (this.#instants[owner] as number);
    if (lateMs < 0 || lateMs >= stepMs) this.#untimely++;
  }
}
