import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readArguments, type SimRun } from '../../../bench/sim/arguments.ts';

const test = suite('Arguments of the simulator');

function run(...args: string[]): SimRun {
  const read = readArguments(args);
  if (read.kind === 'run') return read;
  throw new Error(JSON.stringify(read));
}

test('seeds have a beginning and an end, or are one', () => {
  assert.equal(run('--seeds', '5-70').seeds, { from: 5, to: 70 });
  assert.equal(run('--seed', '9').seeds, { from: 9, to: 9 });
  assert.equal(run('--seeds', '9').seeds, { from: 9, to: 9 });
  assert.equal(run().seeds, { from: 1, to: 300 });
  assert.equal(run('--canary', 'any').seeds, { from: 1, to: 1000 });
});

test('what is not said is left to the seed', () => {
  assert.equal(run('--seed', '1').size, { minutes: undefined, calls: undefined });
  assert.equal(run('--seed', '1', '--minutes', '5', '--dialogs', '40').size, { minutes: 5, calls: 40 });
});

test('a plan is read from its file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sipmend-'));
  try {
    const file = join(folder, 'plan.json');
    writeFileSync(file, '{"seed":4}');
    assert.equal(run('--plan', file, '--log', 'log.txt').plan, { seed: 4 });
    writeFileSync(file, '[]');
    assert.is(readArguments(['--plan', file]).kind, 'wrong');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('help is asked for', () => assert.is(readArguments(['--help']).kind, 'help'));

for (const args of [
  ['--seeds', '7-6'],
  ['--seeds', 'all'],
  ['--seeds', '1-4294967296'],
  ['--seed', '-1'],
  ['--seed', '1-3', '--log', 'log.txt'],
  ['--seed', '1', '--seeds', '1-2'],
  ['--seeds', '1-2', '--log', 'log.txt'],
  ['--minutes', '0'],
  ['--minutes', '1e2'],
  ['--dialogs', 'many'],
  ['--workers', '65'],
  ['--plan', join('no', 'such', 'plan.json')],
  ['--canary', 'x', '--seed', '1', '--log', 'log.txt'],
  ['--colour'],
  ['1-10'],
]) {
  test(`'${args.join(' ')}' is refused with a sentence`, () => {
    const read = readArguments(args);
    assert.ok(read.kind === 'wrong' && read.message.length > 10);
  });
}

test.run();
