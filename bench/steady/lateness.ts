import { type HealTimes, healTimesOf } from '../storm/samples.ts';
import { firstDueS, isOurs } from './scenario.ts';

/** How late refreshes came, in milliseconds. */
export interface Lateness {
  /** Dialogs of ours that were due while it was looked. */
  readonly due: number;
  /** Of them, those whose refresh did not come. */
  readonly missing: number;
  readonly lateMs: HealTimes;
}

/** What came later than that after the last look is no fault of anybody's. */
const graceMs = 1_000;

/**
 * Holds the instants at which refreshes were seen against those at which they were due: `adoptedAt` and `seenAt` by dialog, 0 where none
 * was seen. Counts dialogs of ours whose first refresh was due between `fromMs` and shortly before `toMs`.
 */
export function latenessOf(
  adoptedAt: readonly number[],
  seenAt: readonly number[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Lateness {
  const late: number[] = [];
  let missing = 0;
  for (const [dialog, adoptedAtMs] of adoptedAt.entries()) {
    const dueAtMs = adoptedAtMs + 1000 * firstDueS(dialog);
    if (!isOurs(dialog) || dueAtMs < fromMs || dueAtMs > toMs - graceMs) continue;
    const seenAtMs = seenAt[dialog] ?? 0;
    if (seenAtMs === 0) missing++;
    else late.push(seenAtMs - dueAtMs);
  }
  return { due: late.length + missing, missing, lateMs: healTimesOf(Float64Array.from(late).sort()) };
}
