import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SeededRandom } from '../../transport/random.ts';

const test = suite('Seeded random');

function draw(seed: number, count: number): number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => random.fraction());
}

test('the same seed gives the same numbers, neighbouring seeds others from the first on', () => {
  assert.equal(draw(42, 100), draw(42, 100));
  const firsts = Array.from({ length: 1_000 }, (_, seed) => given0(draw(seed, 1)));
  assert.is(new Set(firsts).size, 1_000);
  assert.is.not(given0(draw(1, 1)), given0(draw(1 + 2 ** 32, 1)));
});

test('numbers lie in [0, 1) and spread evenly', () => {
  const buckets = new Array<number>(10).fill(0);
  for (const fraction of draw(7, 100_000)) {
    assert.ok(fraction >= 0 && fraction < 1);
    const bucket = Math.floor(fraction * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  for (const count of buckets) assert.ok(count > 9_600 && count < 10_400, `${count} of 100,000 in a tenth`);
});

function given0(numbers: number[]): number {
  return numbers[0] ?? Number.NaN;
}

test.run();
