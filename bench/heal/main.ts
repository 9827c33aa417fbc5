import { readCounts } from '../arguments.ts';
import { begin } from '../begin.ts';
import { ours, tableOf } from '../figures.ts';
import { writeReport } from '../report.ts';
import { Scene } from './scene.ts';

export const usage: string = `Usage: npm run bench -- heal [options]      (or: sipmend-bench heal [options])

Breaks the route of many dialogs at once, again and again, and has the engine heal them, without sockets and without a program: what
our own code takes of a storm, best of all rounds. The far end of the storms answers in the same thread; what it takes is measured
apart, and taken off.

  --dialogs N   dialogs (default: 50000)
  --rounds N    storms (default: 9)
  --json FILE   writes the results to FILE
  --help        shows this`;

/** Measures the engine. Gives the exit code. */
export function run(args: readonly string[]): Promise<number> {
  const asked = readCounts(args, {
    dialogs: { default: 50_000, max: 1_000_000 },
    rounds: { default: 9, max: 1_000 },
  });
  return begin('heal', usage, asked, async ({ counts, json }) => measure(counts, json));
}

function measure(counts: Readonly<Record<'dialogs' | 'rounds', number>>, json: string | undefined): number {
  const scene = new Scene(counts.dialogs);
  const established = scene.establish();
  scene.storm(); // the dialogs are on two hops until it is over
  const storms = Array.from({ length: counts.rounds }, () => scene.storm());
  const farEndMs = Math.min(...Array.from({ length: counts.rounds }, () => scene.farEndMs()));
  const lost = storms.reduce((sum, { healed }) => sum + counts.dialogs - healed, 0);
  const markUs = (1000 * Math.min(...storms.map(({ markMs }) => markMs))) / established;
  const healUs = (1000 * (Math.min(...storms.map(({ healMs }) => healMs)) - farEndMs)) / established;
  const rows = [
    { name: ours, operation: 'mark', perSecond: 1e6 / markUs, ratioToOurs: 1 },
    { name: ours, operation: 'heal', perSecond: 1e6 / healUs, ratioToOurs: 1 },
  ];
  console.log(tableOf(rows, []).trimEnd());
  console.log(`  ${markUs.toFixed(2)} µs to mark a dialog, ${healUs.toFixed(2)} µs to heal it`);
  if (lost > 0) console.error(`heal: ${lost} dialogs were not healed`);
  const farEndUs = (1000 * farEndMs) / established;
  if (json !== undefined)
    writeReport(json, {
      scenario: 'heal',
      parameters: counts,
      results: { established, markUs, healUs, farEndUs, lost },
    });
  return lost === 0 && established === counts.dialogs ? 0 : 1;
}
