const idSpan = 2 ** 31;
const countSpan = 2 ** 22;

/**
 * Numbers that the program calls a server transaction by. Its id alone comes again when its index was used 2,047 times, and a
 * program may keep the handle of a request that is over for longer than that.
 */
export class Tickets {
  #count = 0;

  /** Another one each time, for four million times. */
  issue(transactionId: number): number {
    this.#count = (this.#count + 1) % countSpan;
    return this.#count * idSpan + transactionId;
  }
}

/** The id of the transaction that a ticket was issued for. */
export function transactionIdOf(ticket: number): number {
  return ticket % idSpan;
}
