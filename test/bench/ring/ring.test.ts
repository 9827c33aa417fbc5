import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../../bench/ring/main.ts';

const test = suite('The bench of the ring');

test('every message arrives, by each way', async () =>
  assert.is(await run(['--messages', '3000', '--size', '200']), 0));

test('says what is wrong with its command line', async () => assert.is(await run(['--size', '0']), 2));

test.run();
