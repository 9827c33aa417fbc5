/** Percentiles of heal times, in milliseconds; null without a sample. */
export interface HealTimes {
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
}

const quantileCount = 500;

/** Each is a sample: the smallest that so large a part of all does not exceed. */
export function healTimesOf(sorted: Float64Array): HealTimes {
  return {
    p50: percentile(sorted, 0.5),
    p90: percentile(sorted, 0.9),
    p99: percentile(sorted, 0.99),
    p999: percentile(sorted, 0.999),
    max: percentile(sorted, 1),
  };
}

/** Samples at equal steps of their rank, from the first to the last: few enough to draw, whatever their number. */
export function quantilesOf(sorted: Float64Array): number[] {
  const steps = Math.min(quantileCount, sorted.length - 1);
  if (steps < 1) return [...sorted];
  return Array.from({ length: steps + 1 }, (_, step) =>
    inMicroseconds(sorted[Math.round((step * (sorted.length - 1)) / steps)] as number),
  );
}

function percentile(sorted: Float64Array, part: number): number | null {
  const sample = sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)];
  return sample === undefined ? null : inMicroseconds(sample);
}

function inMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
