import type { PlanSize } from './orders.ts';

/** A seed takes a second or two, on a busy machine ten. */
const usualMs = 60_000;
const msAMinute = 1_000;
const msACall = 500;

/** How long a worker may play one seed of that size before it is taken for lost in a loop. */
export function silenceMaxMs({ minutes = 0, calls = 0 }: PlanSize): number {
  return usualMs + minutes * msAMinute + calls * msACall;
}
