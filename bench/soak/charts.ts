import type { Chart, Mark } from '../html/chart.ts';
import type { Played } from './played.ts';

const megabyte = 1e6;

/** What a run looks like over time: ageing is before 0. */
export function chartsOf(played: Played): Chart[] {
  return [memory(played), dialogs(played), heals(played), delays(played)];
}

/** The three that say most, for a picture. */
export function mainChartsOf(played: Played): Chart[] {
  return [memory(played), dialogs(played), heals(played)];
}

function memory({ samples, startAtMs }: Played): Chart {
  return {
    title: 'Memory of the stack’s process',
    kind: 'lines',
    x: { name: 'minutes', values: samples.map(({ atMs }) => minutes(atMs - startAtMs)) },
    y: 'MB',
    lines: [
      { name: 'resident', values: samples.map(({ rssSize }) => rssSize / megabyte) },
      { name: 'outside the heaps', values: samples.map(({ externalSize }) => externalSize / megabyte) },
      { name: 'tables', values: samples.map(({ tablesSize }) => tablesSize / megabyte) },
      { name: 'heaps', values: samples.map(({ heapSize }) => heapSize / megabyte) },
    ],
  };
}

function dialogs(played: Played): Chart {
  const { samples, startAtMs } = played;
  return {
    title: 'Dialogs, and breaks of their route',
    kind: 'lines',
    x: { name: 'minutes', values: samples.map(({ atMs }) => minutes(atMs - startAtMs)) },
    y: 'dialogs',
    lines: [
      { name: 'open', values: samples.map(({ open }) => open) },
      { name: 'open at the far end', values: samples.map(({ farOpen }) => farOpen) },
      { name: 'recovering', values: samples.map(({ recoveringPeak }) => recoveringPeak) },
    ],
    marks: marksOf(played),
  };
}

function heals({ breaks }: Played): Chart {
  return {
    title: 'Time to heal, by break',
    kind: 'lines',
    x: { name: 'minutes', values: breaks.map(({ atMs }) => minutes(atMs)) },
    y: 'ms',
    lines: (['p50', 'p99', 'max'] as const).map((name) => ({
      name,
      values: breaks.map(({ near, far }) => larger(near.healMs[name], far.healMs[name])),
    })),
  };
}

function delays(played: Played): Chart {
  const { samples, startAtMs } = played;
  return {
    title: 'How late the event loop was, in the slowest thread',
    kind: 'lines',
    x: { name: 'minutes', values: samples.map(({ atMs }) => minutes(atMs - startAtMs)) },
    y: 'ms',
    lines: (['p50', 'p99', 'max'] as const).map((name) => ({
      name,
      values: samples.map(({ delayMs }) => delayMs[name]),
    })),
    marks: marksOf(played),
  };
}

function marksOf({ ageing, breaks }: Played): Mark[] {
  return [...ageing, ...breaks].map(({ atMs, kind, edge }) => ({ x: minutes(atMs), name: `${kind} ${edge}` }));
}

function minutes(ms: number): number {
  return ms / 60_000;
}

function larger(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}
