/** How late things began that were to begin at a constant rate. */
export interface Paced {
  /** Milliseconds behind its time, of each. */
  readonly lateMs: Float64Array;
  /** From the first to the last. */
  readonly tookMs: number;
}

/**
 * Begins so many things at a constant rate, whatever becomes of them: an open loop. What cannot begin in time begins as soon as may be, and is
 * noted as late.
 */
export function atConstantRate(count: number, perSecond: number, begin: (index: number) => void): Promise<Paced> {
  const lateMs = new Float64Array(count);
  const stepMs = 1000 / perSecond;
  const startMs = performance.now();
  let next = 0;
  return new Promise((resolve) => {
    const beginDue = (): void => {
      const passedMs = performance.now() - startMs;
      for (; next < count && next * stepMs <= passedMs; next++) {
        lateMs[next] = passedMs - next * stepMs;
        begin(next);
      }
      if (next < count) setTimeout(beginDue, 1);
      else resolve({ lateMs, tookMs: performance.now() - startMs });
    };
    beginDue();
  });
}
