import type { Dialog } from '../../core/index.ts';
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

/** A dialog, as its end knows it, and as both ends do. */
export type Who = Pick<Dialog, 'id' | 'callId'>;

/** A dialog that was hit. */
interface Hit {
  readonly callId: string;
  /** Instant of its last heal, or what stands for it. */
  healedAtMs: number;
}

/** Stands for the instant of a heal where there was none: not yet, or not before the dialog was over. */
const notYet = 0;
const never = -1;

/** Notes at one end whose route a break hit, and when each was healed. */
export class Tally {
  #open = 0;
  readonly #hits = new Map<Who['id'], Hit>();
  #recovering = 0;

  /** Dialogs that are broken now. */
  get recovering(): number {
    return this.#recovering;
  }

  get hit(): number {
    return this.#hits.size;
  }

  /** Who was hit, as numbers: both ends have the same one for a dialog, and hardly ever for two. */
  get marks(): number[] {
    return [...this.#hits.values()].map(({ callId }) => markOf(callId));
  }

  /** A break is about to begin; who is broken already counts as hit by it. */
  begin(open: number): void {
    this.#open = open;
    this.#forget();
  }

  broke({ id, callId }: Who): void {
    if (this.#hits.get(id)?.healedAtMs === notYet) return;
    this.#hits.set(id, { callId, healedAtMs: notYet });
    this.#recovering++;
  }

  healed({ id }: Who, atMs: number): void {
    this.#over(id, atMs);
  }

  /** A dialog is over, broken or not. */
  ended({ id }: Who): void {
    this.#over(id, never);
  }

  /** The break is over. Who was hit is forgotten: memory is not to depend on how many the last break hit. */
  close(breakAtMs: number): BreakFigures {
    const instants = [...this.#hits.values()].map(({ healedAtMs }) => healedAtMs);
    const times = instants.filter((atMs) => atMs > notYet).map((atMs) => atMs - breakAtMs);
    const sorted = Float64Array.from(times).sort();
    const figures = {
      open: this.#open,
      hit: this.hit,
      healed: sorted.length,
      ended: instants.filter((atMs) => atMs === never).length,
      healMs: healTimesOf(sorted),
    };
    this.#forget();
    return figures;
  }

  #forget(): void {
    for (const [id, { healedAtMs }] of this.#hits) if (healedAtMs !== notYet) this.#hits.delete(id);
  }

  #over(id: Who['id'], atMs: number): void {
    const hit = this.#hits.get(id);
    if (hit?.healedAtMs !== notYet) return;
    hit.healedAtMs = atMs;
    this.#recovering--;
  }
}

/** FNV-1a, 32 bits. */
function markOf(callId: string): number {
  let mark = 0x811c9dc5;
  for (let index = 0; index < callId.length; index++) mark = Math.imul(mark ^ callId.charCodeAt(index), 0x01000193);
  return mark >>> 0;
}
