import type { Misfit } from './ledger.ts';
import type { Sample } from './messages.ts';
import type { BreakKind } from './plan.ts';
import type { BreakFigures } from './tally.ts';

/** A break that was. Milliseconds. */
export interface PlayedBreak {
  readonly kind: BreakKind;
  readonly edge: 'A' | 'B';
  /** Since the clock started; of ageing below 0. */
  readonly atMs: number;
  /** Part of the open dialogs that it hit: at either end, for whoever notices first may heal a dialog before the other does. */
  readonly share: number;
  /** Until neither end had a broken dialog. */
  readonly healedAfterMs: number;
  /** Dialogs that were broken when there was no more time. */
  readonly unhealed: number;
  /** Where state was lost, its times are those of the INFOs that found it. */
  readonly near: BreakFigures;
  readonly far: BreakFigures;
}

/** A sample of the stack's process, with what was known of both ends. */
export interface SampleOfBoth extends Sample {
  readonly farOpen: number;
  /** Most dialogs that were broken at one end since the sample before: storms are shorter than the time between two. */
  readonly recoveringPeak: number;
}

/** What a run has gathered, as far as it came. */
export interface Played {
  /** When ageing was over: the instant of the machine's clock that times are told from. */
  readonly startAtMs: number;
  /** From ageing on. */
  readonly samples: readonly SampleOfBoth[];
  /** Breaks before the clock started, in quick succession. */
  readonly ageing: readonly PlayedBreak[];
  readonly breaks: readonly PlayedBreak[];
  readonly calls: number;
  readonly callsFailed: number;
  /** Dialogs that were hung up and are over at both ends. */
  readonly ended: number;
  readonly falselyEnded: readonly Misfit[];
  /** Of the end of the run; undefined when it did not come to that. */
  readonly final:
    | {
        readonly open: number;
        readonly lost: readonly Misfit[];
        readonly ghosts: readonly Misfit[];
      }
    | undefined;
  /** What failed, and how often: at the near end, then at the far end. */
  readonly failures: readonly (readonly [failure: string, count: number])[];
}
