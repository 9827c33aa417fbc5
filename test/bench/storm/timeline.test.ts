import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { timelineOf } from '../../../bench/storm/timeline.ts';

const test = suite('Timeline of a storm');

test('steps are of 10 ms: who was broken and is not healed, and who is healed, at the end of each', () => {
  const timeline = timelineOf(Float64Array.of(1003, 1004, 1012), Float64Array.of(1019, 1025, 1031), 1000);
  assert.equal(timeline, { stepMs: 10, broken: [2, 2, 1, 0], healed: [0, 1, 2, 3] });
});

test('whoever never broke or was never healed is in no step', () => {
  const timeline = timelineOf(Float64Array.of(1001, Number.NaN), Float64Array.of(Number.NaN, Number.NaN), 1000);
  assert.equal(timeline, { stepMs: 10, broken: [1], healed: [0] });
});

test('a long storm has longer steps', () => {
  const { stepMs, broken } = timelineOf(Float64Array.of(0), Float64Array.of(400_000), 0);
  assert.is(stepMs, 100);
  assert.is(broken.length, 4001);
});

test.run();
