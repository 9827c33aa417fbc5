import { begin } from '../begin.ts';
import { tableOf as goalsTable } from '../figures.ts';
import { writePage } from '../html/page.ts';
import { thisMachine } from '../machine.ts';
import { faultOfReportFile, writeReport } from '../report.ts';
import { type RunArguments, readArguments, usage } from './arguments.ts';
import { chartsOf } from './charts.ts';
import { goalsOf } from './goals.ts';
import type { Revival } from './messages.ts';
import { medianIndex, resultsOf } from './results.ts';
import { Run } from './run.ts';
import { tableOf } from './table.ts';

const fatalSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Breaks the route of many dialogs again and again, and holds their healing against a floor. Gives the exit code. */
export function run(args: readonly string[]): Promise<number> {
  return begin('storm', usage, readArguments(args), play);
}

async function play(asked: RunArguments): Promise<number> {
  const fault = asked.html === undefined ? undefined : faultOfReportFile(asked.html);
  if (fault !== undefined) {
    console.error(`storm: ${fault}`);
    return 2;
  }
  const stop = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => stop.abort(new Error(`interrupted by ${name}`));
  for (const name of fatalSignals) process.on(name, interrupt);
  try {
    return await playUntil(stop, asked);
  } finally {
    for (const name of fatalSignals) process.off(name, interrupt);
  }
}

async function playUntil(stop: AbortController, { scenario, json, html, profile }: RunArguments): Promise<number> {
  const run = new Run(scenario, stop, profile);
  let trouble: unknown;
  try {
    await run.play();
  } catch (error) {
    trouble = error;
  }
  const { played } = run;
  const results = resultsOf(played);
  const goals = goalsOf(scenario, results);
  const summary = `${tableOf(results)}\n${goalsTable([], goals)}`;
  const parameters = { ...scenario };
  if (played.rounds.length > 0) console.log(`\n${summary}\n`);
  for (const [failure, count] of run.failures) console.log(`${count} × ${failure}`);
  if (trouble !== undefined) console.error(`storm: ${trouble instanceof Error ? trouble.message : trouble}`);
  if (json !== undefined) writeReport(json, { scenario: 'storm', parameters, results: { ...results, goals } });
  if (html !== undefined) {
    const charts = chartsOf(played, medianIndex(results.rounds));
    writePage(html, { title: `sipmend storm: ${scenario.fault}`, machine: thisMachine(), parameters, summary, charts });
  }
  const isWhole =
    played.rounds.length === scenario.rounds &&
    results.rounds.every(
      ({ lost, verified, revival }) => lost === 0 && verified === scenario.dialogs - goneWith(revival),
    ) &&
    (results.informed ?? 0) >= scenario.dialogs - goneWith(results.revival);
  return isWhole && trouble === undefined ? 0 : 1;
}

/** Dialogs that a shard took with it when it was killed. */
function goneWith(revival: Revival | undefined): number {
  return revival?.dialogs ?? 0;
}
