import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { delayAfterMs, glareDelayMs, retryAfterMs } from '../../core/recovery/schedule.ts';
import { message } from '../dialog/dialogs.ts';

const test = suite('When a heal is tried again');

test('after 2, 4, 8, 16, 32, 60, 60 … seconds, of which 50 to 100 % are taken', () => {
  const nearlyOne = 1 - 2 ** -32;
  for (const [attempt, seconds] of [2, 4, 8, 16, 32, 60, 60, 60].entries()) {
    assert.is(delayAfterMs(attempt + 1, 0), seconds * 500);
    assert.ok(delayAfterMs(attempt + 1, nearlyOne) > seconds * 999);
    assert.ok(delayAfterMs(attempt + 1, nearlyOne) < seconds * 1000);
    assert.is(delayAfterMs(attempt + 1, 0.5), seconds * 750);
  }
  assert.is(delayAfterMs(65_535, 0), 30_000);
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
