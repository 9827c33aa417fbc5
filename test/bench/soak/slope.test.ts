import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Dice } from '../../../bench/soak/dice.ts';
import { blockMs, growthOf, growthWithin } from '../../../bench/soak/growth.ts';
import { type Point, slopeOf } from '../../../bench/soak/slope.ts';

const test = suite('Slope of a size, and what it says of growth');

const megabyte = 1e6;
const hourMs = 3_600_000;

/** Samples every 5 s: `size` octets, a change in an hour, and noise of which each sample keeps a part. */
function samples(
  minutes: number,
  options: { size?: number; perHour?: number; noise?: number; kept?: number; seed?: number },
): Point[] {
  const { size = 250 * megabyte, perHour = 0, noise = 0, kept = 0, seed = 1 } = options;
  const dice = new Dice(seed);
  let disturbance = 0;
  return Array.from({ length: minutes * 12 }, (_, index) => {
    disturbance = kept * disturbance + noise * (dice.next() + dice.next() + dice.next() - 1.5) * 2;
    const atMs = 1_000_000 + index * 5_000;
    return { atMs, value: size + (perHour * index * 5_000) / hourMs + disturbance };
  });
}

test('a straight line has its slope, and no doubt', () => {
  const slope = slopeOf(samples(15, { perHour: 36 * megabyte }), blockMs);
  assert.is(slope?.blocks, 30);
  for (const found of [slope?.perHour, slope?.lowPerHour, slope?.highPerHour]) {
    assert.ok(Math.abs((found ?? 0) - 36 * megabyte) < 1);
  }
});

test('with less than four blocks there is none', () => {
  assert.is(slopeOf(samples(1, {}), blockMs), undefined);
  assert.is(slopeOf([], blockMs), undefined);
});

test('a gap between samples is no block', () => {
  const points = samples(15, { perHour: megabyte }).filter((_, index) => index < 60 || index > 100);
  const slope = slopeOf(points, blockMs);
  assert.ok((slope?.blocks ?? 0) < 30);
  assert.ok(Math.abs((slope?.perHour ?? 0) - megabyte) < 1);
});

test('the bounds hold the slope nearly always, alike as neighbours may be', () => {
  for (const kept of [0, 0.8, 0.95]) {
    let held = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const slope = slopeOf(samples(15, { perHour: 10 * megabyte, noise: megabyte, kept, seed }), blockMs);
      if (slope === undefined) continue;
      if (slope.lowPerHour <= 10 * megabyte && slope.highPerHour >= 10 * megabyte) held++;
    }
    assert.ok(held >= 180, `${held} of 200 where ${kept} is kept`);
  }
});

test('what only makes noise is flat', () => {
  const { verdict, partPerHour } = growthOf(samples(20, { noise: megabyte / 4 }));
  assert.is(verdict, 'flat');
  assert.ok(Math.abs(partPerHour ?? 1) < 0.02);
});

test('100 octets a call at 100 calls a second grow', () => {
  const { verdict, slope } = growthOf(samples(20, { perHour: 36 * megabyte, noise: megabyte, kept: 0.5 }));
  assert.is(verdict, 'grows');
  assert.ok((slope?.lowPerHour ?? 0) > 0);
});

test('a leak that noise hides is no proof of steadiness: what grows by more than 2 % an hour is not flat', () => {
  const { verdict, slope } = growthOf(
    samples(20, { perHour: 20 * megabyte, noise: 12 * megabyte, kept: 0.5, seed: 5 }),
  );
  assert.ok((slope?.lowPerHour ?? 1) < 0 && (slope?.highPerHour ?? -1) > 0);
  assert.is(verdict, 'grows');
});

test('what shrinks is not steady either', () => {
  assert.is(growthOf(samples(20, { perHour: -20 * megabyte, noise: megabyte / 4 })).verdict, 'grows');
});

test('a few minutes say nothing of an hour, but that a tenth was added while they lasted', () => {
  const noise = megabyte;
  assert.is(growthOf(samples(5, { perHour: 36 * megabyte, noise })).verdict, 'too-short');
  assert.is(growthOf(samples(5, { perHour: 360 * megabyte, noise })).verdict, 'grows');
  assert.is(growthOf(samples(1, { perHour: 360 * megabyte })).verdict, 'too-short');
  assert.is(growthOf([]).verdict, 'too-short');
});

test('a part grows when it alone would have the whole grow, however little its noise', () => {
  const whole = growthOf(samples(20, { noise: megabyte / 4 }));
  const part = (perHour: number) => growthWithin(samples(20, { size: 50 * megabyte, perHour }), whole).verdict;
  assert.equal([part(36 * megabyte), part(2 * megabyte), part(-20 * megabyte)], ['grows', 'flat', 'flat']);
  assert.is(growthWithin([], whole).verdict, 'too-short');
});

test.run();
