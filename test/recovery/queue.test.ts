import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DialogQueue } from '../../core/recovery/queue.ts';

const test = suite('Queue of dialogs');

test('gives -1 when it is empty', () => {
  assert.is(new DialogQueue().peek(), -1);
});

test('gives back in order what was put in, however much it grows and wraps', () => {
  const action = fc.constantFrom('push' as const, 'push' as const, 'drop' as const);
  fc.assert(
    fc.property(fc.array(action, { minLength: 100, maxLength: 2000, size: 'max' }), (actions) => {
      const queue = new DialogQueue();
      const model: number[] = [];
      for (const [index, what] of actions.entries()) {
        if (what === 'push') {
          queue.push(index);
          model.push(index);
        } else if (model.length > 0) {
          assert.is(queue.peek(), model.shift());
          queue.drop();
        }
        assert.is(queue.count, model.length);
        assert.is(queue.peek(), model[0] ?? -1);
      }
      for (const expected of model) {
        assert.is(queue.peek(), expected);
        queue.drop();
      }
      assert.is(queue.count, 0);
    }),
    { seed: 1, numRuns: 50 },
  );
});

test.run();
