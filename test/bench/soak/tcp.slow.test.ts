import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../../bench/soak/main.ts';
import { soak } from './soaks.ts';

const test = suite('Soak over TCP');

test('each kind of break is healed at both ends, while calls come and go', async () => {
  const { results } = await soak(['--minutes', '0.3', '--breaks', '4', '--shards', '0', '--transport', 'tcp']);
  assert.equal(results.breaks.map(({ kind }) => kind).sort(), ['dead-hop', 'flow-lost', 'lost-state', 'silent-hop']);
});

test('arguments that are wrong end it with 2, and help with 0', async () => {
  assert.is(await run(['--dialogs', 'many']), 2);
  for (const option of ['--json', '--html', '--svg']) assert.is(await run([option, '/nowhere/at/all']), 2);
  assert.is(await run(['--help']), 0);
});

test('when somebody has had enough it tells what there was until then', async () => {
  const played = run(['--minutes', '5', '--dialogs', '20', '--breaks', '0', '--shards', '0']);
  setTimeout(() => process.emit('SIGINT'), 2_500);
  assert.is(await played, 130);
});

test.run();
