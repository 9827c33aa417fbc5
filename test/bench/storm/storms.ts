import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Goal } from '../../../bench/figures.ts';
import { run } from '../../../bench/storm/main.ts';
import type { Results } from '../../../bench/storm/results.ts';
import type { Fault, Scenario } from '../../../bench/storm/scenario.ts';

const dialogs = 300;

interface Written {
  readonly scenario: string;
  readonly parameters: Scenario;
  readonly results: Results & { readonly goals: readonly Goal[] };
}

/** Plays two storms of 300 dialogs, and holds that each was healed and verified; gives what was written. */
export async function storms(
  transport: 'udp' | 'tcp',
  fault: Fault,
  more: readonly string[] = [],
): Promise<{ readonly results: Written['results']; readonly page: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'sipmend-storm-'));
  const json = join(folder, 'report.json');
  const html = join(folder, 'report.html');
  try {
    const counts = ['--dialogs', String(dialogs), '--rounds', '2', '--settle-s', '0', '--outage-s', '1'];
    const exitCode = await run([
      '--transport',
      transport,
      '--fault',
      fault,
      ...counts,
      ...more,
      '--json',
      json,
      '--html',
      html,
    ]);
    const { scenario, parameters, results } = JSON.parse(readFileSync(json, 'utf8')) as Written;
    assert.is(exitCode, 0);
    assert.equal([scenario, parameters.fault, parameters.transport], ['storm', fault, transport]);
    assert.equal([results.established, results.informed, results.lostInAll], [dialogs, dialogs, 0]);
    for (const { broken, healed, lost, verified, healMs } of results.rounds) {
      assert.equal(
        { broken, healed, lost, verified },
        { broken: dialogs, healed: dialogs, lost: 0, verified: dialogs },
      );
      assert.ok((healMs.max ?? 0) > 0);
    }
    assert.is(results.rounds.length, 2);
    assert.ok((results.ratioToFloor ?? 0) > 0 && (results.cpuRatioToFloor ?? 0) > 0);
    return { results, page: readFileSync(html, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
