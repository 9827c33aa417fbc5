import type { News } from './messages.ts';

/** The two ends of every call: the one that calls, and the other. */
export type Side = 'near' | 'far';

type Stage = 'unknown' | 'open' | 'ended';

interface Entry {
  near: Stage;
  far: Stage;
  /** The end that calls has had it open. */
  established: boolean;
  /** A program has hung up. */
  asked: boolean;
  /** How it ended, where that is a matter of question. */
  ending: string;
}

/** A dialog that is not as it should be, and why. */
export interface Misfit {
  readonly callId: string;
  readonly what: string;
}

/** The books of both ends, held against each other. Word of one end may come before that of the other, so it is judged at the end. */
export class Ledger {
  readonly #entries = new Map<string, Entry>();
  #ended = 0;

  /** Dialogs that somebody has hung up and both ends have ended. */
  get ended(): number {
    return this.#ended;
  }

  hear(side: Side, { began, asked, ended }: Pick<News, 'began' | 'asked' | 'ended'>): void {
    for (const callId of began) {
      const entry = this.#entry(callId);
      entry[side] = 'open';
      if (side === 'near') entry.established = true;
    }
    for (const callId of asked) {
      this.#entry(callId).asked = true;
      this.#settle(callId);
    }
    for (const [callId, by, reason] of ended) {
      const entry = this.#entry(callId);
      if (entry[side] === 'open') entry.ending = `ended at the ${side} end by ${by}: ${reason}`;
      entry[side] = 'ended';
      this.#settle(callId);
    }
  }

  /** Dialogs that were open and have ended, though nobody hung up. A call that never came to be is none of them. */
  get falselyEnded(): Misfit[] {
    return [...this.#entries]
      .filter(([, { established, ending, asked }]) => established && ending !== '' && !asked)
      .map(([callId, { ending }]) => ({ callId, what: ending }));
  }

  #entry(callId: string): Entry {
    const known = this.#entries.get(callId);
    if (known !== undefined) return known;
    const entry: Entry = { near: 'unknown', far: 'unknown', established: false, asked: false, ending: '' };
    this.#entries.set(callId, entry);
    return entry;
  }

  #settle(callId: string): void {
    const { near, far, asked } = this.#entry(callId);
    if (near !== 'ended' || far !== 'ended' || !asked) return;
    this.#entries.delete(callId);
    this.#ended++;
  }
}

/** Dialogs that one end has and the other has not. */
export function ghostsOf(near: readonly string[], far: readonly string[]): Misfit[] {
  const nearSet = new Set(near);
  const farSet = new Set(far);
  return [
    ...near.filter((callId) => !farSet.has(callId)).map((callId) => ({ callId, what: 'open at the near end alone' })),
    ...far.filter((callId) => !nearSet.has(callId)).map((callId) => ({ callId, what: 'open at the far end alone' })),
  ];
}
