import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { disagreements, goalsOf, type Row, tableOf } from '../../../bench/parse/results.ts';

const test = suite('Results of the parse bench');

const sample = { name: 'UPDATE', goal: 500_000, bytes: Buffer.alloc(0) } as const;

function row(name: string, kind: Row['kind'], perSecond: number, checksum = 'cafe0001'): Row {
  return { name, kind, message: 'UPDATE', perSecond, ratioToOurs: perSecond / 600_000, checksum };
}

const ours = row('sipmend', 'ours', 600_000);

test('goals are judged by whoever is installed', () => {
  const met = (rows: readonly Row[]) => goalsOf(sample, rows).map(({ isMet }) => isMet);
  assert.equal(met([ours, row('a', 'npm', 120_000), row('b', 'c', 599_999)]), [true, true, true]);
  assert.equal(met([ours, row('a', 'npm', 120_001), row('b', 'c', 600_000)]), [true, false, false]);
  assert.equal(met([ours]), [true]);
  assert.equal(met([row('sipmend', 'ours', 499_999), { ...row('a', 'c', 0), perSecond: null }]), [false]);
});

test('a parser that reads other values is named', () => {
  assert.equal(disagreements([ours, row('a', 'npm', 1)]), []);
  assert.equal(disagreements([ours, row('a', 'npm', 1, 'cafe0002')]), [
    'a reads other values from the UPDATE (cafe0002)',
  ]);
});

test('a parser that is not installed has a row that says how to install it, and nothing against it', () => {
  const missing = 'not installed: npm install a';
  const absent = { ...row('a', 'npm', 0), perSecond: null, ratioToOurs: null, checksum: null, missing };
  assert.equal(disagreements([ours, absent]), []);
  assert.match(tableOf({ rows: [ours, absent], growth: [], goals: [] }), missing);
});

test.run();
