import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Machine } from '../machine.ts';
import type { Chart } from './chart.ts';

/** A report for people: what was asked, what was found, and charts. */
export interface Page {
  readonly title: string;
  readonly machine: Machine;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** A table as text, as the terminal shows it. */
  readonly summary: string;
  readonly charts: readonly Chart[];
}

/** Writes one file that needs no other and no network. @throws when it cannot be written */
export function writePage(file: string, page: Page): void {
  writeFileSync(file, htmlOf(page));
}

export function htmlOf({ title, machine, parameters, summary, charts }: Page): string {
  const facts = [...Object.entries(parameters), ...Object.entries(machine)]
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(String(value))}</dd></div>`);
  const figures = charts.map(({ title }) => `<figure><figcaption>${escaped(title)}</figcaption></figure>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>
${asset('uPlot.min.css')}
${style}
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<dl>
${facts.join('\n')}
</dl>
<pre>${escaped(summary)}</pre>
${figures.join('\n')}
<script type="application/json" id="charts">${JSON.stringify(charts).replaceAll('<', '\\u003c')}</script>
<script>
${asset('uPlot.iife.min.js')}
${script}
</script>
</body>
</html>
`;
}

const style = `body { font: 15px/1.5 system-ui, sans-serif; max-width: 960px; margin: 2rem auto; padding: 0 1rem; color: #1d2433; background: #fff; }
h1 { font-size: 1.4rem; }
dl { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0 0 1rem; }
dt { display: inline; color: #5b6577; }
dt::after { content: ': '; }
dd { display: inline; margin: 0; }
pre { background: #f4f6f9; padding: 1rem; overflow-x: auto; border-radius: 6px; }
figure { margin: 2rem 0; }
figcaption { font-weight: 600; margin-bottom: .5rem; }`;

const script = `const colours = ['#2563eb', '#d9480f', '#2f9e44', '#862e9c', '#868e96'];
const figures = [...document.querySelectorAll('figure')];
const plots = JSON.parse(document.getElementById('charts').textContent).map((chart, index) => {
  const width = figures[index].clientWidth;
  const dash = (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = '#adb5bd';
    ctx.setLineDash([4, 4]);
    for (const mark of chart.marks ?? []) {
      const at = plot.valToPos(mark.x, 'x', true);
      if (at < bbox.left || at > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(at, bbox.top);
      ctx.lineTo(at, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  };
  return new uPlot({
    width, height: 320, hooks: { drawClear: [dash] },
    scales: { x: { time: false } },
    axes: [{ label: chart.x.name }, { label: chart.y, size: 70 }],
    series: [{ label: chart.x.name }, ...chart.lines.map((line, at) => ({
      label: line.name, stroke: colours[at % colours.length], width: 1.5, points: { show: false },
      ...(chart.kind === 'bars' ? { fill: colours[at % colours.length] + '55', paths: uPlot.paths.bars({ size: [1], align: 1 }) } : {}),
    }))],
  }, [chart.x.values, ...chart.lines.map((line) => line.values)], figures[index]);
});
addEventListener('resize', () => plots.forEach((plot, index) => plot.setSize({ width: figures[index].clientWidth, height: 320 })));`;

/** A file of uPlot's, which charts are drawn by. */
function asset(name: string): string {
  return readFileSync(createRequire(import.meta.url).resolve(`uplot/dist/${name}`), 'utf8').trim();
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
