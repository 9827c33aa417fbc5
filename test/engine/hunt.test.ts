import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Hunt } from './hunt.ts';

const test = suite('Stacks, edges and programs, whatever happens');

const first = Number(process.env['HUNT_FIRST'] ?? 1);
const count = Number(process.env['HUNT_COUNT'] ?? 12);

for (let seed = first; seed < first + count; seed++) {
  test(`seed ${seed}: no promise is left, no request is carried out twice, nothing lives on one side alone`, async () => {
    const hunt = new Hunt(seed);
    await hunt.run(60);
    const { faults, log } = hunt.ground;
    assert.equal(faults, [], log.join('\n'));
  });
}

test.run();
