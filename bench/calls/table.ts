import type { Results } from './results.ts';

const megabyte = 1e6;

/** What a run ends with, for people. */
export function tableOf(results: Results): string {
  const { setUpMs, lateMs, loopDelayMs, retransmissions, rssSize } = results;
  const rows: [string, string][] = [
    ['calls begun', count(results.begun)],
    ['ended well', count(results.ended)],
    ['failed', count(results.failed)],
    ['calls a second', count(Math.round(results.perSecond))],
    ['sent again to us', count(retransmissions.sent)],
    ['sent again by us', count(retransmissions.received)],
    ['in the warm-up', count(results.retransmissionsBefore)],
    ['set-up p50', time(setUpMs.p50)],
    ['       p90', time(setUpMs.p90)],
    ['       p99', time(setUpMs.p99)],
    ['       max', time(setUpMs.max)],
    ['CPU of a call', `${results.cpuPerCallUs.toFixed(1)} µs`],
    ['stack’s core', share(results.stackCpu)],
    ['far end’s core', share(results.farEndCpu)],
    ['begun late p99', time(lateMs.p99)],
    ['           max', time(lateMs.max)],
    ['loop delay p99', time(loopDelayMs.p99)],
    ['           max', time(loopDelayMs.max)],
    ['RSS at the start', `${(rssSize.start / megabyte).toFixed(1)} MB`],
    ['    at the end', `${(rssSize.end / megabyte).toFixed(1)} MB`],
    ['shed', count(results.shed)],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(20)}${value.padStart(16)}`).join('\n');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function time(ms: number | null): string {
  return ms === null ? '–' : `${ms.toFixed(2)} ms`;
}

function share(part: number): string {
  return `${Math.round(100 * part)} %`;
}
