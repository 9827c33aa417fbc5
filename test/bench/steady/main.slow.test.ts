import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../../bench/steady/main.ts';
import type { Results } from '../../../bench/steady/results.ts';

const test = suite('Bench of a steady state');

test('both halves are refreshed, and no dialog ends', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sipmend-steady-'));
  const json = join(folder, 'report.json');
  try {
    assert.is(await run(['--dialogs', '3600', '--minutes', '0.15', '--json', json]), 0);
    const { scenario, results } = JSON.parse(readFileSync(json, 'utf8')) as { scenario: string; results: Results };
    assert.equal([scenario, results.dialogs, results.ended, results.peer.refused], ['steady', 3_600, 0, 0]);
    assert.ok(results.peer.ours > 5 && results.peer.theirs > 5);
    assert.equal([results.lateness.missing, results.goals.length], [0, 3]);
    assert.ok((results.lateness.lateMs.p50 ?? -1) >= 0);
    assert.ok(results.cpuPart > 0 && results.emptyCpuPart > 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('arguments that are wrong end it with 2, and help with 0', async () => {
  assert.is(await run(['--dialogs', 'many']), 2);
  assert.is(await run(['--json', '/nowhere/at/all.json']), 2);
  assert.is(await run(['--help']), 0);
});

test.run();
