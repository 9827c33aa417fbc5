import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { clear, DialogColumns } from '../../core/dialog/columns.ts';
import { DialogTable } from '../../core/dialog/table.ts';
import { RouteHealth } from '../../core/recovery/route-health.ts';

const test = suite('Columns of dialogs');

test('have a row for each dialog, and count what a row takes', () => {
  const columns = new DialogColumns(10);
  assert.is(columns.rowSize, 0);
  assert.equal(
    [columns.uint8(), columns.uint16(), columns.uint32(), columns.float64()].map(({ length }) => length),
    [10, 10, 10, 10],
  );
  assert.is(columns.rowSize, 1 + 2 + 4 + 8);
});

test('a value is cleared', () => {
  const column = new DialogColumns(2).uint32();
  column.set([7, 8]);
  clear(column, 1);
  clear(column, 1);
  assert.equal([...column], [7, 0]);
});

test('what other parts know of a dialog is counted with its table', () => {
  const table = new DialogTable({ capacity: 8, hashSeed: 1 });
  const own = table.columns.rowSize;
  new RouteHealth(table.columns);
  assert.ok(table.columns.rowSize > own + 40);
});

test.run();
