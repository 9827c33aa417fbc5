import type { Clock } from './contract.ts';
import { readPerTurnMax } from './limits.ts';

/** What can be kept from reading for a while. */
export interface Reader {
  pauseReading(): void;
  resumeReading(): void;
}

/**
 * What is read of peers' connections in one turn of the event loop. Whoever floods us by many of them would else have each bring 64 KiB
 * before anybody else has his turn, and timers theirs. Past the budget a connection that has brought something waits, the kernel
 * slows its sender down, and those that wait go on in their order, as many in a turn as are expected to bring no more than the budget.
 */
export class ReadBudget {
  readonly #clock: Clock;
  /** By who waits: how much it brought last. */
  readonly #waiting = new Map<Reader, number>();
  #left = readPerTurnMax;
  #due = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A connection has brought so many octets. */
  spend(reader: Reader, size: number): void {
    this.#left -= size;
    // Where others wait, who has had his turn goes behind them.
    if ((this.#left < 0 || this.#waiting.size > 0) && !this.#waiting.has(reader)) {
      this.#waiting.set(reader, size);
      reader.pauseReading();
    }
    this.#awaitTurn();
  }

  /** It is ending: what still comes is thrown away. */
  forget(reader: Reader): void {
    if (this.#waiting.delete(reader)) reader.resumeReading();
  }

  #awaitTurn(): void {
    if (this.#due) return;
    this.#due = true;
    this.#clock.defer(() => this.#turn());
  }

  #turn(): void {
    this.#due = false;
    this.#left = readPerTurnMax;
    let expected = 0;
    for (const [reader, size] of this.#waiting) {
      if (expected >= readPerTurnMax) break;
      expected += size;
      this.#waiting.delete(reader);
      reader.resumeReading();
    }
    if (this.#waiting.size > 0) this.#awaitTurn();
  }
}
