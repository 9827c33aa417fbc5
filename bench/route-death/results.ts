import { writeReport } from '../report.ts';
import type { Scenario } from './scenario.ts';
import type { Traffic } from './traffic.ts';

/** What a run found. Milliseconds; null where nothing was measured. */
export interface Results {
  readonly established: number;
  readonly broken: number;
  readonly healed: number;
  readonly lost: number;
  readonly verified: number;
  /** From the break to the caller's first word of it; null where a fault is healed unseen. */
  readonly detectMs: number | null;
  /** From the first dialog known to be broken to the last one healed. */
  readonly stormMs: number | null;
  /** One sample a dialog, from the break; where a fault is healed unseen, from the INFO that found it to its 200. */
  readonly healMs: {
    readonly p50: number | null;
    readonly p90: number | null;
    readonly p99: number | null;
    readonly p999: number | null;
    readonly max: number | null;
  };
}

/** What both ends sent while there was no edge. */
export interface OutageTraffic extends Traffic {
  readonly ms: number;
  /** Messages and connects together. */
  readonly perSecond: number;
}

/** The table that a run ends with. */
export function tableOf(results: Results, outage: OutageTraffic | undefined): string {
  const { healMs } = results;
  const rows: [string, string][] = [
    ['established', count(results.established)],
    ['broken', count(results.broken)],
    ['healed', count(results.healed)],
    ['lost', count(results.lost)],
    ['verified', count(results.verified)],
    ['time to detect', time(results.detectMs)],
    ['time to heal p50', time(healMs.p50)],
    ['             p90', time(healMs.p90)],
    ['             p99', time(healMs.p99)],
    ['             p99.9', time(healMs.p999)],
    ['             max', time(healMs.max)],
    ['first to last', time(results.stormMs)],
  ];
  if (outage !== undefined) {
    rows.push(['sent while down', `${count(outage.messages)} messages`], ['', `${count(outage.connects)} connects`]);
    rows.push(['', `${outage.perSecond.toFixed(1)} a second`], ['down for', time(outage.ms)]);
  }
  return rows.map(([name, value]) => `  ${name.padEnd(20)}${value.padStart(14)}`).join('\n');
}

/** Writes what machines read. @throws when the file cannot be written */
export function writeJson(file: string, scenario: Scenario, results: Results, outage: OutageTraffic | undefined): void {
  const { dialogs, transport, fault, farEnd, mode } = scenario;
  writeReport(file, {
    scenario: 'route-death',
    parameters: { dialogs, transport, fault, farEnd, mode },
    results: outage === undefined ? results : { ...results, outage },
  });
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function time(ms: number | null): string {
  if (ms === null) return '–';
  return ms < 10 ? `${ms.toFixed(2)} ms` : `${count(Math.round(ms))} ms`;
}
