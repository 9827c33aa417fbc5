import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { run } from '../../../bench/soak/main.ts';
import type { Sample } from '../../../bench/soak/messages.ts';
import type { Results } from '../../../bench/soak/results.ts';

interface Written {
  readonly scenario: string;
  readonly results: Results & { readonly samples: readonly Sample[] };
}

/** Plays a soak of some seconds, and holds that nothing was lost; gives what was written. */
export async function soak(
  args: readonly string[],
): Promise<{ readonly results: Written['results']; readonly page: string; readonly picture: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'sipmend-soak-'));
  const [json, html, svg] = ['json', 'html', 'svg'].map((kind) => join(folder, `report.${kind}`)) as [
    string,
    string,
    string,
  ];
  try {
    const size = ['--dialogs', '60', '--calls-per-second', '20'];
    const exitCode = await run([...size, ...args, '--json', json, '--html', html, '--svg', svg]);
    const { scenario, results } = JSON.parse(readFileSync(json, 'utf8')) as Written;
    assert.equal([exitCode, scenario, results.faults], [0, 'soak', []]);
    assert.equal([results.lost, results.falselyEnded, results.ghosts, results.unhealed], [0, 0, 0, 0]);
    assert.ok(results.ended > 0 && (results.open ?? 0) > 0 && results.samples.length > 2);
    assert.is(results.agedBreaks, 1);
    for (const { share } of results.breaks) assert.ok(share >= 0.2);
    return { results, page: readFileSync(html, 'utf8'), picture: readFileSync(svg, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
