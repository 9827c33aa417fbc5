/** Anything with one row for each index, that grows with its pool. */
export interface Columns {
  /** Octets of a row. */
  readonly rowSize: number;
  /** Makes room for indexes below `size`; what is there stays. */
  resize(size: number): void;
}

/** What the runner of tables knows of each run, off the heap. */
export class Runs implements Columns {
  states: Uint8Array = new Uint8Array(0);
  reliable: Uint8Array = new Uint8Array(0);
  /** Changes when a run is stopped: who called out can tell whether it is still the same run. */
  lives: Uint16Array = new Uint16Array(0);
  /** The last interval of the retransmission timer. */
  intervals: Int32Array = new Int32Array(0);
  /** The ids of the armed timers. */
  lanes: [Int32Array, Int32Array] = [new Int32Array(0), new Int32Array(0)];
  readonly rowSize: number = rowSizeOf(this.states, this.reliable, this.lives, this.intervals, ...this.lanes);

  resize(size: number): void {
    this.states = grown(this.states, new Uint8Array(size));
    this.reliable = grown(this.reliable, new Uint8Array(size));
    this.lives = grown(this.lives, new Uint16Array(size));
    this.intervals = grown(this.intervals, new Int32Array(size));
    this.lanes = [grown(this.lanes[0], new Int32Array(size)), grown(this.lanes[1], new Int32Array(size))];
  }
}

/** What one index takes in these columns. */
export function rowSizeOf(...columns: readonly { readonly BYTES_PER_ELEMENT: number }[]): number {
  return columns.reduce((sum, column) => sum + column.BYTES_PER_ELEMENT, 0);
}

/** `to` with the values of `from` at its beginning. */
export function grown<Column extends { set(from: Column): void }>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
