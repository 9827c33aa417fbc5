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

/** What is measured over less says nothing of an hour: samples of 10 minutes, but for the time to the first. */
const leastSpanMs = 9.5 * 60_000;
const partMax = 0.02;
const hourMs = 3_600_000;

/**
 * Judges samples of a size. It is flat when the bounds of its slope hold 0, and the slope itself is less than 2 % of it in an
 * hour: the second, so that noise cannot hide a leak. In a short run only what grows by as much while it lasts, beyond doubt, is told.
 */
export function growthOf(points: readonly Point[]): Growth {
  const slope = slopeOf(points, blockMs);
  if (slope === undefined) return { verdict: 'too-short', slope, partPerHour: undefined };
  const partPerHour = slope.perHour / slope.mean;
  const spanMs = (points.at(-1)?.atMs ?? 0) - (points[0]?.atMs ?? 0);
  if (spanMs < leastSpanMs) {
    const least = (slope.lowPerHour * spanMs) / hourMs;
    return { verdict: least > partMax * slope.mean ? 'grows' : 'too-short', slope, partPerHour };
  }
  const holdsZero = slope.lowPerHour <= 0 && slope.highPerHour >= 0;
  return { verdict: holdsZero && Math.abs(partPerHour) < partMax ? 'flat' : 'grows', slope, partPerHour };
}

/**
 * Judges what is part of a size, by what it adds to it: its noise is so little that its bounds may lie beyond 0 for nothing. It grows when it
 * alone would have the whole grow by 2 % in an hour.
 */
export function growthWithin(points: readonly Point[], whole: Growth): Growth {
  const { verdict, slope, partPerHour } = growthOf(points);
  if (slope === undefined || whole.slope === undefined || verdict === 'too-short')
    return { verdict, slope, partPerHour };
  return { verdict: slope.perHour < partMax * whole.slope.mean ? 'flat' : 'grows', slope, partPerHour };
}
