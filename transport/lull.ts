import { executionAsyncId } from 'node:async_hooks';

/** So many lulls may pass before the event loop turns, so that signals and messages to the process come through. */
const lullsPerTurnMax = 1000;

/**
 * Waits until promises have settled, chains of them too.
 *
 * A tick runs when no microtask is left, and costs a quarter of a turn of the event loop; but what others wait for by ticks is not
 * over with one of ours. Ticks, immediates and timers are numbered in one sequence: when ours alone were counted since the last
 * lull, nobody waits for anything but promises. Otherwise the loop turns, which all ticks come before.
 */
export class Lull {
  #lastId = 0;
  #untilTurn = 0;

  /** Resolves when every promise has settled that can do so without the real world. */
  wait(): Promise<void> {
    if (this.#untilTurn === 0) return this.turn();
    this.#untilTurn--;
    return new Promise((resolve) => {
      process.nextTick(() => {
        // No promise is left that can settle now. Those that asked for a tick instead did so before this one does.
        process.nextTick(() => {
          const expectedId = this.#lastId + 2;
          this.#lastId = executionAsyncId();
          if (this.#lastId === expectedId) resolve();
          else void this.turn().then(resolve);
        });
      });
    });
  }

  /** A lull that the event loop turns in: unhandled rejections are reported, signals heard. */
  turn(): Promise<void> {
    this.#untilTurn = lullsPerTurnMax;
    return new Promise((resolve) => {
      setImmediate(() => {
        process.nextTick(() => {
          this.#lastId = executionAsyncId();
          resolve();
        });
      });
    });
  }
}
