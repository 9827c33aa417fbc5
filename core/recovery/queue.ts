import type { DialogIndex } from '../dialog/table.ts';

/** Dialogs in the order in which they are to be taken; grows by doubling. An entry may be stale: its taker looks at the dialog's phase. */
export class DialogQueue {
  #ring = new Int32Array(256);
  #head = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(dialog: DialogIndex): void {
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#count) & (this.#ring.length - 1)] = dialog;
    this.#count++;
  }

  /** The next entry, which stays; -1 when there is none. */
  peek(): DialogIndex {
    return this.#count === 0 ? -1 : (this.#ring[this.#head] as number);
  }

  drop(): void {
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#count--;
  }

  #grow(): void {
    const ring = new Int32Array(this.#ring.length * 2);
    for (let i = 0; i < this.#count; i++) ring[i] = this.#ring[(this.#head + i) & (this.#ring.length - 1)] as number;
    this.#ring = ring;
    this.#head = 0;
  }
}
