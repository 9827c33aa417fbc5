import type { Results } from './results.ts';

/** What a run ends with, for people. */
export function tableOf(results: Results): string {
  const { healMs } = results;
  const rows: [string, string][] = [
    ['established', count(results.established)],
    ['broken', count(results.broken)],
    ['healed', count(results.healed)],
    ['lost', count(results.lost)],
    ['verified', count(results.verified)],
    ['verified by far end', results.informed === null ? '–' : count(results.informed)],
    ['time to detect', time(results.detectMs)],
    ['time to mark all', time(results.markMs)],
    ['time to heal p50', time(healMs.p50)],
    ['             p90', time(healMs.p90)],
    ['             p99', time(healMs.p99)],
    ['             p99.9', time(healMs.p999)],
    ['             max', time(healMs.max)],
    ['first to last', time(results.stormMs)],
    ['floor', time(results.floorMs)],
    ['storm to floor', ratio(results.ratioToFloor)],
    ['heals a second', results.healsPerSecond === null ? '–' : count(Math.round(results.healsPerSecond))],
    ['CPU of a heal', results.cpuPerHealUs === null ? '–' : `${results.cpuPerHealUs.toFixed(1)} µs`],
    ['CPU to floor', ratio(results.cpuRatioToFloor)],
    ['far end’s core', `${Math.round(100 * results.farEndCpu)} %`],
    ['memory a dialog', octets(results.rssPerDialogBytes)],
    ['  of it heap', octets(results.heapPerDialogBytes)],
    ['  at the peak', octets(results.peakRssPerDialogBytes)],
    ['retransmissions', count(results.retransmissions)],
    ['shed', count(results.shed)],
  ];
  const { outage } = results;
  if (outage !== undefined) {
    rows.push(['sent while down', `${count(outage.messages)} messages`], ['', `${count(outage.connects)} connects`]);
    rows.push(['', `${outage.perSecond.toFixed(1)} a second`], ['down for', time(outage.ms)]);
    rows.push(['healed after', time(outage.healedAfterMs)]);
  }
  const { revival } = results;
  if (revival !== undefined) {
    rows.push([`shard ${revival.shard} killed`, `${count(revival.dialogs)} dialogs`]);
    rows.push(['  serves again after', time(revival.servesAfterMs)]);
  }
  return rows.map(([name, value]) => `  ${name.padEnd(20)}${value.padStart(16)}`).join('\n');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function time(ms: number | null): string {
  if (ms === null) return '–';
  return ms < 10 ? `${ms.toFixed(2)} ms` : `${count(Math.round(ms))} ms`;
}

function ratio(value: number | null): string {
  return value === null ? '–' : value.toFixed(2);
}

function octets(size: number | null): string {
  return size === null ? '–' : `${count(Math.round(size))} octets`;
}
