import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HostShares } from '../../transport/host-shares.ts';

const test = suite('What each host has');

test('it tells whose share is the largest, and what is in it in order of age, whatever was added, removed and renewed', () => {
  const action = fc.record({
    kind: fc.constantFrom('add', 'add', 'delete', 'renew'),
    item: fc.nat(30),
    host: fc.nat(3),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const shares = new HostShares<number>();
      const model: { item: number; host: number }[] = [];
      for (const { kind, item, host } of actions) {
        const at = model.findIndex((one) => one.item === item);
        if (kind === 'add') {
          shares.add(item, `h${host}`);
          if (at === -1) model.push({ item, host });
        } else if (kind === 'delete') {
          assert.is(shares.delete(item), at !== -1);
          if (at !== -1) model.splice(at, 1);
        } else {
          shares.renew(item);
          if (at !== -1) model.push(...model.splice(at, 1));
        }
        assert.is(shares.count, model.length);
        assert.is(
          shares.has(item),
          model.some((one) => one.item === item),
        );
        const sizes = [0, 1, 2, 3].map((one) => model.filter((entry) => entry.host === one).length);
        const largest = [...(shares.largest ?? [])];
        assert.is(largest.length, Math.max(...sizes));
        const owner = model.find((one) => one.item === largest[0])?.host;
        assert.equal(
          largest,
          model.filter((one) => one.host === owner).map((one) => one.item),
        );
      }
      assert.equal([...shares.all].sort(), model.map((one) => one.item).sort());
    }),
    { seed: 1, numRuns: 300 },
  );
});

test.run();
