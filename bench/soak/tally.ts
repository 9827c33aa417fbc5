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

/** Stands for the instant of a heal where there was none: not yet, or not before the dialog was over. */
const notYet = 0;
const never = -1;

/** Notes at one end whose route a break hit, and when each was healed. */
export class Tally {
  #open = 0;
  /** Instant of the last heal by Call-ID, or what stands for it. */
  readonly #healedAt = new Map<string, number>();
  #recovering = 0;

  /** Dialogs that are broken now. */
  get recovering(): number {
    return this.#recovering;
  }

  get hit(): number {
    return this.#healedAt.size;
  }

  /** Who was hit, as numbers: both ends have the same one for a dialog, and hardly ever for two. */
  get marks(): number[] {
    return [...this.#healedAt.keys()].map(markOf);
  }

  /** A break is about to begin; who is broken already counts as hit by it. */
  begin(open: number): void {
    this.#open = open;
    for (const [callId, atMs] of this.#healedAt) if (atMs !== notYet) this.#healedAt.delete(callId);
  }

  broke(callId: string): void {
    if (this.#healedAt.get(callId) === notYet) return;
    this.#healedAt.set(callId, notYet);
    this.#recovering++;
  }

  healed(callId: string, atMs: number): void {
    this.#over(callId, atMs);
  }

  /** A dialog is over, broken or not. */
  ended(callId: string): void {
    this.#over(callId, never);
  }

  close(breakAtMs: number): BreakFigures {
    const instants = [...this.#healedAt.values()];
    const times = instants.filter((atMs) => atMs > notYet).map((atMs) => atMs - breakAtMs);
    const sorted = Float64Array.from(times).sort();
    return {
      open: this.#open,
      hit: this.hit,
      healed: sorted.length,
      ended: instants.filter((atMs) => atMs === never).length,
      healMs: healTimesOf(sorted),
    };
  }

  #over(callId: string, atMs: number): void {
    if (this.#healedAt.get(callId) !== notYet) return;
    this.#healedAt.set(callId, atMs);
    this.#recovering--;
  }
}

/** FNV-1a, 32 bits. */
function markOf(callId: string): number {
  let mark = 0x811c9dc5;
  for (let index = 0; index < callId.length; index++) mark = Math.imul(mark ^ callId.charCodeAt(index), 0x01000193);
  return mark >>> 0;
}
