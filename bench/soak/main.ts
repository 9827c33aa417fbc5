import { begin } from '../begin.ts';
import { writePage } from '../html/page.ts';
import { writeSvg } from '../html/svg.ts';
import { thisMachine } from '../machine.ts';
import { faultOfReportFile, writeReport } from '../report.ts';
import { type RunArguments, readArguments, usage } from './arguments.ts';
import { chartsOf, mainChartsOf } from './charts.ts';
import { resultsOf } from './results.ts';
import { Run } from './run.ts';
import { tableOf } from './table.ts';
import { exitCodeOf } from './verdict.ts';

const fatalSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const interruptedCode = 130;

/** Somebody has had enough. */
class Interrupted extends Error {
  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}: this is what there was until then`);
  }
}

/** Has calls come and go for a long time while routes break, and judges what is left. Gives the exit code. */
export function run(args: readonly string[]): Promise<number> {
  return begin('soak', usage, readArguments(args), play);
}

async function play(asked: RunArguments): Promise<number> {
  for (const file of [asked.html, asked.svg]) {
    const fault = file === undefined ? undefined : faultOfReportFile(file);
    if (fault === undefined) continue;
    console.error(`soak: ${fault}`);
    return 2;
  }
  const stop = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => stop.abort(new Interrupted(name));
  for (const name of fatalSignals) process.on(name, interrupt);
  try {
    return await playUntil(stop, asked);
  } finally {
    for (const name of fatalSignals) process.off(name, interrupt);
  }
}

async function playUntil(stop: AbortController, { scenario, json, html, svg }: RunArguments): Promise<number> {
  const run = new Run(scenario, stop);
  let trouble: unknown;
  try {
    await run.play();
  } catch (error) {
    trouble = stop.signal.aborted ? stop.signal.reason : error;
  }
  const { played } = run;
  const results = resultsOf(played);
  const summary = tableOf(results);
  const parameters = { ...scenario };
  console.log(`\n${summary}\n`);
  for (const [failure, count] of results.failures) console.log(`${count} × ${failure}`);
  for (const { callId, what } of results.misfits) console.log(`${callId} ${what}`);
  if (trouble !== undefined) console.error(`soak: ${trouble instanceof Error ? trouble.message : trouble}`);
  if (json !== undefined) {
    writeReport(json, { scenario: 'soak', parameters, results: { ...results, samples: played.samples } });
  }
  const title = `sipmend soak: ${scenario.dialogs.toLocaleString('en-US')} dialogs over ${scenario.transport.toUpperCase()}`;
  if (html !== undefined)
    writePage(html, { title, machine: thisMachine(), parameters, summary, charts: chartsOf(played) });
  if (svg !== undefined) writeSvg(svg, title, mainChartsOf(played));
  if (trouble instanceof Interrupted) return interruptedCode;
  return trouble === undefined ? exitCodeOf(results.faults) : 1;
}
