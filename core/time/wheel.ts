import type { MemoryUse } from '../contract.ts';

/*
 * A hierarchical timing wheel with ticks of 1 ms.
 *
 * Six levels of 256 slots; a slot of level k is 256^k ticks long. A timer stands at the lowest level whose current window
 * (its 256 slots, aligned) holds its tick, so everything at a level is due before anything at the next. When the wheel comes
 * to the start of a slot of level k > 0, that slot's timers move down ("cascade").
 *
 * A slot is a circular, doubly linked list through `records`, closed by a head record of its own. Timers are appended and
 * cascades keep their order; since windows are aligned, all that was armed for a tick before its window opened is in the
 * slot before anything armed for it later. So equal ticks fire in the order of arming without any sorting.
 *
 * record, 24 octets:  [ next | previous | owner | kind, generation | tick (float64) ]
 * A freed record: kind `freeKind`, `next` is the next free one. Those that were never used lie behind all others.
 */
const slotBits = 8;
const slotsPerLevel = 1 << slotBits;
const slotMask = slotsPerLevel - 1;
const levels = 6;
const wordsPerLevel = slotsPerLevel / 32;
/** What is due already waits here for the next advance. */
const dueHead = levels * slotsPerLevel;
/** What this advance is firing. */
const firingHead = dueHead + 1;
const headCount = firingHead + 1;

const stride = 6;
const recordSize = stride * Int32Array.BYTES_PER_ELEMENT;
/** A wheel that is hardly used should cost little; copying so few takes no time. */
const firstCapacity = 1024;
const nextField = 0;
const previousField = 1;
const ownerField = 2;
const tagField = 3;
/** The tick, counted in float64s from the start of the record. */
const tickField = 2;

const indexBits = 24;
const indexMask = (1 << indexBits) - 1;
const generationMask = 0x7f;
const kindMask = 0xff;
const freeKind = 0xff;

/** Ticks beyond are brought back to it: about 8,900 years. */
const lastTick = 2 ** (slotBits * levels) - 1;
/** How far `nextMs` looks along one slot before it is content with the slot's start. */
const peekMax = 16;

/** Names a registered handler: one for each (component, timer). At most 255. */
export type TimerKind = number;

/**
 * Names an armed timer; 0 is none. Disarming one that has just fired does nothing, but ids come again: whoever keeps one
 * sets it to 0 when its timer fires.
 */
export type TimerId = number;

/**
 * The timers of one shard: O(1) to arm and disarm, 24 octets each, and no allocation but to grow.
 *
 * It starts with room for a thousand. When that is used up, memory for all of its capacity is reserved at once, and the kernel
 * commits the pages as they are first used: so it fills up without a pause for copying.
 *
 * Reads no clock: time is what `advance` is told, and only moves forward.
 */
export class Wheel {
  readonly #fire: ((owner: number) => void)[] = [];
  /** One bit a slot: does it hold timers? */
  readonly #occupied = new Int32Array(levels * wordsPerLevel);
  /** The tick at which a level's current window ends. */
  readonly #windowEnds = new Float64Array(levels);
  #records: Int32Array;
  #ticks: Float64Array;
  readonly #capacity: number;
  /** Heads a list; 0 is none. */
  #free = 0;
  /** Records ever used, heads included. */
  #used = headCount;
  #count = 0;
  #nowMs: number;
  /** Everything due at this tick or before has been fired, or waits in the due list. */
  #tick: number;

