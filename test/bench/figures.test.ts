import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { atLeast, atMost, rowsOf, tableOf } from '../../bench/figures.ts';

const test = suite('Figures of a bench');

const rows = rowsOf(
  new Map([
    ['sipmend', new Map([['create', 200]])],
    ['Map', new Map([['create', 50]])],
    ['heap', new Map([['fire', 50]])],
  ]),
);

test('each rate stands beside ours of the same operation, and what only another does is left out', () => {
  assert.equal(rows, [
    { name: 'sipmend', operation: 'create', perSecond: 200, ratioToOurs: 1 },
    { name: 'Map', operation: 'create', perSecond: 50, ratioToOurs: 0.25 },
  ]);
});

test('a goal is met at its bound and missed beyond', () => {
  assert.equal(
    [atLeast(5, 's', 'a', 5), atLeast(5, 's', 'a', 4.9), atMost(5, 's', 'a', 5), atMost(5, 's', 'a', 5.1)].map(
      ({ met }) => met,
    ),
    [true, false, true, false],
  );
});

test('a table says who did what how fast, and what was met', () => {
  const table = tableOf(rows, [atLeast(1000, 'a second', 'create', 200), atMost(900, 'octets', 'a dialog', 850)]);
  assert.match(table, /create +Map +50\/s {2}0\.25 of ours\n/);
  assert.match(table, /missed {2}create +200 a second, goal ≥ 1,000\n/);
  assert.match(table, /met {5}a dialog +850 octets, goal ≤ 900$/);
});

test.run();
