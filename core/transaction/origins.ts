import type { RandomSource } from '../contract.ts';
import type { Message } from '../message/message.ts';
import { KeyTable } from './key-table.ts';
import { MatchKey } from './match.ts';
import type { Columns } from './runs.ts';
import type { Shelf } from './shelf.ts';

/**
 * Requests outside dialogs by what their copies share: a fork may bring one request here by several paths.
 *
 * @see RFC 3261 §8.2.2.2
 */
export class Origins implements Columns {
  readonly #table: KeyTable;
  readonly #key = new MatchKey();

  constructor(random: RandomSource, shelf: Shelf) {
    this.#table = new KeyTable(random, shelf);
  }

  get rowSize(): number {
    return this.#table.rowSize;
  }

  resize(size: number): void {
    this.#table.resize(size);
  }

  /** Enters the origin of a request, unless a copy of it is there: then the index of that one, else 0. */
  enter(index: number, message: Message, method: string): number {
    const isOutside = message.to.tag.end === message.to.tag.start && method !== 'CANCEL';
    const key = this.#key;
    if (!isOutside || !key.writeOrigin(message, method)) return 0;
    const hash = this.#table.hash(key.bytes, key.length);
    const other = this.#table.find(hash, key.bytes, key.length);
    if (other !== 0) return other;
    this.#table.add(index, hash, key.bytes, key.length);
    return 0;
  }

  /** Whatever comes next is no copy of this one. Nothing, where it was not entered. */
  leave(index: number): void {
    if (this.#table.holds(index)) this.#table.remove(index);
  }
}
