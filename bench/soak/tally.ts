import { type HealTimes, healTimesOf } from '../storm/samples.ts';

/** What one end saw of a break. */
export interface BreakFigures {
  /** Dialogs that were open when it began. */
  readonly open: number;
  readonly hit: number;
  readonly healed: number;
  /** Of those hit, that ended before they were healed. */
  readonly ended: number;
  /** From the break to the dialog's last heal. */
  readonly healMs: HealTimes;
}

/** Notes at one end whose route a break hit, and when each was healed. */
export class Tally {
  #open = 0;
  /** Instant of the last heal by Call-ID; 0 while there is none. */
  readonly #healedAt = new Map<string, number>();
  #recovering = 0;
  #ended = 0;

  /** Dialogs that are broken now. */
  get recovering(): number {
    return this.#recovering;
  }

  get hit(): number {
    return this.#healedAt.size + this.#ended;
  }

  /** A break is about to begin; who is broken already counts as hit by it. */
  begin(open: number): void {
    this.#open = open;
    this.#ended = 0;
    for (const [callId, atMs] of this.#healedAt) if (atMs !== 0) this.#healedAt.delete(callId);
  }

  broke(callId: string): void {
    if (this.#healedAt.get(callId) === 0) return;
    this.#healedAt.set(callId, 0);
    this.#recovering++;
  }

  healed(callId: string, atMs: number): void {
    if (this.#healedAt.get(callId) !== 0) return;
    this.#healedAt.set(callId, atMs);
    this.#recovering--;
  }

  /** A dialog is over, broken or not. */
  ended(callId: string): void {
    if (this.#healedAt.get(callId) !== 0) return;
    this.#healedAt.delete(callId);
    this.#recovering--;
    this.#ended++;
  }

  close(breakAtMs: number): BreakFigures {
    const times = [...this.#healedAt.values()].filter((atMs) => atMs !== 0).map((atMs) => atMs - breakAtMs);
    const sorted = Float64Array.from(times).sort();
    return {
      open: this.#open,
      hit: this.hit,
      healed: sorted.length,
      ended: this.#ended,
      healMs: healTimesOf(sorted),
    };
  }
}
