import type { Chance } from './chance.ts';

/** The inputs that have each brought blocks that none before them had. */
export class Corpus {
  readonly #inputs: Uint8Array[] = [];

  get count(): number {
    return this.#inputs.length;
  }

  /** An empty one as long as there is none. */
  get first(): Uint8Array {
    return this.#inputs[0] ?? new Uint8Array(0);
  }

  add(input: Uint8Array): void {
    this.#inputs.push(input);
  }

  /** One to go on from: the newest quarter as often as all others, and rather a short one than one that takes its time. */
  pick(chance: Chance): Uint8Array {
    const a = this.#any(chance);
    const b = this.#any(chance);
    return a.length <= b.length || chance.oneIn(4) ? a : b;
  }

  #any(chance: Chance): Uint8Array {
    const { length } = this.#inputs;
    const newest = Math.ceil(length / 4);
    const index = chance.oneIn(2) ? length - 1 - chance.below(newest) : chance.below(length);
    return this.#inputs[index] ?? new Uint8Array(0);
  }
}
