import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run, usage } from '../../../bench/wheel/main.ts';
import { instants, spreadMs } from '../../../bench/wheel/timers.ts';
import { WheelTimers } from '../../../bench/wheel/wheel-timers.ts';
import { reportOf } from '../report.ts';

const test = suite('Bench of the wheel');

test('fires every timer once, in the step that it is due in, and writes what machines read', async () => {
  const { exitCode, report } = await reportOf(run, ['--timers', '3000']);
  assert.is(exitCode, 0);
  assert.is(report.scenario, 'wheel');
  assert.equal(report.parameters, { timers: 3000 });
  assert.ok(report.machine.cores > 0);
  const { rows, goals, wrong } = report.results;
  assert.is(wrong, 0);
  assert.equal(
    rows.map(({ name, operation }) => `${operation}: ${name}`),
    [
      'arm: sipmend',
      'arm: binary heap',
      'arm: setTimeout',
      'disarm + arm, in their order: sipmend',
      'disarm + arm, in their order: binary heap',
      'disarm + arm, in their order: setTimeout',
      'disarm + arm, at random: sipmend',
      'disarm + arm, at random: binary heap',
      'disarm + arm, at random: setTimeout',
      'fire: sipmend',
      'fire: binary heap',
    ],
  );
  for (const { perSecond, ratioToOurs } of rows) assert.ok(perSecond > 0 && ratioToOurs > 0);
  const memory = goals.find(({ name }) => name === 'memory of a timer');
  assert.is(memory?.value, 24);
  assert.is(memory?.met, true);
});

test('a timer that does not fire is told', () => {
  const timers = new WheelTimers(instants(100));
  timers.fill();
  assert.is(timers.count, 100);
  assert.is(timers.wrong, 100);
  timers.fire();
  assert.is(timers.count, 0);
  assert.is(timers.wrong, 0);
});

test('the instants are whole, spread over half an hour, and the same in every run', () => {
  const [first, second] = [instants(1000), instants(1000)];
  assert.equal(first, second);
  for (const ms of first) assert.ok(Number.isInteger(ms) && ms >= 1 && ms < spreadMs);
});

test('arguments that are wrong end it with 2, and help with 0', async () => {
  assert.is(await run(['--timers', '0']), 2);
  assert.is(await run(['--dialogs', '5']), 2);
  assert.is(await run(['--json', '/nowhere/at/all.json']), 2);
  assert.is(await run(['--help']), 0);
  for (const option of ['--timers', '--json', '--help']) assert.match(usage, option);
});

test.run();
