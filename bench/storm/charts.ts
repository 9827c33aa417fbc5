import { type Chart, histogramOf } from '../html/chart.ts';
import type { MemoryCurve } from './memory-curve.ts';
import type { Played } from './results.ts';
import type { RoundFigures } from './round.ts';

const histogramRanges = 60;
const megabyte = 1e6;

/** What a run looks like; the storm over time is that of the round whose index is given. */
export function chartsOf({ rounds, memory }: Played, median: number): Chart[] {
  const shown = rounds[median]?.figures;
  const charts: Chart[] = [];
  if (shown !== undefined) charts.push(distribution(shown), histogram(shown), storm(shown));
  if (memory !== undefined && memory.atS.length > 0) charts.push(memoryChart(memory));
  return charts;
}

function distribution({ quantilesMs }: RoundFigures): Chart {
  const steps = Math.max(1, quantilesMs.length - 1);
  return {
    title: 'Time to heal: how many dialogs within how long',
    kind: 'lines',
    x: { name: 'ms', values: quantilesMs },
    y: '% of dialogs',
    lines: [{ name: 'healed', values: quantilesMs.map((_, step) => (100 * step) / steps) }],
  };
}

function histogram({ quantilesMs }: RoundFigures): Chart {
  const { from, counts } = histogramOf(quantilesMs, histogramRanges);
  return {
    title: 'Time to heal: how they are spread',
    kind: 'bars',
    x: { name: 'ms', values: from },
    y: '% of dialogs',
    lines: [{ name: 'dialogs', values: counts.map((count) => (100 * count) / quantilesMs.length) }],
  };
}

function storm({ timeline: { stepMs, broken, healed } }: RoundFigures): Chart {
  return {
    title: 'The storm over time',
    kind: 'lines',
    x: { name: 'ms since the break', values: broken.map((_, step) => step * stepMs) },
    y: 'dialogs',
    lines: [
      { name: 'broken', values: broken },
      { name: 'healed', values: healed },
    ],
  };
}

function memoryChart({ atS, sizes }: MemoryCurve): Chart {
  return {
    title: 'Resident memory over the whole run',
    kind: 'lines',
    x: { name: 's', values: atS },
    y: 'MB',
    lines: sizes.map(({ name, octets }) => ({ name, values: octets.map((size) => size / megabyte) })),
  };
}
