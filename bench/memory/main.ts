import { begin } from '../begin.ts';
import { atMost, type Goal, tableOf as goalsTable } from '../figures.ts';
import { writePage } from '../html/page.ts';
import { thisMachine } from '../machine.ts';
import { faultOfReportFile, writeReport } from '../report.ts';
import { type RunArguments, readArguments, usage } from './arguments.ts';
import { play } from './play.ts';
import { chartsOf, type Results, resultsOf, tableOf } from './results.ts';

/** Measures what dialogs take. Gives the exit code. */
export function run(args: readonly string[]): Promise<number> {
  return begin('memory', usage, readArguments(args), measure);
}

async function measure({ scenario, json, html }: RunArguments): Promise<number> {
  const fault = html === undefined ? undefined : faultOfReportFile(html);
  if (fault !== undefined) {
    console.error(`memory: ${fault}`);
    return 2;
  }
  const played = await play(scenario);
  const results = resultsOf(played);
  const goals = goalsOf(results);
  const summary = `${tableOf(results)}\n${goalsTable([], goals)}`;
  const parameters = { ...scenario };
  console.log(`\n${summary}\n`);
  if (json !== undefined) writeReport(json, { scenario: 'memory', parameters, results: { ...results, goals } });
  if (html !== undefined) {
    const charts = chartsOf(played);
    writePage(html, { title: 'sipmend memory', machine: thisMachine(), parameters, summary, charts });
  }
  return results.established === scenario.dialogs ? 0 : 1;
}

function goalsOf({ rssPerDialogBytes, heapPerDialogBytes }: Results): Goal[] {
  if (rssPerDialogBytes === null || heapPerDialogBytes === null) return [];
  const own = rssPerDialogBytes - heapPerDialogBytes;
  return [atMost(1024, 'octets', "memory of a dialog at rest, without the program's", own)];
}
