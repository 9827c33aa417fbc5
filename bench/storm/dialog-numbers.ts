import type { DialogId } from '../../core/dialog/table.ts';

/** A stack's id is the row of its table, below this, and a generation above it. */
const rowsMax = 2 ** 24;

/** A dialog's number by the stack's id of it, in one typed array: a million entries of a Map would weigh more than the dialogs. */
export class DialogNumbers {
  #numbers = new Int32Array(1024).fill(-1);

  set(id: DialogId, dialog: number): void {
    const row = id % rowsMax;
    if (row >= this.#numbers.length) this.#grow(row);
    this.#numbers[row] = dialog;
  }

  /** -1 when there is none. */
  of(id: DialogId): number {
    return this.#numbers[id % rowsMax] ?? -1;
  }

  #grow(row: number): void {
    const grown = new Int32Array(Math.min(rowsMax, 2 * (row + 1))).fill(-1);
    grown.set(this.#numbers);
    this.#numbers = grown;
  }
}
