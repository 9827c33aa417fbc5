import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type TimerId, Wheel } from '../../core/time/wheel.ts';
import { bed, call } from './bed.ts';
import { Hunt } from './hunt.ts';

const test = suite('Timer ids come again, so nobody keeps one that has been taken back');

/** Who takes a timer back for the second time while `act` runs: by then the id may name another's. */
async function takenTwice(act: () => Promise<void>): Promise<string[]> {
  const gone = new WeakMap<Wheel, Set<TimerId>>();
  const of = (wheel: Wheel): Set<TimerId> => {
    const ids = gone.get(wheel) ?? new Set();
    gone.set(wheel, ids);
    return ids;
  };
  const faults = new Set<string>();
  const { arm, disarm } = Wheel.prototype;
  Wheel.prototype.arm = function (...armed) {
    const id = arm.apply(this, armed);
    of(this).delete(id);
    return id;
  };
  Wheel.prototype.disarm = function (id) {
    if (of(this).has(id)) faults.add(new Error(`timer ${id}`).stack ?? '');
    if (this.dueAtMs(id) !== undefined) of(this).add(id);
    disarm.call(this, id);
  };
  try {
    await act();
  } finally {
    Object.assign(Wheel.prototype, { arm, disarm });
  }
  return [...faults];
}

test('when a BYE is sent again after a heal', async () => {
  const faults = await takenTwice(async () => {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    const { hop } = ground;
    let isLost = true;
    hop.script = (request) => {
      if (request.method !== 'BYE' || !isLost) return false;
      isLost = false;
      hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] });
      return true;
    };
    await ground.take(dialog.bye());
    assert.is(hop.requests('BYE').length, 2);
    await ground.rest();
  });
  assert.equal(faults, []);
});

for (const seed of [501, 502, 503]) {
  test(`whatever happens: seed ${seed}`, async () => {
    const faults = await takenTwice(async () => {
      const hunt = new Hunt(seed);
      await hunt.run(60);
      assert.equal(hunt.ground.faults, []);
    });
    assert.equal(faults, []);
  });
}

test.run();
