import { writeFileSync } from 'node:fs';
import type { Chart } from './chart.ts';

const size = { width: 860, chart: 190, plot: 120, left: 64, right: 16, top: 34 } as const;
const colours = ['#2563eb', '#d9480f', '#2f9e44', '#862e9c'] as const;
const ticks = 4;

/** Writes charts as one picture, which needs nothing to be shown. @throws when it cannot be written */
export function writeSvg(file: string, title: string, charts: readonly Chart[]): void {
  writeFileSync(file, svgOf(title, charts));
}

/** Charts of lines below each other, each with scales that hold 0, and its marks as dashes. */
export function svgOf(title: string, charts: readonly Chart[]): string {
  const height = 40 + charts.length * size.chart;
  const parts = charts.map(
    (chart, index) => `<g transform="translate(0 ${40 + index * size.chart})">${drawn(chart)}</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" font-family="system-ui, sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
<text x="${size.left}" y="26" font-size="16" font-weight="600" fill="#1d2433">${escaped(title)}</text>
${parts.join('\n')}
</svg>
`;
}

function drawn({ title, x, y, lines, marks = [] }: Chart): string {
  const xMin = Math.min(...x.values, ...marks.map((mark) => mark.x), 0);
  const xMax = Math.max(...x.values, ...marks.map((mark) => mark.x), 0) || 1;
  const yMax = roundUp(Math.max(...lines.flatMap(({ values }) => values.map((value) => value ?? 0)), 0));
  const across = (value: number): string =>
    (size.left + ((value - xMin) / (xMax - xMin)) * (size.width - size.left - size.right)).toFixed(1);
  const up = (value: number): string => (size.top + size.plot * (1 - value / yMax)).toFixed(1);
  const grid = Array.from({ length: ticks + 1 }, (_, tick) => {
    const at = up((tick / ticks) * yMax);
    const right = size.width - size.right;
    const label = ((tick / ticks) * yMax).toLocaleString('en-US', { maximumFractionDigits: 1 });
    return `<path d="M${size.left} ${at}H${right}" stroke="#e3e7ee"/><text x="${size.left - 6}" y="${at}" dy="4" text-anchor="end" fill="#5b6577">${label}</text>`;
  });
  const dashes = marks.map(
    (mark) => `<path d="M${across(mark.x)} ${size.top}v${size.plot}" stroke="#adb5bd" stroke-dasharray="2 3"/>`,
  );
  const polylines = lines.map(({ values }, line) => {
    const points = values.flatMap((value, index) =>
      value === null ? [] : [`${across(x.values[index] as number)},${up(value)}`],
    );
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${colours[line % colours.length]}" stroke-width="1.5"/>`;
  });
  const legend = lines.map(
    ({ name }, line) => `<tspan dx="12" fill="${colours[line % colours.length]}">${escaped(name)}</tspan>`,
  );
  const foot = size.top + size.plot + 16;
  const start = xMin < 0 ? [`<text x="${across(0)}" y="${foot}" text-anchor="middle" fill="#5b6577">0</text>`] : [];
  return [
    `<text x="${size.left}" y="22" fill="#1d2433"><tspan font-weight="600">${escaped(title)}</tspan>, ${escaped(y)}${legend.join('')}</text>`,
    ...grid,
    ...dashes,
    ...polylines,
    ...start,
    `<text x="${size.width - size.right}" y="${foot}" text-anchor="end" fill="#5b6577">${xMax.toFixed(1)} ${escaped(x.name)}</text>`,
  ].join('\n');
}

/** To 1, 2, 4 or 8 times a power of ten, so that a quarter of it is a number to read. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value || 1));
  return power * ([1, 2, 4, 8, 10].find((step) => step * power >= value) ?? 10);
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
