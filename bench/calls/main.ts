import { begin } from '../begin.ts';
import { tableOf as goalsTable } from '../figures.ts';
import { writePage } from '../html/page.ts';
import { thisMachine } from '../machine.ts';
import { faultOfReportFile, writeReport } from '../report.ts';
import { untilInterrupted } from '../until-interrupted.ts';
import { type RunArguments, readArguments, usage } from './arguments.ts';
import { chartsOf } from './charts.ts';
import { goalsOf, resultsOf } from './results.ts';
import { play } from './run.ts';
import { tableOf } from './table.ts';

/** Makes calls at a constant rate, and tells what they took. Gives the exit code. */
export function run(args: readonly string[]): Promise<number> {
  return begin('calls', usage, readArguments(args), measure);
}

async function measure({ scenario, json, html, profile }: RunArguments): Promise<number> {
  for (const file of [html, profile]) {
    const fault = file === undefined ? undefined : faultOfReportFile(file);
    if (fault === undefined) continue;
    console.error(`calls: ${fault}`);
    return 2;
  }
  try {
    const { played, memory } = await untilInterrupted((stop) => play(scenario, stop, profile));
    const results = resultsOf(played);
    const goals = goalsOf(scenario, results);
    const summary = `${tableOf(results)}\n${goalsTable([], goals)}`;
    console.log(`\n${summary}\n`);
    for (const [failure, count] of results.failures) console.log(`${count} × ${failure}`);
    const parameters = { ...scenario };
    if (json !== undefined) writeReport(json, { scenario: 'calls', parameters, results: { ...results, goals } });
    if (html !== undefined) {
      const title = `sipmend calls, as ${scenario.as}`;
      writePage(html, { title, machine: thisMachine(), parameters, summary, charts: chartsOf(results, memory) });
    }
    return results.failed + results.failedBefore === 0 ? 0 : 1;
  } catch (error) {
    console.error(`calls: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}
