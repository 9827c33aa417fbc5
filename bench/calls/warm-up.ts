import type { End } from './end.ts';

/** Seconds at each part of the rate: code that is not compiled yet falls behind the whole of it, and what is behind is sent again. */
const steps = [
  { part: 1 / 4, seconds: 3 },
  { part: 1 / 2, seconds: 2 },
  { part: 1, seconds: 2 },
] as const;
/** What is late of one step is not to come in the next. */
const pauseMs = 500;

/** Calls that come before those that count, rising to their rate; gives how many failed. A short run has a short one. */
export async function warmUp(
  caller: End,
  port: number,
  { callsPerSecond, seconds }: { readonly callsPerSecond: number; readonly seconds: number },
): Promise<number> {
  let failed = 0;
  for (const step of steps) {
    const rate = Math.max(1, Math.round(step.part * callsPerSecond));
    const calls = Math.max(1, Math.round(rate * Math.min(step.seconds, seconds / 3)));
    failed += (await caller.call(port, calls, rate)).failed;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return failed;
}
