import type { Listed, News } from './messages.ts';

/** The two ends of every call: the one that calls, and the other. */
export type Side = 'near' | 'far';

/** What one end has had of a call: more than one dialog where its INVITE came by both edges. */
interface Leg {
  begun: number;
  ended: number;
}

interface Entry {
  readonly near: Leg;
  readonly far: Leg;
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

/**
 * The books of both ends, held against each other. Word of one end may come before that of the other, so it is judged at the end.
 *
 * They are kept by Call-ID. An end has ended a call when it has ended each dialog of it: of two that an INVITE made by two ways the caller keeps
 * one, and its BYE to the other is no end of the call. That both ends have kept the same one is for `ghostsOf` to see.
 */
export class Ledger {
  readonly #entries = new Map<string, Entry>();
  #ended = 0;

  /** Calls that somebody has hung up and both ends have ended. */
  get ended(): number {
    return this.#ended;
  }

  hear(side: Side, { began, asked, ended }: Pick<News, 'began' | 'asked' | 'ended'>): void {
    for (const callId of began) this.#entry(callId)[side].begun++;
    for (const callId of asked) {
      this.#entry(callId).asked = true;
      this.#settle(callId);
    }
    for (const [callId, by, reason] of ended) {
      const entry = this.#entry(callId);
      entry[side].ended++;
      entry.ending = `ended at the ${side} end by ${by}: ${reason}`;
      this.#settle(callId);
    }
  }

  /** Calls that were up and have ended, though nobody hung up. One that never came to be at the end that calls is none of them. */
  get falselyEnded(): Misfit[] {
    return [...this.#entries]
      .filter(([, { near, far, asked }]) => near.begun > 0 && !asked && (isOver(near) || isOver(far)))
      .map(([callId, { ending }]) => ({ callId, what: ending }));
  }

  #entry(callId: string): Entry {
    const known = this.#entries.get(callId);
    if (known !== undefined) return known;
    const entry: Entry = { near: { begun: 0, ended: 0 }, far: { begun: 0, ended: 0 }, asked: false, ending: '' };
    this.#entries.set(callId, entry);
    return entry;
  }

  #settle(callId: string): void {
    const { near, far, asked } = this.#entry(callId);
    if (!isOver(near) || !isOver(far) || !asked) return;
    this.#entries.delete(callId);
    this.#ended++;
  }
}

function isOver({ begun, ended }: Leg): boolean {
  return ended > 0 && ended >= begun;
}

/** Dialogs that one end has and the other has not: whose Call-ID or tags it does not know. */
export function ghostsOf(near: readonly Listed[], far: readonly Listed[]): Misfit[] {
  return [...onlyIn(near, far, 'open at the near end alone'), ...onlyIn(far, near, 'open at the far end alone')];
}

function onlyIn(some: readonly Listed[], others: readonly Listed[], what: string): Misfit[] {
  const known = new Set(others.map(nameOf));
  return some.filter((listed) => !known.has(nameOf(listed))).map(([callId]) => ({ callId, what }));
}

/** None of the three may hold a space. @see RFC 3261 §25.1 */
function nameOf(listed: Listed): string {
  return listed.join(' ');
}
