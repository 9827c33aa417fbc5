import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readArguments, usage } from '../../../bench/floor/arguments.ts';
import { run } from '../../../bench/floor/main.ts';
import { reportOf } from '../report.ts';

const test = suite('Bench of the floor');

test('measures datagrams and connections, and writes what machines read', async () => {
  const { exitCode, report } = await reportOf(run, ['--round-trips', '500', '--size', '450', '--window', '8']);
  assert.is(exitCode, 0);
  assert.is(report.scenario, 'floor');
  assert.equal(report.parameters, { size: 450, sockets: 1, window: 8, 'round-trips': 500 });
  for (const transport of ['udp', 'tcp'] as const) {
    const found = (report.results as unknown as Record<string, { readonly roundTripsPerSecond: number }>)[transport];
    assert.ok(found !== undefined && found.roundTripsPerSecond > 0, transport);
  }
});

test('more sockets than messages under way are refused', () => {
  const read = readArguments(['--sockets', '9', '--window', '8']);
  assert.is(read.kind, 'wrong');
  assert.is(readArguments(['--sockets', '8', '--window', '8']).kind, 'run');
});

test('arguments that are wrong end it with 2, and help with 0', async () => {
  assert.is(await run(['--size', '0']), 2);
  assert.is(await run(['--colour']), 2);
  assert.is(await run(['--help']), 0);
  for (const option of ['--size', '--sockets', '--window', '--round-trips', '--json', '--help']) {
    assert.match(usage, option);
  }
});

test.run();
