import type { Layout } from './layout.ts';

/** Call-ID and tag of our stack, each as long as that. */
const partMax = 31;
const rowSize = 2 * (1 + partMax);

/** What the far end needs to know of each dialog to write requests of its own: as it came with the INVITE. */
export class Identities {
  readonly #rows: Buffer;

  constructor(dialogs: number) {
    this.#rows = Buffer.alloc(dialogs * rowSize);
  }

  /** Keeps what the INVITE in `bytes` at `start` says. @throws when it is longer than our stack makes it */
  note(dialog: number, bytes: Buffer, start: number, layout: Layout): void {
    const callId = bytes.indexOf('\r\nCall-ID: ', start + layout.toEnd, 'latin1') + '\r\nCall-ID: '.length;
    const tag = bytes.indexOf(';tag=', start + layout.from, 'latin1') + ';tag='.length;
    this.#put(dialog * rowSize, bytes, callId);
    this.#put(dialog * rowSize + 1 + partMax, bytes, tag);
  }

  callId(dialog: number): string {
    return this.#get(dialog * rowSize);
  }

  /** The tag of our stack. */
  tag(dialog: number): string {
    return this.#get(dialog * rowSize + 1 + partMax);
  }

  #put(at: number, bytes: Buffer, from: number): void {
    const size = bytes.indexOf('\r\n', from, 'latin1') - from;
    if (size > partMax) throw new RangeError(`a Call-ID or tag of ${size} octets is more than ${partMax}`);
    this.#rows[at] = size;
    bytes.copy(this.#rows, at + 1, from, from + size);
  }

  #get(at: number): string {
    return this.#rows.toString('latin1', at + 1, at + 1 + (this.#rows[at] as number));
  }
}
