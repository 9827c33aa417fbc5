import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../../bench/calls/main.ts';

const test = suite('Bench of calls');

const small = ['--calls-per-second', '50', '--seconds', '1'];

test('arguments that are wrong end it with 2, and help with 0', async () => {
  assert.is(await run(['--as', 'proxy']), 2);
  assert.is(await run(['--html', '/nowhere/at/all.html']), 2);
  assert.is(await run(['--profile', '/nowhere/at/all.cpuprofile']), 2);
  assert.is(await run(['--help']), 0);
});

for (const args of [
  ['--as', 'uac'],
  ['--as', 'uas'],
  ['--as', 'uac', '--transport', 'tcp'],
  ['--as', 'uas', '--transport', 'tcp', '--shards', '2'],
]) {
  test(`${args.join(' ')}: every call ends well, which is written down`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sipmend-calls-'));
    try {
      const [json, html] = [join(folder, 'calls.json'), join(folder, 'calls.html')];
      assert.is(await run([...args, ...small, '--json', json, '--html', html]), 0);
      const { scenario, results } = JSON.parse(readFileSync(json, 'utf8'));
      assert.is(scenario, 'calls');
      assert.equal([results.begun, results.ended, results.failed], [50, 50, 0]);
      assert.ok(results.setUpMs.max >= results.setUpMs.p50);
      assert.match(readFileSync(html, 'utf8'), 'Set-up time');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test.run();
