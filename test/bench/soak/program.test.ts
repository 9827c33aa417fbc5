import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Departures } from '../../../bench/soak/departures.ts';
import { Dice } from '../../../bench/soak/dice.ts';
import { Leak } from '../../../bench/soak/leak.ts';
import { VirtualClock } from '../../../transport/index.ts';

const test = suite('Parts of a soak’s program');

test('who leaves does so in time, and not while all are held', async () => {
  const left: string[] = [];
  const clock = new VirtualClock();
  const departures = new Departures<string>((who) => left.push(who), clock);
  departures.hold();
  departures.add('early', 0);
  departures.add('late', 3_600_000);
  await clock.run(400);
  assert.equal(left, []);
  departures.release();
  await clock.run(200);
  departures.stop();
  assert.equal(left, ['early']);
});

test('while all are held nobody’s time gets shorter', async () => {
  const left: string[] = [];
  const clock = new VirtualClock();
  const departures = new Departures<string>((who) => left.push(who), clock);
  departures.hold();
  departures.add('in a second', 1_000);
  await clock.run(60_000);
  departures.release();
  await clock.run(800);
  assert.equal(left, []);
  await clock.run(400);
  departures.stop();
  assert.equal(left, ['in a second']);
});

test('a leak keeps what it is told to, octet by octet', () => {
  const none = new Leak(0);
  none.grow();
  assert.is(none.kept, 0);
  const leak = new Leak(100);
  for (let call = 0; call < 2_000; call++) leak.grow();
  assert.is(leak.kept, 200_000);
  const large = new Leak(200_000);
  large.grow();
  assert.is(large.kept, 200_000);
});

test('lifetimes have the mean that they should, and none is far from it', () => {
  const dice = new Dice(3);
  const lives = Array.from({ length: 10_000 }, () => dice.lifetime(200));
  const mean = lives.reduce((sum, life) => sum + life, 0) / lives.length;
  assert.ok(Math.abs(mean - 200) < 2);
  assert.ok(lives.every((life) => life >= 100 && life < 300));
});

test('a population of what is left of lives, with others that come evenly, is level from the first moment on', () => {
  const dice = new Dice(3);
  const [count, mean] = [10_000, 200];
  const spans = Array.from({ length: count }, (): [from: number, to: number] => [0, dice.residual(mean)]);
  for (let call = 0; call < 3 * count; call++) {
    const from = (call * mean) / count;
    spans.push([from, from + dice.lifetime(mean)]);
  }
  for (let time = 0; time <= 3 * mean; time += mean / 10) {
    const alive = spans.filter(([from, to]) => from <= time && time < to).length;
    assert.ok(Math.abs(alive - count) < count / 50, `${alive} at ${time}`);
  }
});

test.run();
