import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { readCounts } from '../arguments.ts';
import { begin } from '../begin.ts';
import { ours, type Row, rowsOf, tableOf } from '../figures.ts';
import { writeReport } from '../report.ts';
import { goalsOf } from './goals.ts';
import { type DialogFigures, type Job, operations, type TransactionFigures } from './jobs.ts';

export const usage: string = `Usage: npm run bench -- table [options]      (or: sipmend-bench table [options])

Creates, finds, changes, walks and frees dialogs in the table, and has a Map of plain objects do the same; then answers
requests until so many server transactions only absorb. Says what each takes of memory, by our count and by the
system's. Each part has a process of its own. Ends with 1 if a dialog or a transaction is lost, or left in the end.

  --dialogs N        dialogs at once (default: 1000000)
  --transactions N   server transactions at once (default: 128000)
  --json FILE        writes the results to FILE
  --help             shows this`;

/** Measures the dialog table and what finished transactions take. Gives the exit code. */
export function run(args: readonly string[]): Promise<number> {
  const asked = readCounts(args, {
    dialogs: { default: 1_000_000, max: 4_000_000 },
    transactions: { default: 128_000, max: 500_000 },
  });
  return begin('table', usage, asked, ({ counts, json }) => measure(counts, json));
}

async function measure(
  counts: Readonly<Record<'dialogs' | 'transactions', number>>,
  json: string | undefined,
): Promise<number> {
  const table = await figuresOf<DialogFigures>('dialogs', counts.dialogs);
  const map = await figuresOf<DialogFigures>('map', counts.dialogs);
  const calls = await figuresOf<TransactionFigures>('calls', counts.transactions);
  const requests = await figuresOf<TransactionFigures>('requests', counts.transactions);
  const rows = [
    ...rowsOf(new Map([ratesOf(ours, table), ratesOf('Map', map)])),
    ...transactionRows({ calls, requests }),
  ];
  const goals = goalsOf({ table, calls, requests });
  const wrong = table.wrong + map.wrong + calls.wrong + requests.wrong;
  console.log(tableOf(rows, goals));
  console.log(`
  of a dialog, columns take ${table.rowSize} octets; in a Map it takes ${Math.round(map.residentSize)}
  longest pause of the Map ${map.longestPauseMs.toFixed(1)} ms; the responses that are kept have ${calls.responseSize} octets (BYE) and ${requests.responseSize} (INFO)`);
  if (wrong > 0) console.error(`table: ${wrong} times something was not found, or left in the end`);
  if (json !== undefined) {
    const results = { rows, goals, wrong, memory: { table, map, calls, requests } };
    writeReport(json, { scenario: 'table', parameters: counts, results });
  }
  return wrong === 0 ? 0 : 1;
}

async function figuresOf<Figures>(job: Job, count: number): Promise<Figures> {
  const child = fork(join(import.meta.dirname, 'child.js'), [JSON.stringify([job, count])], {
    // A million plain objects are more than the heap usually may hold.
    execArgv: ['--expose-gc', '--max-old-space-size=8192'],
  });
  const exited = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the process for '${job}' ended early (${signal ?? code})`);
  });
  const [figures] = await Promise.race([once(child, 'message'), exited]);
  return figures as Figures;
}

function ratesOf(name: string, { perSecond }: DialogFigures): [string, Map<string, number>] {
  return [name, new Map(operations.map((operation) => [`${operation} a dialog`, perSecond[operation]]))];
}

function transactionRows(found: Readonly<Record<'calls' | 'requests', TransactionFigures>>): Row[] {
  return [
    { name: ours, operation: 'server transaction, of a call', perSecond: found.calls.perSecond, ratioToOurs: 1 },
    { name: ours, operation: 'server transaction, of an INFO', perSecond: found.requests.perSecond, ratioToOurs: 1 },
  ];
}
