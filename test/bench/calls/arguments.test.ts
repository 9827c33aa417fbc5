import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readArguments, usage } from '../../../bench/calls/arguments.ts';

const test = suite('Arguments of the bench of calls');

test('without any, our stack makes 4,000 calls a second for a minute', () => {
  assert.equal(readArguments([]), {
    kind: 'run',
    scenario: { as: 'uac', callsPerSecond: 4000, seconds: 60, transport: 'udp', shards: 0 },
    json: undefined,
    html: undefined,
    profile: undefined,
  });
});

test('every option is read, and help names it', () => {
  const args = ['--as', 'uas', '--calls-per-second', '7', '--seconds', '2', '--transport', 'tcp', '--shards', '2'];
  const files = ['--json', 'a.json', '--html', 'a.html', '--profile', 'a.cpuprofile'];
  assert.equal(readArguments([...args, ...files]), {
    kind: 'run',
    scenario: { as: 'uas', callsPerSecond: 7, seconds: 2, transport: 'tcp', shards: 2 },
    json: 'a.json',
    html: 'a.html',
    profile: 'a.cpuprofile',
  });
  for (const arg of [...args, ...files, '--help']) if (arg.startsWith('--')) assert.match(usage, arg);
});

for (const args of [
  ['--as', 'proxy'],
  ['--calls-per-second', '0'],
  ['--calls-per-second', '15001'],
  ['--seconds', ''],
  ['--transport', 'tls'],
  ['--shards', '33'],
  ['--colour'],
]) {
  test(`'${args.join(' ')}' is refused with a sentence`, () => {
    const read = readArguments(args);
    assert.ok(read.kind === 'wrong' && read.message.length > 10);
  });
}

test.run();
