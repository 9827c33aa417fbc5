import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readArguments, usage } from '../../../bench/parse/arguments.ts';

const test = suite('Arguments of the parse bench');

test('without any it runs and writes no file', () => {
  assert.equal(readArguments([]), { kind: 'run', json: undefined });
});

test('a file for the results is taken', () => {
  assert.equal(readArguments(['--json', 'out.json']), { kind: 'run', json: 'out.json' });
});

test('help is asked for, and names every option', () => {
  assert.equal(readArguments(['--help']), { kind: 'help' });
  for (const option of ['--json', '--help']) assert.match(usage, option);
});

for (const args of [['--json'], ['--colour'], ['UPDATE'], ['--json=out.json', 'more']]) {
  test(`'${args.join(' ')}' is refused with a sentence`, () => {
    const read = readArguments(args);
    assert.is(read.kind, 'wrong');
    assert.ok(read.kind === 'wrong' && read.message.length > 10);
  });
}

test.run();