  /**
   * `nowMs` is not negative. `capacity` is how many timers there is room for without a pause: with more it grows by doubling, to 16
   * million, and copies.
   */
  constructor(options: { nowMs: number; capacity?: number }) {
    this.#nowMs = options.nowMs;
    this.#tick = Math.floor(options.nowMs);
    this.#capacity = Math.max(options.capacity ?? firstCapacity, 1);
    const buffer = new ArrayBuffer((headCount + Math.min(this.#capacity, firstCapacity)) * recordSize);
    this.#records = new Int32Array(buffer);
    this.#ticks = new Float64Array(buffer);
    const records = this.#records;
    for (let head = 0; head < headCount; head++) {
      records[head * stride + nextField] = head;
      records[head * stride + previousField] = head;
    }
    this.#openWindows();
  }

  /** The latest instant given to `advance`, also while it fires timers that were due before. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Armed timers. */
  get count(): number {
    return this.#count;
  }

  /** What the armed timers take; the heads of slots are held beside. */
  get memory(): MemoryUse {
    return {
      count: this.#count,
      capacity: indexMask + 1 - headCount,
      usedSize: this.#count * recordSize,
      heldSize: this.#used * recordSize,
    };
  }

  /** Registers what firing means; `fire` gets the owner given to `arm`. */
  kind(fire: (owner: number) => void): TimerKind {
    if (this.#fire.length === freeKind) throw new RangeError('a wheel has room for 255 kinds of timers');
    return this.#fire.push(fire) - 1;
  }

  /**
   * Arms a timer that fires at the first `advance` to `atMs` or later; an instant that has come already fires at the next
   * one. `owner` is an unsigned 32-bit number.
   */
  arm(kind: TimerKind, owner: number, atMs: number): TimerId {
    const index = this.#take();
    const records = this.#records;
    const at = index * stride;
    records[at + ownerField] = owner;
    // The generation was set when the record was freed; the first one is 0.
    const generation = get(records, at + tagField) >>> 8;
    records[at + tagField] = (generation << 8) | kind;
    this.#count++;
    if (atMs > this.#nowMs) this.#place(index, Math.min(Math.ceil(atMs), lastTick));
    else this.#putDue(index, at);
    return (generation << indexBits) | index;
  }

  /** Takes a timer back. 0, and an id whose timer has fired or was disarmed, do nothing. */
  disarm(id: TimerId): void {
    const at = (id & indexMask) * stride;
    const tag = get(this.#records, at + tagField);
    if (id === 0 || tag >>> 8 !== id >>> indexBits || (tag & kindMask) === freeKind) return;
    this.#unlink(at);
    this.#release(id & indexMask, at, tag);
  }

  /** When an armed timer is due; undefined for 0, and for an id whose timer has fired or was disarmed. */
  dueAtMs(id: TimerId): number | undefined {
    const index = id & indexMask;
    const tag = get(this.#records, index * stride + tagField);
    if (id === 0 || tag >>> 8 !== id >>> indexBits || (tag & kindMask) === freeKind) return undefined;
    return get(this.#ticks, index * (stride / 2) + tickField);
  }

  /**
   * Brings the wheel to `nowMs` and fires what is due, ordered by instant and then by arming.
   *
   * Handlers may arm and disarm anything; what they arm for `nowMs` or before waits for the next advance. An earlier
   * `nowMs` counts as the latest seen. The cost depends on the timers, not on the time passed. Not to be called by a handler.
   */
  advance(nowMs: number): void {
    if (nowMs > this.#nowMs) this.#nowMs = nowMs;
    const target = Math.floor(this.#nowMs);
    this.#splice(dueHead, firingHead);
    this.#fireAll(firingHead);
    if (target <= this.#tick) return;
    for (;;) {
      const level = this.#lowestOccupied();
      if (level < 0) break;
      const slot = this.#firstSlot(level);
      const start = this.#slotStart(level, slot);
      if (start > target) break;
      this.#tick = start;
      this.#openWindows();
      this.#clear(level, slot);
      if (level === 0) {
        this.#splice(slot, firingHead);
        this.#fireAll(firingHead);
      } else {
        this.#cascade(level * slotsPerLevel + slot);
      }
    }
    this.#tick = target;
    this.#openWindows();
  }

  /** When to advance next: never late, exact when few timers are near, else early by less than a slot. Undefined: no timer. */
  nextMs(): number | undefined {
    if (this.#count === 0) return undefined;
    const records = this.#records;
    if (get(records, dueHead * stride) !== dueHead || get(records, firingHead * stride) !== firingHead)
      return this.#nowMs;
    const level = this.#lowestOccupied();
    if (level < 0) return undefined;
    const slot = this.#firstSlot(level);
    const start = this.#slotStart(level, slot);
    if (level === 0) return start;
    const head = level * slotsPerLevel + slot;
    let index = get(records, head * stride + nextField);
    let soonest = Number.POSITIVE_INFINITY;
    for (let seen = 0; seen < peekMax; seen++) {
      soonest = Math.min(soonest, get(this.#ticks, index * (stride / 2) + tickField));
      index = get(records, index * stride + nextField);
      if (index === head) return soonest;
    }
    return start;
  }

  #take(): number {
    const index = this.#free;
    if (index !== 0) {
      this.#free = get(this.#records, index * stride + nextField);
      return index;
    }
    if (this.#used * stride === this.#records.length) this.#grow();
    return this.#used++;
  }

  #place(index: number, tick: number): void {
    this.#ticks[index * (stride / 2) + tickField] = tick;
    const ends = this.#windowEnds;
    let level = 0;
    while (level < levels - 1 && tick >= get(ends, level)) level++;
    // ToInt32 keeps the low bits of the quotient, which are all that the mask lets through.
    const slot = (tick * get(scales, level)) & slotMask;
    const word = level * wordsPerLevel + (slot >>> 5);
    this.#occupied[word] = get(this.#occupied, word) | (1 << (slot & 31));
    this.#append(level * slotsPerLevel + slot, index * stride, index);
  }

  #putDue(index: number, at: number): void {
    this.#ticks[index * (stride / 2) + tickField] = this.#tick;
    this.#append(dueHead, at, index);
  }

  #append(head: number, at: number, index: number): void {
    const records = this.#records;
    const last = get(records, head * stride + previousField);
    records[at + nextField] = head;
    records[at + previousField] = last;
    records[last * stride + nextField] = index;
    records[head * stride + previousField] = index;
  }

  #unlink(at: number): void {
    const records = this.#records;
    const next = get(records, at + nextField);
    const previous = get(records, at + previousField);
    records[previous * stride + nextField] = next;
    records[next * stride + previousField] = previous;
    // Both neighbours are the head: the slot is empty now.
    if (next === previous && next < dueHead) this.#clear(next >>> slotBits, next & slotMask);
  }

  #release(index: number, at: number, tag: number): void {
    const records = this.#records;
    records[at + tagField] = ((((tag >>> 8) + 1) & generationMask) << 8) | freeKind;
    records[at + nextField] = this.#free;
    this.#free = index;
    this.#count--;
  }

  #fireAll(head: number): void {
    // Read anew at each turn: a handler may disarm what is still to fire, and arming may replace the arrays.
    for (;;) {
      const records = this.#records;
      const index = get(records, head * stride + nextField);
      if (index === head) return;
      const at = index * stride;
      const tag = get(records, at + tagField);
      const owner = get(records, at + ownerField) >>> 0;
      this.#unlink(at);
      this.#release(index, at, tag);
      this.#fire[tag & kindMask]?.(owner);
    }
  }

  #cascade(head: number): void {
    const records = this.#records;
    let index = get(records, head * stride + nextField);
    records[head * stride + nextField] = head;
    records[head * stride + previousField] = head;
    while (index !== head) {
      const next = get(records, index * stride + nextField);
      this.#place(index, get(this.#ticks, index * (stride / 2) + tickField));
      index = next;
    }
  }

  /** Moves a whole list to the end of another. */
  #splice(from: number, to: number): void {
    const records = this.#records;
    const first = get(records, from * stride + nextField);
    if (first === from) return;
    const last = get(records, from * stride + previousField);
    const end = get(records, to * stride + previousField);
    records[end * stride + nextField] = first;
    records[first * stride + previousField] = end;
    records[last * stride + nextField] = to;
    records[to * stride + previousField] = last;
    records[from * stride + nextField] = from;
    records[from * stride + previousField] = from;
  }

  #lowestOccupied(): number {
    const occupied = this.#occupied;
    for (let word = 0; word < occupied.length; word++) if (occupied[word] !== 0) return (word / wordsPerLevel) | 0;
    return -1;
  }

  /** Slots behind the current one are empty, so the first occupied one is the next. */
  #firstSlot(level: number): number {
    let word = level * wordsPerLevel;
    while (this.#occupied[word] === 0) word++;
    const bits = get(this.#occupied, word);
    return (word % wordsPerLevel) * 32 + (31 - Math.clz32(bits & -bits));
  }

  #slotStart(level: number, slot: number): number {
    const size = slotsPerLevel ** level;
    return get(this.#windowEnds, level) - (slotsPerLevel - slot) * size;
  }

  #clear(level: number, slot: number): void {
    const word = level * wordsPerLevel + (slot >>> 5);
    this.#occupied[word] = get(this.#occupied, word) & ~(1 << (slot & 31));
  }

  #openWindows(): void {
    const tick = this.#tick;
    const ends = this.#windowEnds;
    if (tick < get(ends, 0) && tick >= get(ends, 0) - slotsPerLevel) return;
    for (let level = 0; level < levels; level++) {
      const size = slotsPerLevel ** (level + 1);
      ends[level] = (Math.floor(tick / size) + 1) * size;
    }
  }

  #grow(): void {
    const had = this.#records.length / stride;
    const wanted = had < headCount + this.#capacity ? headCount + this.#capacity : 2 * had;
    const size = Math.min(wanted, indexMask + 1);
    if (size <= had) throw new RangeError('a wheel has room for 16 million timers');
    const buffer = new ArrayBuffer(size * recordSize);
    const records = new Int32Array(buffer);
    records.set(this.#records);
    this.#records = records;
    this.#ticks = new Float64Array(buffer);
  }
}

/** One divided by the size of a level's slots, exact. */
const scales = Float64Array.from({ length: levels }, (_, level) => slotsPerLevel ** -level);

function get(array: Int32Array | Float64Array, index: number): number {
  return array[index] as number;
}
