import { type HealTimes, healTimesOf, quantilesOf } from './samples.ts';
import { type Timeline, timelineOf } from './timeline.ts';

/** What one storm has come to. Milliseconds; null where nothing was measured. */
export interface RoundFigures {
  readonly broken: number;
  readonly healed: number;
  readonly lost: number;
  readonly verified: number;
  /** From the break to the first dialog that is known to be broken; null where the program hears nothing. */
  readonly detectMs: number | null;
  /** From there until the program has been told of all. */
  readonly markMs: number | null;
  /** From the first mark to the last 2xx; of breaks that the program hears nothing of, from the first INFO. */
  readonly stormMs: number | null;
  readonly healMs: HealTimes;
  /** CPU of the stack's process from the break to the last 2xx, user and system. */
  readonly cpuMs: number;
  /** Heal times at equal steps of their rank, from the shortest to the longest. */
  readonly quantilesMs: readonly number[];
  /** From the break on. */
  readonly timeline: Timeline;
}

const Flag = { broken: 1, verified: 2, spoilt: 4, gone: 8 } as const;

/**
 * What became of each dialog in one storm, by its number; used for each storm anew. Instants are in milliseconds, of one clock.
 *
 * A dialog is broken when the stack said so, or when its INFO went out to find the break; healed when the stack says that it works
 * again, or that INFO was answered 2xx; lost when it is not both healed and verified.
 */
export class Round {
  recovering = 0;
  healed = 0;
  verified = 0;
  /** Dialogs that a shard took with it when it died. */
  gone = 0;
  /** Dialogs that take part. */
  #count = 0;
  /** The program must not hear of the break. */
  #unseen = false;
  readonly #flags: Uint8Array;
  readonly #startAtMs: Float64Array;
  readonly #markedAtMs: Float64Array;
  readonly #healedAtMs: Float64Array;
  #firstMarkAtMs = Number.POSITIVE_INFINITY;
  #lastToldAtMs = Number.NEGATIVE_INFINITY;
  #lastHealAtMs = Number.NEGATIVE_INFINITY;
  #cpuBefore: NodeJS.CpuUsage = process.cpuUsage();
  #cpuMs = 0;

  constructor(dialogs: number) {
    this.#flags = new Uint8Array(dialogs);
    this.#startAtMs = new Float64Array(dialogs);
    this.#markedAtMs = new Float64Array(dialogs);
    this.#healedAtMs = new Float64Array(dialogs);
  }

  begin(count: number): void {
    this.#count = count;
    this.#unseen = false;
    this.recovering = 0;
    this.healed = 0;
    this.verified = 0;
    this.gone = 0;
    this.#flags.fill(0);
    this.#startAtMs.fill(Number.NaN);
    this.#markedAtMs.fill(Number.NaN);
    this.#healedAtMs.fill(Number.NaN);
    this.#firstMarkAtMs = Number.POSITIVE_INFINITY;
    this.#lastToldAtMs = Number.NEGATIVE_INFINITY;
    this.#lastHealAtMs = Number.NEGATIVE_INFINITY;
    this.#cpuBefore = process.cpuUsage();
    this.#cpuMs = 0;
  }

  get isHealed(): boolean {
    return this.#count > 0 && this.healed === this.#count - this.gone;
  }

  /** The stack has held a route for broken since `sinceMs`, and says so. */
  marked(dialog: number, sinceMs: number, atMs: number): void {
    this.#lastToldAtMs = atMs;
    this.recovering++;
    if (this.#unseen) this.#flag(dialog, Flag.spoilt);
    else this.#mark(dialog, sinceMs);
  }

  /** The stack says that a route works again. */
  recovered(dialog: number, atMs: number): void {
    this.recovering--;
    if (!this.#unseen) this.#heal(dialog, atMs);
  }

  /** An INFO goes out that is to find the break by itself, without the program's hearing of it. */
  asked(dialog: number, atMs: number): void {
    this.#unseen = true;
    this.#startAtMs[dialog] = atMs;
    this.#mark(dialog, atMs);
  }

  /** It was answered 2xx. */
  succeeded(dialog: number, atMs: number): void {
    this.#heal(dialog, atMs);
  }

  /** An INFO was answered 2xx, after the storm. */
  proved(dialog: number): void {
    if (((this.#flags[dialog] as number) & Flag.verified) === 0) this.verified++;
    this.#flag(dialog, Flag.verified);
  }

  /** The dialog's shard has died: it takes no part any more. */
  lost(dialog: number): void {
    if (!Number.isNaN(this.#healedAtMs[dialog] as number)) this.healed--;
    this.#flag(dialog, Flag.gone);
    this.gone++;
    this.#noteEnd();
  }

  close(breakAtMs: number, endAtMs: number): RoundFigures {
    const count = this.#count;
    const samples = new Float64Array(count - this.gone);
    let [broken, lost, sample] = [0, 0, 0];
    for (let dialog = 0; dialog < count; dialog++) {
      const flags = this.#flags[dialog] as number;
      if ((flags & Flag.gone) !== 0) continue;
      const healedAtMs = this.#healedAtMs[dialog] as number;
      const startAtMs = this.#startAtMs[dialog] as number;
      const works = (flags & (Flag.verified | Flag.spoilt)) === Flag.verified && !Number.isNaN(healedAtMs);
      if ((flags & Flag.broken) !== 0) broken++;
      if (!works) lost++;
      samples[sample++] = (works ? healedAtMs : endAtMs) - (Number.isNaN(startAtMs) ? breakAtMs : startAtMs);
    }
    samples.sort();
    return {
      broken,
      healed: this.healed,
      lost,
      verified: this.verified,
      detectMs: this.#unseen ? null : rounded(this.#firstMarkAtMs - breakAtMs),
      markMs: this.#unseen ? null : rounded(this.#lastToldAtMs - this.#firstMarkAtMs),
      stormMs: rounded(this.#lastHealAtMs - this.#firstMarkAtMs),
      healMs: healTimesOf(samples),
      cpuMs: this.#cpuMs,
      quantilesMs: quantilesOf(samples),
      timeline: timelineOf(this.#markedAtMs.subarray(0, count), this.#healedAtMs.subarray(0, count), breakAtMs),
    };
  }

  #mark(dialog: number, atMs: number): void {
    if (!Number.isNaN(this.#healedAtMs[dialog] as number)) this.healed--;
    this.#healedAtMs[dialog] = Number.NaN;
    if (Number.isNaN(this.#markedAtMs[dialog] as number)) this.#markedAtMs[dialog] = atMs;
    this.#flag(dialog, Flag.broken);
    if (atMs < this.#firstMarkAtMs) this.#firstMarkAtMs = atMs;
  }

  #heal(dialog: number, atMs: number): void {
    if (Number.isNaN(this.#healedAtMs[dialog] as number)) this.healed++;
    this.#healedAtMs[dialog] = atMs;
    this.#lastHealAtMs = atMs;
    this.#noteEnd();
  }

  #noteEnd(): void {
    if (!this.isHealed) return;
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    this.#cpuMs = (user + system) / 1000;
  }

  #flag(dialog: number, flag: number): void {
    this.#flags[dialog] = (this.#flags[dialog] as number) | flag;
  }
}

/** In steps of a microsecond; null for what was not measured. */
function rounded(ms: number): number | null {
  return Number.isFinite(ms) ? Math.round(ms * 1000) / 1000 : null;
}
