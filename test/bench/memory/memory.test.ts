import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../../bench/memory/main.ts';
import type { Results } from '../../../bench/memory/results.ts';

const test = suite('The bench of memory');

for (const more of [[], ['--shards', '2', '--transport', 'tcp']]) {
  test(`sees every dialog, and what the stack counts of it: ${more.join(' ') || 'udp'}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sipmend-memory-'));
    const [json, html] = [join(folder, 'report.json'), join(folder, 'report.html')];
    try {
      const args = ['--dialogs', '200', '--settle-s', '0', ...more, '--json', json, '--html', html];
      assert.is(await run(args), 0);
      const { results } = JSON.parse(readFileSync(json, 'utf8')) as { readonly results: Results };
      assert.is(results.established, 200);
      assert.equal([results.steps.length, results.steps[0]?.dialogs, results.steps[5]?.dialogs], [12, 0, 100]);
      assert.ok((results.usedPerDialogBytes ?? 0) > 300 && results.peakRssBytes >= results.restRssBytes);
      assert.match(readFileSync(html, 'utf8'), 'Memory by dialogs');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test('says what is wrong with its command line', async () => {
  for (const args of [
    ['--dialogs', '0'],
    ['--transport', 'tls'],
    ['--shards', '-1'],
    ['--html', '/nowhere/a.html'],
  ])
    assert.is(await run(args), 2);
  assert.is(await run(['--help']), 0);
});

test.run();
