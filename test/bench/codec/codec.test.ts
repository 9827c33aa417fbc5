import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../../bench/codec/main.ts';

const test = suite('The bench of the codec');

test('every event comes back, by each way', async () => assert.is(await run(['--dialogs', '100', '--batch', '7']), 0));

test('says what is wrong with its command line', async () => assert.is(await run(['--batch', 'many']), 2));

test.run();
