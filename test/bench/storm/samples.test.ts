import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { healTimesOf, quantilesOf } from '../../../bench/storm/samples.ts';

const test = suite('Samples of the storm');

test('percentiles are samples: the smallest that so many do not exceed', () => {
  const sorted = Float64Array.from({ length: 1000 }, (_, index) => index + 1);
  assert.equal(healTimesOf(sorted), { p50: 500, p90: 900, p99: 990, p999: 999, max: 1000 });
  assert.equal(healTimesOf(new Float64Array(0)), { p50: null, p90: null, p99: null, p999: null, max: null });
});

test('a million samples have quantiles that can be drawn, from the least to the largest', () => {
  const quantiles = quantilesOf(Float64Array.from({ length: 1_000_000 }, (_, index) => index));
  assert.is(quantiles.length, 501);
  assert.equal([quantiles[0], quantiles[250], quantiles[500]], [0, 500_000, 999_999]);
});

test('few samples are their own quantiles', () => {
  assert.equal(quantilesOf(Float64Array.of(1, 2, 4)), [1, 2, 4]);
  assert.equal(quantilesOf(Float64Array.of(7)), [7]);
  assert.equal(quantilesOf(new Float64Array(0)), []);
});

test.run();
