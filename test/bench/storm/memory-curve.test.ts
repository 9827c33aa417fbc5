import { existsSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MemoryWatch } from '../../../bench/storm/memory-curve.ts';

const test = suite('Memory curve of the storm');

test('processes are looked at from outside, by name; where that cannot be there is no curve', () => {
  const watch = new MemoryWatch({ ours: process.pid });
  watch.look();
  watch.look();
  const { atS, sizes } = watch.stop();
  assert.equal(
    sizes.map(({ name, octets }) => [name, octets.length]),
    [['ours', atS.length]],
  );
  for (const size of sizes[0]?.octets ?? []) assert.ok(size > 1_000_000);
  assert.is(atS.length, existsSync('/proc/self/statm') ? 2 : 0);
});

test('a process that is gone ends the curve', () => {
  const watch = new MemoryWatch({ nobody: 2 ** 30 });
  watch.look();
  assert.equal(watch.stop(), { atS: [], sizes: [{ name: 'nobody', octets: [] }] });
});

test.run();
