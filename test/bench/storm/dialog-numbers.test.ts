import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DialogNumbers } from '../../../bench/storm/dialog-numbers.ts';
import type { DialogId } from '../../../core/dialog/table.ts';

const test = suite('Numbers of dialogs in the storm');

test('a dialog is found by its row, whatever its generation', () => {
  const numbers = new DialogNumbers();
  const id = (generation: number, row: number): DialogId => (generation * 2 ** 24 + row) as DialogId;
  numbers.set(id(3, 7), 0);
  numbers.set(id(9, 1_000_000), 123);
  assert.equal([numbers.of(id(3, 7)), numbers.of(id(9, 1_000_000))], [0, 123]);
  assert.equal([numbers.of(id(1, 8)), numbers.of(id(1, 16_000_000))], [-1, -1]);
});

test.run();
