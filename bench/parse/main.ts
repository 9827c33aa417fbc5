import { readCounts } from '../arguments.ts';
import { begin } from '../begin.ts';
import { writeReport } from '../report.ts';
import { cStacks, measureCStack } from './c-stacks.ts';
import { measureGrowth, ways } from './growth.ts';
import type { Missing, Parser } from './parser.ts';
import { disagreements, goalsOf, type Results, type Row, tableOf } from './results.ts';
import { loadRivals } from './rivals/load.ts';
import { type Sample, samples } from './samples.ts';
import { sipmend, sipmendAsStrings } from './sipmend.ts';
import { checksumOf, timeParsers } from './timing.ts';

const timing = { timeMs: 1_000, warmupMs: 500 };

export const usage: string = `Usage: npm run bench -- parse [options]      (or: sipmend-bench parse [options])

Parses the same UPDATE (543 octets) and the same INVITE (1,081) with this library and with others, and reads the same fields from
each: start line, topmost Via, tags, Call-ID, CSeq, Contact, Route, Record-Route, Session-Expires. Others are npm's sip,
drachtio-srf, jssip and sip.js, and, with a C compiler, sofia-sip and libosip2 (Debian: apt-get install gcc
libsofia-sip-ua-dev libosip2-dev); what is not installed is said to be missing. Then measures how the time grows with a message.

Ends with 1 if a parser reads other values than ours, or if a message twice as long takes more than three times as long.
Speeds are told beside their goals, whether these are met or missed.

  --json FILE   writes the results to FILE
  --help        shows this`;

/** Measures parsers side by side, and how ours grows. Gives the exit code. */
export function run(args: readonly string[]): Promise<number> {
  return begin('parse', usage, readCounts(args, {}), async ({ json }) => {
    const results = await measure();
    console.log(tableOf(results));
    if (json !== undefined) writeReport(json, { scenario: 'parse', results });
    const differing = disagreements(results.rows);
    for (const difference of differing) console.error(`parse: ${difference}`);
    return differing.length === 0 && results.growth.every(({ isLinear }) => isLinear) ? 0 : 1;
  });
}

async function measure(): Promise<Results> {
  const rivals = await loadRivals();
  const rows: Row[] = [];
  for (const sample of samples) rows.push(...(await rowsOf(sample, rivals)));
  const goals = samples.flatMap((sample) => goalsOf(sample, rows));
  return { rows, growth: ways.map(measureGrowth), goals };
}

async function rowsOf(sample: Sample, rivals: readonly (Parser | Missing)[]): Promise<readonly Row[]> {
  const parsers = [sipmend, sipmendAsStrings, ...rivals.filter((rival) => 'read' in rival)];
  const speeds = await timeParsers(parsers, sample, timing);
  const ours = speeds[0] ?? 0;
  const message = sample.name;
  const rows = parsers.map((parser, index): Row => {
    const perSecond = speeds[index] ?? 0;
    const kind = parser === sipmend || parser === sipmendAsStrings ? 'ours' : 'npm';
    const checksum = checksumOf(parser, sample);
    return { name: parser.name, kind, message, perSecond, ratioToOurs: perSecond / ours, checksum };
  });
  const missing = rivals.filter((rival) => 'missing' in rival);
  rows.push(...missing.map((rival) => missingRow(rival, 'npm', message)));
  for (const stack of cStacks) {
    const found = measureCStack(stack, [sample], timing.timeMs / 1000);
    if ('missing' in found) {
      rows.push(missingRow(found, 'c', message));
      continue;
    }
    for (const { checksum, perSecond } of found) {
      rows.push({ name: stack.name, kind: 'c', message, perSecond, ratioToOurs: perSecond / ours, checksum });
    }
  }
  return rows;
}

function missingRow({ name, missing }: Missing, kind: Row['kind'], message: string): Row {
  return { name, kind, message, perSecond: null, ratioToOurs: null, checksum: null, missing };
}
