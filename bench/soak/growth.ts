import { type Point, type Slope, slopeOf } from './slope.ts';

/** `flat`: memory stays as it is. `grows`: or shrinks, for that is no steady state either. `too-short`: nobody can tell. */
export type GrowthVerdict = 'flat' | 'grows' | 'too-short';

/** Whether memory grows while all else stays as it is. */
export interface Growth {
  readonly verdict: GrowthVerdict;
  /** In octets; undefined with too few samples. */
  readonly slope: Slope | undefined;
  /** Change in an hour as a part of the mean. */
  readonly partPerHour: number | undefined;
}

/** So long samples are put together: a few storms and collections of garbage. */
export const blockMs = 30_000;

/** What is measured over less says nothing of an hour. */
const leastSpanMs = 10 * 60_000;
const partMax = 0.02;
/** Tables grow to their high-water mark, and code is compiled. */
const warmUpPart = 0.25;

/** The samples that count. */
export function afterWarmUp(points: readonly Point[]): readonly Point[] {
  const first = points[0]?.atMs ?? 0;
  const last = points.at(-1)?.atMs ?? 0;
  return points.filter(({ atMs }) => atMs >= first + warmUpPart * (last - first));
}

/**
 * Judges samples of a size. It is flat when the bounds of its slope hold 0, and the slope itself is less than 2 % of it in an
 * hour: the second, so that noise cannot hide a leak.
 */
export function growthOf(samples: readonly Point[]): Growth {
  const points = afterWarmUp(samples);
  const slope = slopeOf(points, blockMs);
  if (slope === undefined) return { verdict: 'too-short', slope, partPerHour: undefined };
  const partPerHour = slope.perHour / slope.mean;
  const spanMs = (points.at(-1)?.atMs ?? 0) - (points[0]?.atMs ?? 0);
  if (spanMs < leastSpanMs) return { verdict: 'too-short', slope, partPerHour };
  const holdsZero = slope.lowPerHour <= 0 && slope.highPerHour >= 0;
  return { verdict: holdsZero && Math.abs(partPerHour) < partMax ? 'flat' : 'grows', slope, partPerHour };
}
