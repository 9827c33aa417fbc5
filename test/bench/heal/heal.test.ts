import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../../bench/heal/main.ts';

const test = suite('The bench of heals without sockets');

test('ends well when every dialog is healed', async () =>
  assert.is(await run(['--dialogs', '100', '--rounds', '2']), 0));

test('says what is wrong with its command line', async () => assert.is(await run(['--rounds', 'many']), 2));

test.run();
