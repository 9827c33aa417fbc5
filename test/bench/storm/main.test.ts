import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../../bench/storm/main.ts';

const test = suite('Bench of storms');

test('arguments that are wrong end it with 2, and help with 0', async () => {
  assert.is(await run(['--dialogs', 'many']), 2);
  assert.is(await run(['--shards', '33']), 2);
  assert.is(await run(['--json', '/nowhere/at/all.json']), 2);
  assert.is(await run(['--html', '/nowhere/at/all.html']), 2);
  assert.is(await run(['--help']), 0);
});

test.run();
