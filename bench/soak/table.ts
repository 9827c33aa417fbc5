import type { Growth } from './growth.ts';
import type { Results } from './results.ts';

const megabyte = 1e6;

/** What a run ends with, for people. */
export function tableOf(results: Results): string {
  const { healMs, delayMs, rss, counted } = results;
  const rows: [string, string][] = [
    ['minutes', results.minutes.toFixed(1)],
    ['breaks of ageing', count(results.agedBreaks)],
    ['calls', count(results.calls)],
    ['  failed', count(results.callsFailed)],
    ['  hung up, and over', count(results.ended)],
    ['  open at the end', count(results.open)],
    ['lost', count(results.lost)],
    ['falsely ended', count(results.falselyEnded)],
    ['ghosts', count(results.ghosts)],
    ['breaks', count(results.breaks.length)],
    ['  least share', results.leastShare === null ? '–' : `${(100 * results.leastShare).toFixed(0)} %`],
    ['  not healed', count(results.unhealed)],
    ['worst heal p50', time(healMs.p50)],
    ['           p99', time(healMs.p99)],
    ['           max', time(healMs.max)],
    ['event loop late p99', time(delayMs.p99)],
    ['               max', time(delayMs.max)],
    ['resident memory', size(rss.size)],
    ['  in an hour', growth(rss)],
    ['heaps and tables', size(counted.size)],
    ['  in an hour', growth(counted)],
  ];
  const table = rows.map(([name, value]) => `  ${name.padEnd(22)}${value}`).join('\n');
  const well = results.lost === null ? 'nothing was wrong as far as it came' : 'all is well';
  const verdict = results.faults.length === 0 ? [well] : results.faults.map(({ words }) => words);
  return `${table}\n\n${verdict.map((words) => `  ${words}`).join('\n')}`;
}

/** The slope with its bounds, and what is said of it. */
function growth({ verdict, slope, partPerHour }: Growth): string {
  if (slope === undefined) return 'too short to tell';
  const [change, low, high] = [slope.perHour, slope.lowPerHour, slope.highPerHour].map(signed);
  const part = `${signed(100 * (partPerHour ?? 0) * megabyte)} %`;
  const said = { flat: 'flat', grows: 'not steady', 'too-short': 'too short to tell' }[verdict];
  return `${change} MB (${low} to ${high}), ${part}: ${said}`;
}

function signed(octets: number): string {
  const value = octets / megabyte;
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
}

function size(octets: number | null): string {
  return octets === null ? '–' : `${(octets / megabyte).toFixed(1)} MB`;
}

function count(value: number | null): string {
  return value === null ? '–' : value.toLocaleString('en-US');
}

function time(ms: number | null): string {
  if (ms === null) return '–';
  return ms < 10 ? `${ms.toFixed(2)} ms` : `${count(Math.round(ms))} ms`;
}
