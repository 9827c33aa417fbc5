import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readArguments, usage } from '../../../bench/route-death/arguments.ts';

const test = suite('Arguments of the main job');

test('without any, 10,000 dialogs meet a dead hop', () => {
  assert.equal(readArguments([]), {
    kind: 'run',
    scenario: { dialogs: 10_000, shards: 0, transport: 'udp', fault: 'dead-hop', farEnd: 'sipmend', mode: 'maximum' },
    json: undefined,
  });
});

test('every option is read', () => {
  const args = [
    '--dialogs=500',
    '--shards',
    '2',
    '--fault',
    'lost-state',
    '--far-end',
    'sipp',
    '--mode',
    'none',
    '--json',
    'out.json',
  ];
  assert.equal(readArguments(args), {
    kind: 'run',
    scenario: { dialogs: 500, shards: 2, transport: 'udp', fault: 'lost-state', farEnd: 'sipp', mode: 'none' },
    json: 'out.json',
  });
});

test('over TCP connections can be lost', () => {
  assert.equal(readArguments(['--transport', 'tcp', '--fault', 'flow-lost']), {
    kind: 'run',
    scenario: { dialogs: 10_000, shards: 0, transport: 'tcp', fault: 'flow-lost', farEnd: 'sipmend', mode: 'maximum' },
    json: undefined,
  });
});

test('help is asked for, and names every option', () => {
  assert.equal(readArguments(['--help']), { kind: 'help' });
  for (const option of ['--dialogs', '--transport', '--fault', '--far-end', '--mode', '--json', '--help']) {
    assert.match(usage, option);
  }
});

for (const args of [
  ['--dialogs', '0'],
  ['--dialogs', '1.5'],
  ['--dialogs', 'many'],
  ['--dialogs', ''],
  ['--fault', 'earthquake'],
  ['--far-end', 'asterisk'],
  ['--fault', 'far-end', '--far-end', 'sipp'],
  ['--transport', 'tls'],
  ['--transport', 'tcp', '--far-end', 'sipp'],
  ['--fault', 'flow-lost'],
  ['--transport', 'tcp', '--fault', 'flow-lost', '--mode', 'none'],
  ['--mode', 'limited'],
  ['--colour'],
  ['10000'],
]) {
  test(`'${args.join(' ')}' is refused with a sentence`, () => {
    const read = readArguments(args);
    assert.is(read.kind, 'wrong');
    assert.ok(read.kind === 'wrong' && read.message.length > 10);
  });
}

test.run();
