/** A value at an instant. */
export interface Point {
  readonly atMs: number;
  readonly value: number;
}

/** A straight line through points. */
export interface Slope {
  /** Change in an hour, and the bounds that hold it with a confidence of 95 %. */
  readonly perHour: number;
  readonly lowPerHour: number;
  readonly highPerHour: number;
  readonly mean: number;
  /** Means that the line goes through. */
  readonly blocks: number;
}

const hourMs = 3_600_000;
/** With fewer there is no spread to speak of. */
const blocksMin = 4;
const correlationMax = 0.9;

/**
 * The line of least squares through the means of blocks of `blockMs`, of equal weight; undefined with less than four blocks.
 *
 * Samples that follow each other are alike, and would promise a precision that they do not have: hence blocks. What likeness is left
 * between neighbouring blocks widens the bounds as for a process of first order: by √((1 + r) / (1 − r)), where r is positive.
 */
export function slopeOf(points: readonly Point[], blockMs: number): Slope | undefined {
  const blocks = blocksOf(points, blockMs);
  const { length } = blocks;
  if (length < blocksMin) return undefined;
  const middleMs = meanOf(blocks.map(({ atMs }) => atMs));
  const mean = meanOf(blocks.map(({ value }) => value));
  let spread = 0;
  let product = 0;
  for (const { atMs, value } of blocks) {
    spread += (atMs - middleMs) ** 2;
    product += (atMs - middleMs) * (value - mean);
  }
  const slope = product / spread;
  const rests = blocks.map(({ atMs, value }) => value - mean - slope * (atMs - middleMs));
  const squares = rests.reduce((sum, rest) => sum + rest * rest, 0);
  const error = Math.sqrt(squares / (length - 2) / spread) * wideningOf(rests, squares);
  const reach = studentOf(length - 2) * error;
  return {
    perHour: slope * hourMs,
    lowPerHour: (slope - reach) * hourMs,
    highPerHour: (slope + reach) * hourMs,
    mean,
    blocks: length,
  };
}

/** A block counts when it is at least half full. */
function blocksOf(points: readonly Point[], blockMs: number): Point[] {
  const firstMs = points[0]?.atMs ?? 0;
  const blocks = new Map<number, Point[]>();
  for (const point of points) {
    const index = Math.floor((point.atMs - firstMs) / blockMs);
    const block = blocks.get(index);
    if (block === undefined) blocks.set(index, [point]);
    else block.push(point);
  }
  const all = [...blocks.values()];
  const full = Math.max(...all.map(({ length }) => length));
  return all
    .filter(({ length }) => 2 * length >= full)
    .map((block) => ({
      atMs: meanOf(block.map(({ atMs }) => atMs)),
      value: meanOf(block.map(({ value }) => value)),
    }));
}

function wideningOf(rests: readonly number[], squares: number): number {
  if (squares === 0) return 1;
  let product = 0;
  for (let index = 1; index < rests.length; index++) {
    product += (rests[index] as number) * (rests[index - 1] as number);
  }
  // From few values it comes out too small, by (1 + 4 r) / n where a line was taken off first.
  const found = product / squares;
  const correlation = Math.min(correlationMax, Math.max(0, found + (1 + 4 * found) / rests.length));
  return Math.sqrt((1 + correlation) / (1 - correlation));
}

/** Student's t that is not exceeded in 97.5 % of cases, by the expansion of Cornish and Fisher; exact to 1 % from 2 degrees on. */
function studentOf(degrees: number): number {
  const z = 1.959964;
  if (degrees === 2) return 4.302653;
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const third = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + first / degrees + second / degrees ** 2 + third / degrees ** 3;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
