import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { delayAfterMs, delayAfterWaitMs, doubling, glareDelayMs, retryAfterMs } from '../../core/recovery/schedule.ts';
import { message } from '../dialog/dialogs.ts';

const test = suite('When a heal is tried again');

test('after 2, 4, 8, 16, 32, 60, 60 … seconds, of which 50 to 100 % are taken', () => {
  const nearlyOne = 1 - 2 ** -32;
  for (const [attempt, seconds] of [2, 4, 8, 16, 32, 60, 60, 60].entries()) {
    assert.is(delayAfterMs(doubling, attempt + 1, 0), seconds * 500);
    assert.ok(delayAfterMs(doubling, attempt + 1, nearlyOne) > seconds * 999);
    assert.ok(delayAfterMs(doubling, attempt + 1, nearlyOne) < seconds * 1000);
    assert.is(delayAfterMs(doubling, attempt + 1, 0.5), seconds * 750);
  }
  assert.is(delayAfterMs(doubling, 65_535, 0), 30_000);
});

test('Q2: after answers that say wait the delays may go on doubling, up to a cap', () => {
  const slower = { ...doubling, waitCapS: 600 };
  const delays = (schedule: typeof doubling): number[] =>
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((attempt) => 2 * delayAfterWaitMs(schedule, attempt, 0, 1800));
  assert.equal(
    delays(doubling).map((ms) => ms / 1000),
    [2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60],
  );
  assert.equal(
    delays(slower).map((ms) => ms / 1000),
    [2, 4, 8, 16, 32, 60, 120, 240, 480, 600, 600],
  );
});

test('Q1: by [MS-SIPRE] §3.7.5.3.4 no heal comes sooner after such an answer than the session interval', () => {
  const strict = { ...doubling, waitsForSession: true };
  for (const attempt of [1, 2, 20]) {
    assert.is(delayAfterWaitMs(strict, attempt, 0, 90), 90_000);
    assert.is(delayAfterWaitMs(strict, attempt, 0.5, 90), 112_500);
    assert.is(delayAfterWaitMs(strict, attempt, 0, 0), 1_800_000, 'without a session timer, its default');
  }
  assert.is(delayAfterMs(strict, 1, 0), 1000, 'other answers are tried again as ever');
});

test('after a 491 the owner of the Call-ID waits 2.1 to 4 s, the other 0 to 2 s, in steps of 10 ms', () => {
  const most = 1 - 2 ** -32;
  assert.equal([glareDelayMs(true, 0), glareDelayMs(true, most)], [2100, 4000]);
  assert.equal([glareDelayMs(false, 0), glareDelayMs(false, most)], [0, 2000]);
  for (let i = 0; i < 100; i++) assert.is(glareDelayMs(i % 2 === 0, i / 100) % 10, 0);
});

test('Retry-After binds for five minutes at most', () => {
  const asked = (...headers: string[]): number => retryAfterMs(message('SIP/2.0 503 Because', headers));
  assert.is(asked('Retry-After: 18 (lunch);duration=3'), 18_000);
  assert.is(asked('Retry-After: 301'), 300_000);
  assert.is(asked('Retry-After: 4294967295'), 300_000);
  assert.is(asked('Retry-After: soon'), 0);
  assert.is(asked(), 0);
});

test.run();
