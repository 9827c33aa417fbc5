import type { Explanation } from './orders.ts';
import type { Violation } from './outcome.ts';
import { duration, grouped, hours } from './progress.ts';
import type { SeedRange } from './seeds.ts';
import type { Total } from './total.ts';

const labelWidth = 16;
const lineWidth = 118;

/** From so many seeds on, a row that nobody took is a failure: fewer may miss it by chance. */
export const seedsForAllRows = 10_000;

/** Of fewer seeds more names than these say little; a report in JSON has them all. */
const namesMax = 20;

/** What a run says in the end, for people. */
export function reportOf(total: Total, range: SeedRange | undefined, seconds: number): string {
  const { tally, neverTaken, rules } = total;
  const what =
    range === undefined ? 'the plan' : range.from === range.to ? `seed ${range.from}` : `${range.from}-${range.to}`;
  return [
    row('seeds', `${what}: ${grouped(total.seeds)} played in ${duration(seconds)}`),
    row('virtual time', `${hours(tally.virtualMs)} h, ${hours(tally.virtualMs / Math.max(seconds, 0.001))} h a second`),
    row('messages', grouped(tally.messages)),
    row('calls', grouped(tally.calls)),
    row('faults', counts(tally.faults)),
    row('heals', counts(tally.heals)),
    row('endings', counts(tally.endings)),
    row('rows', rowsText(total.rowsKnown, neverTaken.length)),
    ...(total.seeds >= seedsForAllRows || neverTaken.length <= namesMax ? neverTaken : []).map((name) => row('', name)),
    row('violations', total.violations === 0 ? '0' : `${grouped(total.violations)}: ${counts(rules)}`),
  ].join('\n');
}

function rowsText(known: number, neverTaken: number): string {
  if (known === 0) return 'none were counted';
  return neverTaken === 0 ? `all ${known} of the tables were taken` : `${neverTaken} of ${known} never taken`;
}

/** Why a run is no success; undefined when it is one. */
export function faultOf(total: Total): string | undefined {
  if (total.violations > 0) return 'rules were broken';
  if (total.seeds >= seedsForAllRows && total.neverTaken.length > 0) return 'rows of the tables were never taken';
  return undefined;
}

/** A broken rule in a line. */
export function violationLine(source: string, { rule, atMs, what, callId }: Violation): string {
  return `${source} breaks ${rule} at ${(atMs / 1000).toFixed(3)} s: ${what}${callId === undefined ? '' : ` (Call-ID ${callId})`}`;
}

/** Why a rule was broken, over many lines. */
export function explanationText(source: string, { violation, ladder, lines, plan, runs }: Explanation): string {
  return [
    `${source}, after ${runs} tries to make it smaller: ${violation.rule} at ${(violation.atMs / 1000).toFixed(3)} s: ${violation.what}`,
    '',
    ladder,
    '',
    ...lines.map((line) => `  ${line}`),
    '',
    'The same for --plan FILE:',
    JSON.stringify(plan),
    '',
  ].join('\n');
}

function row(label: string, text: string): string {
  return `${label.padEnd(labelWidth)}${text}`.trimEnd();
}

/** `hop-dies 12, outage 3`, the most frequent first, in as many lines as it takes. */
function counts(all: Readonly<Record<string, number>>): string {
  const parts = Object.entries(all)
    .sort(([, one], [, other]) => other - one)
    .map(([key, count]) => `${key} ${grouped(count)}`);
  if (parts.length === 0) return 'none';
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    if (line === undefined || line.length + part.length + 2 > lineWidth - labelWidth) lines.push(part);
    else lines[lines.length - 1] = `${line}, ${part}`;
  }
  return lines.join(`,\n${''.padEnd(labelWidth)}`);
}
