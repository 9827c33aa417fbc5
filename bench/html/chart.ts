/** One line of a chart, a value for each x; null where there is none. */
export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

/** What a page draws: lines over a common x. Bars stand for counts of a range that begins at its x. */
export interface Chart {
  readonly title: string;
  readonly kind: 'lines' | 'bars';
  readonly x: { readonly name: string; readonly values: readonly number[] };
  /** What is counted or measured upwards. */
  readonly y: string;
  readonly lines: readonly Line[];
  /** What happened at one x; drawn as a dash. */
  readonly marks?: readonly Mark[];
}

/** Something that happened, where it is no measurement. */
export interface Mark {
  readonly x: number;
  readonly name: string;
}

/** How many samples fall into each of so many ranges of equal width. */
export function histogramOf(
  samples: readonly number[],
  ranges: number,
): { readonly from: number[]; readonly counts: number[] } {
  const least = Math.min(...samples);
  const width = (Math.max(...samples) - least) / ranges || 1;
  const counts = new Array<number>(ranges).fill(0);
  for (const sample of samples) {
    const range = Math.min(ranges - 1, Math.floor((sample - least) / width));
    counts[range] = (counts[range] as number) + 1;
  }
  return { from: counts.map((_, range) => least + range * width), counts };
}
