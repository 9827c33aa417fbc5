import { Heap, type HeapEntry } from '../../transport/heap.ts';
import { shuffle, spreadMs, stepMs, type Timers } from './timers.ts';

class Entry implements HeapEntry {
  readonly owner: number;
  atMs: number;
  order: number;
  place = -1;

  constructor(owner: number, atMs: number) {
    this.owner = owner;
    this.atMs = atMs;
    this.order = owner;
  }
}

/** A binary heap of objects, as the memory network has: what one would write first. */
export class HeapTimers implements Timers {
  readonly #instants: Float64Array;
  readonly #entries: Entry[];
  readonly #heap = new Heap<Entry>();
  #order = 0;

  constructor(instants: Float64Array) {
    this.#instants = instants;
    this.#entries = Array.from(instants, (atMs, owner) => new Entry(owner, atMs));
  }

  get count(): number {
    return this.#heap.count;
  }

  fill(): void {
    for (let at = 0; at < this.#entries.length; at++) this.#arm(at);
  }

  renew(): void {
    for (let at = 0; at < this.#entries.length; at++) {
      this.#heap.remove(this.#entries[at] as Entry);
      this.#arm(at);
    }
  }

  shuffle(): void {
    shuffle(this.#entries);
  }

  fire(): void {
    for (let ms = stepMs; ms <= spreadMs; ms += stepMs) {
      for (let first = this.#heap.first; first !== undefined && first.atMs <= ms; first = this.#heap.first) {
        this.#heap.pop();
      }
    }
  }

  #arm(at: number): void {
    const entry = this.#entries[at] as Entry;
    entry.atMs = this.#instants[at] as number;
    entry.order = this.#order++;
    this.#heap.push(entry);
  }
}

/** Node's own. That they fire is never waited for: it would take half an hour. */
export class NodeTimers implements Timers {
  readonly #instants: Float64Array;
  readonly #handles: (NodeJS.Timeout | undefined)[];
  #count = 0;

  constructor(instants: Float64Array) {
    this.#instants = instants;
    this.#handles = Array.from(instants, () => undefined);
  }

  get count(): number {
    return this.#count;
  }

  fill(): void {
    for (let at = 0; at < this.#handles.length; at++) this.#arm(at);
  }

  renew(): void {
    for (let at = 0; at < this.#handles.length; at++) {
      clearTimeout(this.#handles[at]);
      this.#count--;
      this.#arm(at);
    }
  }

  shuffle(): void {
    shuffle(this.#handles);
  }

  /** Takes them all back instead. */
  fire(): void {
    for (const handle of this.#handles) clearTimeout(handle);
    this.#count = 0;
  }

  #arm(at: number): void {
    this.#handles[at] = setTimeout(ignore, this.#instants[at] as number);
    this.#count++;
  }
}

function ignore(): void {}
