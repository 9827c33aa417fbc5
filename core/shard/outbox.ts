/** So many places that nothing needs any more may be kept. */
const idleMax = 4096;

/**
 * What waits for a reader, in its order. A later thing may take the place of an earlier one of the same key: the earlier one is then gone,
 * and the later stands where it was put. Whatever is done costs the same, however much waits.
 */
export class Outbox<T> {
  readonly #keyOf: (thing: T) => number | undefined;
  /** Undefined where a later thing has taken the place. */
  #things: (T | undefined)[] = [];
  /** Before it all is taken. */
  #first = 0;
  /** Number of the first place: places are counted on and on. */
  #base = 0;
  /** Numbers of places by the key of what stands there. */
  readonly #placeOf = new Map<number, number>();
  #holes = 0;

  /** `keyOf`: things with the same key can replace one another; those of which it is undefined cannot. */
  constructor(keyOf: (thing: T) => number | undefined) {
    this.#keyOf = keyOf;
  }

  get count(): number {
    return this.#things.length - this.#first - this.#holes;
  }

  push(thing: T): void {
    this.#things.push(thing);
  }

  /** Puts it behind all others, in the place of what was so put before with its key. */
  replace(thing: T): void {
    const key = this.#keyOf(thing);
    if (key !== undefined) {
      const place = this.#placeOf.get(key);
      if (place !== undefined) {
        this.#things[place - this.#base] = undefined;
        this.#holes++;
      }
      this.#placeOf.set(key, this.#base + this.#things.length);
    }
    this.#things.push(thing);
    if (this.#holes > idleMax && 2 * this.#holes > this.#things.length - this.#first) this.#closeUp();
  }

  /** The next ones, so many at most. */
  take(max: number): T[] {
    const taken: T[] = [];
    for (; taken.length < max && this.#first < this.#things.length; this.#first++) {
      const thing = this.#things[this.#first];
      if (thing === undefined) {
        this.#holes--;
        continue;
      }
      taken.push(thing);
      this.#things[this.#first] = undefined;
      this.#forgetPlace(thing);
    }
    if (this.#first === this.#things.length || (this.#first > idleMax && 2 * this.#first > this.#things.length)) {
      this.#things = this.#things.slice(this.#first);
      this.#base += this.#first;
      this.#first = 0;
    }
    return taken;
  }

  #forgetPlace(thing: T): void {
    if (this.#placeOf.size === 0) return;
    const key = this.#keyOf(thing);
    if (key !== undefined && this.#placeOf.get(key) === this.#base + this.#first) this.#placeOf.delete(key);
  }

  #closeUp(): void {
    const places = [...this.#placeOf].sort(([, a], [, b]) => a - b);
    const things: T[] = [];
    let next = 0;
    for (let index = this.#first; index < this.#things.length; index++) {
      const [key, place] = places[next] ?? [];
      if (key !== undefined && place === this.#base + index) {
        this.#placeOf.set(key, this.#base + things.length);
        next++;
      }
      const thing = this.#things[index];
      if (thing !== undefined) things.push(thing);
    }
    this.#things = things;
    this.#first = 0;
    this.#holes = 0;
  }
}
