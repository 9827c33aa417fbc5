import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Seeds } from '../../../bench/sim/seeds.ts';

const test = suite('Seeds of a run');

function all(seeds: Seeds): number[] {
  const taken: number[] = [];
  for (let range = seeds.take(); range !== undefined; range = seeds.take())
    for (let seed = range.from; seed <= range.to; seed++) taken.push(seed);
  return taken;
}

const from5to104 = Array.from({ length: 100 }, (_, index) => index + 5);

test('are each handed out once, few at a time', () => {
  const seeds = new Seeds({ from: 5, to: 104 }, 2);
  const first = seeds.take();
  assert.equal(first, { from: 5, to: 14 });
  assert.equal(all(seeds), from5to104.slice(10));
});

test('are one at a time in the end, so that no worker waits for another', () => {
  const seeds = new Seeds({ from: 1, to: 7 }, 4);
  assert.equal(seeds.take(), { from: 1, to: 1 });
});

test('that were given back are handed out again', () => {
  const seeds = new Seeds({ from: 5, to: 104 }, 2);
  seeds.take();
  seeds.giveBack({ from: 9, to: 14 });
  seeds.giveBack({ from: 15, to: 14 });
  assert.equal(seeds.take(), { from: 9, to: 14 });
  assert.equal(all(seeds), from5to104.slice(10));
});

test.run();
