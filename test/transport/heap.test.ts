import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Heap, type HeapEntry } from '../../transport/heap.ts';
import { given } from './recorder.ts';

const test = suite('Heap');

test('whatever is pushed and removed, the earliest comes first, and of one instant the first pushed', () => {
  const action = fc.oneof(
    fc.record({ push: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ remove: fc.nat(50) }),
    fc.constant('pop' as const),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
      const heap = new Heap<HeapEntry>();
      const pushed: HeapEntry[] = [];
      let model: HeapEntry[] = [];
      for (const what of actions) {
        if (what === 'pop') {
          assert.is(heap.pop(), model.shift());
        } else if ('push' in what) {
          const entry = { atMs: what.push, order: pushed.length, place: -1 };
          pushed.push(entry);
          heap.push(entry);
          model = [...model, entry].sort((one, other) => one.atMs - other.atMs || one.order - other.order);
        } else if (pushed.length > 0) {
          const entry = given(pushed[what.remove % pushed.length]);
          heap.remove(entry);
          model = model.filter((one) => one !== entry);
        }
        assert.is(heap.first, model[0]);
        assert.is(heap.count, model.length);
      }
    }),
    { seed: 1, numRuns: 500 },
  );
});

test.run();
