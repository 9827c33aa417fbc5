import { type Columns, grown, rowSizeOf } from './runs.ts';
import type { Shelf } from './shelf.ts';

/** Bits of a record. */
const INVITE = 1;
const UNREACHABLE = 2;

/** What lasts as long as a server transaction does, off the heap: its kind, whether there is a way back, its last response. */
export class ServerRecords implements Columns {
  readonly #shelf: Shelf;
  #flags: Uint8Array = new Uint8Array(0);
  /** The response to give to a retransmission, or the 100 that waits for its time: a handle of the shelf. */
  #responses: Int32Array = new Int32Array(0);
  readonly rowSize: number = rowSizeOf(this.#flags, this.#responses);

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
  }

  resize(size: number): void {
    this.#flags = grown(this.#flags, new Uint8Array(size));
    this.#responses = grown(this.#responses, new Int32Array(size));
  }

  /** A transaction begins: reachable, with nothing to repeat. The one before it has let go of its response. */
  begin(index: number, isInvite: boolean): void {
    this.#flags[index] = isInvite ? INVITE : 0;
  }

  isInvite(index: number): boolean {
    return (this.#flagsOf(index) & INVITE) !== 0;
  }

  isReachable(index: number): boolean {
    return (this.#flagsOf(index) & UNREACHABLE) === 0;
  }

  setReachable(index: number, reachable: boolean): void {
    const flags = this.#flagsOf(index);
    this.#flags[index] = reachable ? flags & ~UNREACHABLE : flags | UNREACHABLE;
  }

  /** Replaces what is kept for retransmissions. Without room on the shelf they are absorbed unanswered. */
  keep(index: number, bytes: Uint8Array | undefined): void {
    this.#shelf.drop(this.#responses[index] as number);
    this.#responses[index] = bytes === undefined ? 0 : this.#shelf.put(bytes);
  }

  /** A copy of what is kept. */
  kept(index: number): Uint8Array | undefined {
    return this.#shelf.copy(this.#responses[index] as number);
  }

  #flagsOf(index: number): number {
    return this.#flags[index] as number;
  }
}
