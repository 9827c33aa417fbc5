import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../bench/sim/main.ts';

const test = suite('A canary in the simulator');

test('is told by one of a few seeds', async () => {
  assert.is(await run(['--canary', 'event-before-rejection', '--seeds', '1-10', '--workers', '1']), 0);
});

test.run();
