import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FlowId } from '../../core/contract.ts';
import { FlowLists } from '../../core/transaction/flow-lists.ts';

const test = suite('FlowLists');

test('lists what is on a flow, oldest first, as a map of arrays would', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 15 }), fc.nat({ max: 3 })), { maxLength: 80 }),
      (operations) => {
        const lists = new FlowLists();
        lists.resize(16);
        const model = new Map<number, number[]>();
        const where = new Map<number, number>();
        for (const [index, flow] of operations) {
          const on = where.get(index);
          if (on === undefined) {
            lists.add(index, flow as FlowId);
            where.set(index, flow);
            model.set(flow, [...(model.get(flow) ?? []), index]);
          } else {
            assert.is(lists.flow(index), on);
            lists.remove(index);
            where.delete(index);
            model.set(on, model.get(on)?.filter((each) => each !== index) ?? []);
          }
          for (let each = 0; each <= 3; each++) assert.equal(lists.on(each as FlowId), model.get(each) ?? []);
        }
      },
    ),
    { seed: 6, numRuns: 200 },
  );
});

test.run();
