import type { PlanSize } from './orders.ts';

/** A seed takes a second, on a machine that is busy otherwise ten and more. */
const usualMs = 120_000;
const msAMinute = 1_000;
const msACall = 500;

/** How long a worker may play one seed of that size before it is taken for lost in a loop. */
export function silenceMaxMs({ minutes = 0, calls = 0 }: PlanSize): number {
  return usualMs + minutes * msAMinute + calls * msACall;
}
