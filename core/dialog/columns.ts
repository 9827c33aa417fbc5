/**
 * Columns of numbers off the heap with a row for each dialog: every part of an engine keeps there what it knows of one.
 *
 * They are allocated once, at the capacity; the kernel commits their pages as rows are first written, so that growth never pauses
 * and an empty table costs nothing.
 */
export class DialogColumns {
  readonly rows: number;
  #rowSize = 0;

  constructor(rows: number) {
    this.rows = rows;
  }

  /** Octets of a row in all columns. */
  get rowSize(): number {
    return this.#rowSize;
  }

  uint8(): Uint8Array {
    return this.#counted(new Uint8Array(this.rows));
  }

  uint16(): Uint16Array {
    return this.#counted(new Uint16Array(this.rows));
  }

  uint32(): Uint32Array {
    return this.#counted(new Uint32Array(this.rows));
  }

  float64(): Float64Array {
    return this.#counted(new Float64Array(this.rows));
  }

  #counted<Column extends { readonly BYTES_PER_ELEMENT: number }>(column: Column): Column {
    this.#rowSize += column.BYTES_PER_ELEMENT;
    return column;
  }
}

/** Sets a value to 0 without writing where it is 0: a page that was never written costs nothing. */
export function clear(column: Uint8Array | Uint16Array | Uint32Array | Float64Array, row: number): void {
  if (column[row] !== 0) column[row] = 0;
}
