import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readArguments, usage } from '../../../bench/storm/arguments.ts';

const test = suite('Arguments of the storm');

test('without any, 100,000 dialogs meet a dead hop over UDP, five times', () => {
  assert.equal(readArguments([]), {
    kind: 'run',
    scenario: {
      dialogs: 100_000,
      transport: 'udp',
      fault: 'dead-hop',
      rounds: 5,
      outageS: 30,
      settleS: 33,
      shards: 0,
      perShardPorts: false,
      killShard: undefined,
    },
    json: undefined,
    html: undefined,
    profile: undefined,
  });
});

test('every option is read, and help names it', () => {
  const args = ['--dialogs=500', '--transport', 'tcp', '--fault', 'flow-lost', '--rounds', '2', '--outage-s', '7'];
  const more = ['--settle-s', '0', '--shards', '0', '--json', 'a.json', '--html', 'a.html', '--profile', 'folder'];
  assert.equal(readArguments([...args, ...more]), {
    kind: 'run',
    scenario: {
      dialogs: 500,
      transport: 'tcp',
      fault: 'flow-lost',
      rounds: 2,
      outageS: 7,
      settleS: 0,
      shards: 0,
      perShardPorts: false,
      killShard: undefined,
    },
    json: 'a.json',
    html: 'a.html',
    profile: 'folder',
  });
  for (const arg of [...args, ...more, '--per-shard-ports', '--help']) {
    if (arg.startsWith('--')) assert.match(usage, arg.replace(/=.*/, ''));
  }
});

for (const args of [
  ['--dialogs', '0'],
  ['--dialogs', ''],
  ['--rounds', '0'],
  ['--fault', 'earthquake'],
  ['--fault', 'flow-lost'],
  ['--transport', 'tls'],
  ['--shards', '33'],
  ['--per-shard-ports'],
  ['--kill-shard', '0'],
  ['--shards', '2', '--kill-shard', '2'],
  ['--outage-s', '0'],
  ['--settle-s', '-1'],
  ['--colour'],
]) {
  test(`'${args.join(' ')}' is refused with a sentence`, () => {
    const read = readArguments(args);
    assert.ok(read.kind === 'wrong' && read.message.length > 10);
  });
}

test.run();
