/** What a heap holds: it writes the entry's place into it, so that removal needs no search. */
export interface HeapEntry {
  /** Instant, in milliseconds. */
  readonly atMs: number;
  /** Order among entries of one instant. */
  readonly order: number;
  /** The heap's own; −1 outside. */
  place: number;
}

/** A binary heap by (`atMs`, `order`). */
export class Heap<Entry extends HeapEntry> {
  readonly #entries: Entry[] = [];

  get count(): number {
    return this.#entries.length;
  }

  /** The earliest entry; undefined when empty. */
  get first(): Entry | undefined {
    return this.#entries[0];
  }

  push(entry: Entry): void {
    this.#rise(entry, this.#entries.length);
  }

  /** Takes the earliest entry out. */
  pop(): Entry | undefined {
    const first = this.#entries[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Takes an entry out; one that is not in the heap is left alone. */
  remove(entry: Entry): void {
    const place = entry.place;
    if (this.#entries[place] !== entry) return;
    entry.place = -1;
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return;
    const parent = this.#entries[(place - 1) >> 1];
    if (place > 0 && parent !== undefined && before(last, parent)) this.#rise(last, place);
    else this.#sink(last, place);
  }

  #rise(entry: Entry, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#entries[above];
      if (parent === undefined || !before(entry, parent)) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(entry, place);
  }

  #sink(entry: Entry, from: number): void {
    let place = from;
    for (;;) {
      const left = this.#entries[2 * place + 1];
      const right = this.#entries[2 * place + 2];
      if (left === undefined) break;
      const child = right !== undefined && before(right, left) ? right : left;
      if (!before(child, entry)) break;
      const below = child.place;
      this.#put(child, place);
      place = below;
    }
    this.#put(entry, place);
  }

  #put(entry: Entry, place: number): void {
    this.#entries[place] = entry;
    entry.place = place;
  }
}

function before(one: HeapEntry, other: HeapEntry): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
