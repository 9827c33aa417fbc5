import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../bench/sim/main.ts';

const test = suite('Simulated worlds');

test('of 300 seeds break no rule', async () => {
  assert.is(await run(['--seeds', '1-300']), 0);
});

test.run();
