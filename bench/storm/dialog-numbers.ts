import type { DialogId } from '../../core/dialog/table.ts';

/** A stack's id is the row of its shard's table, below this, a generation above it, and the shard above that. */
const rowsMax = 2 ** 24;
const generationsMax = 2 ** 24;

/** A dialog's number by the stack's id of it, in typed arrays: a million entries of a Map would weigh more than the dialogs. */
export class DialogNumbers {
  /** By shard, and there by row. */
  readonly #numbers: Int32Array[] = [];

  set(id: DialogId, dialog: number): void {
    const shard = shardOf(id);
    const row = id % rowsMax;
    let numbers = this.#numbers[shard] ?? new Int32Array(0);
    if (row >= numbers.length) {
      const grown = new Int32Array(Math.min(rowsMax, Math.max(1024, 2 * (row + 1)))).fill(-1);
      grown.set(numbers);
      numbers = grown;
      this.#numbers[shard] = grown;
    }
    numbers[row] = dialog;
  }

  /** -1 when there is none. */
  of(id: DialogId): number {
    return this.#numbers[shardOf(id)]?.[id % rowsMax] ?? -1;
  }
}

/** The shard of a stack's dialog. */
export function shardOf(id: DialogId): number {
  return Math.floor(id / (rowsMax * generationsMax));
}
