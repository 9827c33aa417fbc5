import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { absentees } from '../../../bench/peers/absentees.ts';
import { readArguments, usage } from '../../../bench/peers/arguments.ts';
import { run } from '../../../bench/peers/main.ts';

const test = suite('Arguments of the bench of peers');

test('every option is read, and help names it', () => {
  const args = ['--seconds', '2', '--calls-per-second', '7', '--dialogs', '5', '--settle-s', '1', '--json', 'a.json'];
  assert.equal(readArguments(args), {
    kind: 'run',
    counts: { seconds: 2, 'calls-per-second': 7, dialogs: 5, 'settle-s': 1 },
    json: 'a.json',
  });
  for (const arg of [...args, '--help']) if (arg.startsWith('--')) assert.match(usage, arg);
});

test('arguments that are wrong end it with 2, and help with 0', async () => {
  assert.is(await run(['--seconds', '0']), 2);
  assert.is(await run(['--json', '/nowhere/at/all.json']), 2);
  assert.is(await run(['--help']), 0);
});

test('what is not installed is named, with the remedy', () => {
  const absent = absentees(() => undefined);
  assert.match(absent.get('SIPp') ?? '', 'npm run peers');
  assert.match(absent.get('Kamailio') ?? '', 'npm run peers');
  const path = (): string => '/bin/sh';
  assert.is(absentees(path).has('SIPp'), false);
});

test.run();
