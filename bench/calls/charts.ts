import { type Chart, histogramOf } from '../html/chart.ts';
import type { MemoryCurve } from '../storm/memory-curve.ts';
import type { Results } from './results.ts';

const histogramRanges = 60;
const megabyte = 1e6;

/** What a run looks like. */
export function chartsOf({ quantilesMs }: Results, { atS, sizes }: MemoryCurve): Chart[] {
  const charts: Chart[] = [];
  if (quantilesMs.length > 0) charts.push(distribution(quantilesMs), histogram(quantilesMs));
  if (atS.length > 0) {
    charts.push({
      title: 'Resident memory over the whole run',
      kind: 'lines',
      x: { name: 's', values: atS },
      y: 'MB',
      lines: sizes.map(({ name, octets }) => ({ name, values: octets.map((size) => size / megabyte) })),
    });
  }
  return charts;
}

function distribution(quantilesMs: readonly number[]): Chart {
  const steps = Math.max(1, quantilesMs.length - 1);
  return {
    title: 'Set-up time, INVITE to 200: how many calls within how long',
    kind: 'lines',
    x: { name: 'ms', values: quantilesMs },
    y: '% of calls',
    lines: [{ name: 'answered', values: quantilesMs.map((_, step) => (100 * step) / steps) }],
  };
}

function histogram(quantilesMs: readonly number[]): Chart {
  const { from, counts } = histogramOf(quantilesMs, histogramRanges);
  return {
    title: 'Set-up time: how it is spread',
    kind: 'bars',
    x: { name: 'ms', values: from },
    y: '% of calls',
    lines: [{ name: 'calls', values: counts.map((calls) => (100 * calls) / quantilesMs.length) }],
  };
}
