import { begin } from '../begin.ts';
import { tableOf as goalsTable } from '../figures.ts';
import { writeReport } from '../report.ts';
import { untilInterrupted } from '../until-interrupted.ts';
import { type Counts, readArguments, usage } from './arguments.ts';
import { goalsOf, lossesOf, rowsOf, sippLimitOf, tableOf } from './row.ts';
import { play } from './run.ts';

/** Makes the same calls with our stack and with others. Gives the exit code. */
export function run(args: readonly string[]): Promise<number> {
  return begin('peers', usage, readArguments(args), measure);
}

async function measure({
  counts,
  json,
}: {
  readonly counts: Counts;
  readonly json: string | undefined;
}): Promise<number> {
  try {
    const { measured, held, absent } = await untilInterrupted((stop) => play(counts, stop));
    const rows = rowsOf(measured);
    const losses = lossesOf(rows, held);
    const goals = goalsOf(measured);
    const sippLimit = sippLimitOf(measured);
    if (rows.length > 0) console.log(`\n${tableOf(rows, held)}\n${goalsTable([], goals)}\n`);
    if (sippLimit !== undefined) console.log(`  SIPp with itself begins to send again at ${sippLimit} calls a second`);
    for (const loss of losses) console.log(`  lost: ${loss}`);
    for (const [who, why] of absent) console.log(`  absent: ${who}: ${why}`);
    if (json !== undefined) {
      const results = { rows, held, goals, sippLimit, losses, absent: Object.fromEntries(absent) };
      writeReport(json, { scenario: 'peers', parameters: counts, results });
    }
    return 0;
  } catch (error) {
    console.error(`peers: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}
