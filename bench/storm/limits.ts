/** How long the phases of a run may take, in milliseconds: none waits for ever, whatever happens. */
export interface Limits {
  readonly setUpMs: number;
  readonly stormMs: number;
  /** The INFOs of one direction. */
  readonly informMs: number;
  /** Until our stack notices that a hop is back. */
  readonly restoreMs: number;
}

export function limitsOf(dialogs: number): Limits {
  return {
    setUpMs: 60_000 + 2 * dialogs,
    stormMs: 60_000 + dialogs,
    informMs: 60_000 + dialogs,
    restoreMs: 10_000,
  };
}
