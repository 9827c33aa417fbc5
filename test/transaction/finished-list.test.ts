import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FinishedList } from '../../core/transaction/finished-list.ts';

const test = suite('FinishedList');

test('is empty at first, and nothing that is not here can be removed', () => {
  const list = new FinishedList();
  assert.equal([list.oldest, list.count], [0, 0]);
  list.resize(4);
  list.remove(3);
  assert.equal([list.oldest, list.count], [0, 0]);
});

test('knows the oldest, whatever is added and removed, through growth too', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 60 }), (happenings) => {
      const list = new FinishedList();
      list.resize(6);
      const model: number[] = [];
      for (const [turn, happening] of happenings.entries()) {
        if (turn === 20) list.resize(11);
        const index = 1 + (turn < 20 ? happening % 5 : happening);
        if (model.includes(index)) {
          list.remove(index);
          model.splice(model.indexOf(index), 1);
        } else {
          list.add(index);
          model.push(index);
        }
        assert.equal([list.oldest, list.count], [model[0] ?? 0, model.length]);
      }
      for (const index of [...model]) {
        assert.is(list.oldest, index);
        list.remove(index);
      }
      assert.equal([list.oldest, list.count], [0, 0]);
    }),
    { seed: 6, numRuns: 300 },
  );
});

test.run();
