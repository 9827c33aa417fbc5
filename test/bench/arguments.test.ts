import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readCounts } from '../../bench/arguments.ts';

const test = suite('Arguments of a bench that counts');

const options = { dialogs: { default: 100, max: 1000 }, timers: { default: 7, max: 9 } };

test('what is not given has its default', () => {
  assert.equal(readCounts([], options), { kind: 'run', counts: { dialogs: 100, timers: 7 }, json: undefined });
  assert.equal(readCounts(['--timers', '9', '--json=out.json'], options), {
    kind: 'run',
    counts: { dialogs: 100, timers: 9 },
    json: 'out.json',
  });
});

test('help is asked for', () => {
  assert.equal(readCounts(['--help'], options), { kind: 'help' });
});

for (const args of [
  ['--dialogs', '0'],
  ['--dialogs', '1001'],
  ['--dialogs', '1.5'],
  ['--dialogs', 'many'],
  ['--dialogs', ''],
  ['--dialogs'],
  ['--calls', '5'],
  ['10'],
]) {
  test(`'${args.join(' ')}' is refused with a sentence`, () => {
    const read = readCounts(args, options);
    assert.is(read.kind, 'wrong');
    assert.ok(read.kind === 'wrong' && read.message.length > 10);
  });
}

test.run();
