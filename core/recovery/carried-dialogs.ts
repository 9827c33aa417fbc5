import type { DialogColumns } from '../dialog/columns.ts';
import type { DialogIndex } from '../dialog/table.ts';
import type { Hop } from './hop.ts';

/**
 * Which dialogs hang on which hop: a list of links a hop, so that a dead hop's dialogs are found without a search.
 *
 * Links and hops are kept as index + 1: 0 ends a list, and a dialog whose hop is 0 hangs on none.
 */
export class CarriedDialogs {
  readonly #hops: readonly (Hop | undefined)[];
  readonly #hopOf: Uint32Array;
  readonly #next: Uint32Array;
  readonly #previous: Uint32Array;
  #count = 0;

  /** `hops` by their index; one that carries dialogs stays in its place. */
  constructor(columns: DialogColumns, hops: readonly (Hop | undefined)[]) {
    this.#hops = hops;
    this.#hopOf = columns.uint32();
    this.#next = columns.uint32();
    this.#previous = columns.uint32();
  }

  /** Dialogs on all hops. */
  get count(): number {
    return this.#count;
  }

  hopOf(dialog: DialogIndex): Hop | undefined {
    const index = this.#hopOf[dialog] as number;
    return index === 0 ? undefined : this.#hops[index - 1];
  }

  /** Hangs a dialog on a hop, taking it off the one it was on. */
  attach(dialog: DialogIndex, hop: Hop): void {
    this.detach(dialog);
    this.#hopOf[dialog] = hop.index + 1;
    this.#previous[dialog] = 0;
    this.#next[dialog] = hop.head;
    if (hop.head !== 0) this.#previous[hop.head - 1] = dialog + 1;
    hop.head = dialog + 1;
    hop.carried++;
    this.#count++;
  }

  detach(dialog: DialogIndex): void {
    const hop = this.hopOf(dialog);
    if (hop === undefined) return;
    const next = this.#next[dialog] as number;
    const previous = this.#previous[dialog] as number;
    if (previous === 0) hop.head = next;
    else this.#next[previous - 1] = next;
    if (next !== 0) this.#previous[next - 1] = previous;
    this.#hopOf[dialog] = 0;
    hop.carried--;
    this.#count--;
  }

  /** Each dialog on a hop; the visit may take the visited dialog off. */
  each(hop: Hop, visit: (dialog: DialogIndex) => void): void {
    for (let link = hop.head; link !== 0; ) {
      const next = this.#next[link - 1] as number;
      visit(link - 1);
      link = next;
    }
  }
}
