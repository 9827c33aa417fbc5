import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Pace } from './pace.ts';

const test = suite('The pace of inputs');

/** Which of these sizes are findings, where an input takes as long as `costMs` says. */
function slowOf(costMs: (size: number) => number, sizes: readonly number[]): number[] {
  let nowMs = 0;
  const run = (input: Uint8Array): void => {
    nowMs += costMs(input.length);
  };
  const pace = new Pace(run, () => nowMs);
  return sizes.filter((size) => {
    pace.begin();
    run(new Uint8Array(size));
    return pace.end(new Uint8Array(size)) !== undefined;
  });
}

const usual = Array.from({ length: 50 }, (_, index) => 200 + index);

test('time that grows with the square of the size is a finding', () => {
  assert.equal(
    slowOf((size) => size * size * 1e-6, [...usual, 60_000]),
    [60_000],
  );
});

test('a long way through the code is none, nor is a large input', () => {
  assert.equal(
    slowOf((size) => size * 1e-3, [...usual, 60_000]),
    [],
  );
  assert.equal(
    slowOf((size) => (size > 20_000 ? size * 1e-1 : size * 1e-3), [...usual, 60_000]),
    [],
  );
});

test('what is slow once is measured again', () => {
  let times = 0;
  const cost = (size: number): number => (size === 60_000 && times++ === 0 ? 5_000 : size * 1e-3);
  assert.equal(slowOf(cost, [...usual, 60_000]), []);
});

test.run();
