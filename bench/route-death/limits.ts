import type { Scenario } from './scenario.ts';

/** How long the phases of a run may take, in milliseconds: none waits for ever, whatever happens. */
export interface Limits {
  readonly setUpMs: number;
  /** Waiting for heals. Where nobody heals there is little to wait for. */
  readonly healMs: number;
  /** The INFOs of one direction. */
  readonly informMs: number;
  /** All that comes after the break. */
  readonly watchdogMs: number;
}

/** So many dialogs the limits are made for; a run of more gets more time. */
const usualDialogs = 10_000;

export function limitsOf({ dialogs, mode }: Scenario): Limits {
  const more = Math.max(0, dialogs - usualDialogs);
  return {
    setUpMs: 60_000 + 4 * more,
    healMs: mode === 'none' ? 3_000 : 40_000 + more,
    informMs: 8_000 + 0.4 * more,
    watchdogMs: 60_000 + 2 * more,
  };
}
