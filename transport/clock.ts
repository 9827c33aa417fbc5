import type { Clock } from './contract.ts';
import { Heap, type HeapEntry } from './heap.ts';
import { callbacksAtOneInstantMax, idleWaitMaxMs, timeoutMaxMs } from './limits.ts';
import { Lull } from './lull.ts';

/** The machine's clock: the one place that reads it. It keeps the process alive while a wake is due. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  get epochMs() {
    return Date.now() - performance.now();
  },
  wake: wakeAt,
  defer: (callback) => void setImmediate(callback),
};

function wakeAt(atMs: number, callback: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;
  const arm = (): void => {
    const waitMs = atMs - performance.now();
    if (waitMs > 0) timer = setTimeout(check, Math.min(Math.ceil(waitMs), timeoutMaxMs));
    else immediate = setImmediate(callback);
  };
  const check = (): void => {
    // setTimeout counts from the event loop's own time, which lags: it may be early by as much.
    if (performance.now() < atMs) arm();
    else callback();
  };
  arm();
  return () => {
    clearTimeout(timer);
    clearImmediate(immediate);
  };
}

interface Wake extends HeapEntry {
  readonly callback: () => void;
}

/**
 * A clock that moves only when told, for tests and simulations. It starts at 0.
 *
 * Callbacks run one by one, in order of their instant and then of their arming. After each, promises settle before the next
 * runs and before time moves, so that async code runs at the virtual instant that caused it. What waits for the real world
 * (a socket, a real timer, a worker) is not waited for.
 *
 * An error that a callback throws rejects the call that moves the clock; the clock stays where it is and can go on.
 */
export class VirtualClock implements Clock {
  /** The first of January 2026. */
  readonly epochMs = 1_767_225_600_000;
  #nowMs = 0;
  #armings = 0;
  #running = false;
  readonly #wakes = new Heap<Wake>();
  #deferred: (() => void)[] = [];
  #deferredTaken = 0;
  readonly #lull = new Lull();

  nowMs(): number {
    return this.#nowMs;
  }

  wake(atMs: number, callback: () => void): () => void {
    if (Number.isNaN(atMs)) throw new RangeError('no such instant: NaN');
    this.#armings += 1;
    // A past instant counts as now, so that it queues behind what is due already.
    const entry: Wake = { atMs: Math.max(atMs, this.#nowMs), order: this.#armings, place: -1, callback };
    this.#wakes.push(entry);
    return () => this.#wakes.remove(entry);
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  /** Callbacks that are armed or deferred. */
  get pending(): number {
    return this.#wakes.count + this.#deferred.length - this.#deferredTaken;
  }

  /** The instant of the next callback; undefined when nothing is pending. */
  get nextMs(): number | undefined {
    return this.#deferredTaken < this.#deferred.length ? this.#nowMs : this.#wakes.first?.atMs;
  }

  /** Passes `ms` of virtual time and runs what falls due, the last instant included. */
  run(ms: number): Promise<void> {
    return this.advanceTo(this.#nowMs + ms);
  }

  /** Passes virtual time until `atMs`, which is not in the past. */
  async advanceTo(atMs: number): Promise<void> {
    if (!(atMs >= this.#nowMs)) throw new RangeError(`it is ${this.#nowMs} ms: time does not go to ${atMs} ms`);
    await this.#runDue(atMs);
    this.#nowMs = atMs;
  }

  /**
   * Runs until nothing is pending. Rejects when that would take more than `maxMs` of virtual time (an hour by default) or
   * more than `maxCallbacks`: something periodic never ends then, and `run` or `advanceTo` is meant.
   */
  async runUntilIdle(
    bounds: { readonly maxMs?: number | undefined; readonly maxCallbacks?: number | undefined } = {},
  ): Promise<void> {
    const { maxMs = idleWaitMaxMs, maxCallbacks = Number.POSITIVE_INFINITY } = bounds;
    await this.#runDue(this.#nowMs + maxMs, maxCallbacks);
    const nextMs = this.nextMs;
    if (nextMs === undefined) return;
    throw new Error(
      `not idle at ${this.#nowMs} ms, within ${maxMs} ms: ${this.pending} pending, the next at ${nextMs} ms`,
    );
  }

  async #runDue(untilMs: number, maxCallbacks = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#running) throw new Error('the clock is moving already: await the first call');
    this.#running = true;
    try {
      await this.#lull.wait();
      let callbacks = 0;
      let instantMs = this.#nowMs;
      let atInstant = 0;
      for (let dueMs = this.nextMs; dueMs !== undefined && dueMs <= untilMs; dueMs = this.nextMs) {
        atInstant = dueMs === instantMs ? atInstant + 1 : 1;
        instantMs = dueMs;
        callbacks += 1;
        if (callbacks > maxCallbacks) throw new Error(`not idle after ${maxCallbacks} callbacks, at ${this.#nowMs} ms`);
        if (atInstant > callbacksAtOneInstantMax)
          throw new Error(`more than ${callbacksAtOneInstantMax} callbacks at ${dueMs} ms: time does not move on`);
        this.#runNext();
        await this.#lull.wait();
      }
      await this.#lull.turn();
    } finally {
      this.#running = false;
    }
  }

  /** Runs one pending callback; what is deferred comes before time moves. */
  #runNext(): void {
    const deferred = this.#deferred[this.#deferredTaken];
    if (deferred !== undefined) {
      this.#deferredTaken += 1;
      if (this.#deferredTaken === this.#deferred.length) {
        this.#deferred = [];
        this.#deferredTaken = 0;
      }
      deferred();
      return;
    }
    const wake = this.#wakes.pop();
    if (wake === undefined) return;
    this.#nowMs = wake.atMs;
    wake.callback();
  }
}
