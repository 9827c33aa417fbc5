import { begin } from '../begin.ts';
import { tableOf as goalsTable } from '../figures.ts';
import { writeReport } from '../report.ts';
import { type RunArguments, readArguments, usage } from './arguments.ts';
import { isWhole, resultsOf, tableOf } from './results.ts';
import { playSteady } from './run.ts';

const fatalSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Holds many dialogs that do nothing but refresh, and looks what that takes. Gives the exit code. */
export function run(args: readonly string[]): Promise<number> {
  return begin('steady', usage, readArguments(args), play);
}

async function play({ scenario, json }: RunArguments): Promise<number> {
  const stop = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => stop.abort(new Error(`interrupted by ${name}; no results`));
  for (const name of fatalSignals) process.on(name, interrupt);
  try {
    const results = resultsOf(scenario, await playSteady(scenario, stop));
    console.log(`\n${tableOf(results)}\n${goalsTable([], results.goals)}\n`);
    if (json !== undefined) writeReport(json, { scenario: 'steady', parameters: { ...scenario }, results });
    return isWhole(scenario, results) ? 0 : 1;
  } catch (error) {
    console.error(`steady: ${error instanceof Error ? error.message : String(error)}`);
    return stop.signal.aborted ? 130 : 1;
  } finally {
    for (const name of fatalSignals) process.off(name, interrupt);
  }
}
