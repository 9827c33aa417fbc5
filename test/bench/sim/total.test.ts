import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Outcome, Tally } from '../../../bench/sim/outcome.ts';
import { faultOf, reportOf } from '../../../bench/sim/results.ts';
import { emptyTally, Total } from '../../../bench/sim/total.ts';

const test = suite('Total of many seeds');

function outcome(seed: number, tally: Partial<Tally>, ...rules: string[]): Outcome {
  const violations = rules.map((rule) => ({ rule, atMs: 1, what: 'it happened' }));
  return { seed, violations, tally: { ...emptyTally, ...tally } };
}

const outcomes = [
  outcome(1, { virtualMs: 10, messages: 5, calls: 1, faults: { outage: 2 }, rows: { 'a: 1': 0, 'a: 2': 1 } }),
  outcome(2, { virtualMs: 20, heals: { update: 1 }, faults: { outage: 1, reset: 1 }, rows: { 'a: 1': 0, 'b: 1': 0 } }),
  outcome(3, { endings: { 'local bye': 4 }, rows: { 'b: 1': 3 } }, 'one', 'two', 'one'),
];

function totalOf(all: readonly Outcome[]): Total {
  const total = new Total();
  for (const each of all) total.add(each);
  return total;
}

test('adds up key by key', () => {
  assert.equal(totalOf(outcomes).tally, {
    virtualMs: 30,
    messages: 5,
    calls: 1,
    faults: { outage: 3, reset: 1 },
    heals: { update: 1 },
    endings: { 'local bye': 4 },
    rows: { 'a: 1': 0, 'a: 2': 1, 'b: 1': 3 },
  });
});

test('comes to the same in whatever order the seeds come', () => {
  const [one, other] = [totalOf(outcomes), totalOf(outcomes.toReversed())];
  assert.is(JSON.stringify(other.tally), JSON.stringify(one.tally));
  assert.equal(other.rules, one.rules);
});

test('knows the rows that no seed took', () => {
  assert.equal(totalOf(outcomes).neverTaken, ['a: 1']);
  assert.equal(totalOf(outcomes.slice(0, 2)).neverTaken, ['a: 1', 'b: 1']);
});

test('is no success when a rule was broken', () => {
  assert.is(faultOf(totalOf(outcomes)), 'rules were broken');
  assert.equal(totalOf(outcomes).rules, { one: 2, two: 1 });
});

test('is no success when 10,000 seeds left a row out; fewer may', () => {
  const total = totalOf(outcomes.slice(0, 2));
  assert.is(faultOf(total), undefined);
  total.seeds = 10_000;
  assert.is(faultOf(total), 'rows of the tables were never taken');
  total.add(outcome(4, { rows: { 'a: 1': 1, 'b: 1': 1 } }));
  assert.is(faultOf(total), undefined);
});

test('names the rows that were left out when they are few, or a failure', () => {
  const rows = Object.fromEntries(Array.from({ length: 30 }, (_, row) => [`a: ${row}`, 0]));
  const total = totalOf([outcome(1, { rows })]);
  const told = (): string => reportOf(total, { from: 1, to: total.seeds }, 1);
  assert.match(told(), /^rows +30 of 30 never taken\nviolations/m);
  total.seeds = 10_000;
  assert.match(told(), /^rows +30 of 30 never taken\n +a: 0$/m);
});

test('is told in words', () => {
  const text = reportOf(totalOf(outcomes), { from: 1, to: 3 }, 65);
  assert.match(text, /^seeds +1-3: 3 played in 1 min 5 s$/m);
  assert.match(text, /^faults +outage 3, reset 1$/m);
  assert.match(text, /^rows +1 of 3 never taken\n +a: 1$/m);
  assert.match(text, /^violations +3: one 2, two 1$/m);
});

test.run();
