import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Callee } from '../../../bench/far-end/callee.ts';
import { Caller } from '../../../bench/far-end/caller.ts';

const test = suite('Raw far ends that call each other');

for (const transport of ['udp', 'tcp'] as const) {
  test(`${transport}: every call ends, and what was not lost is not repeated`, async () => {
    const callee = await Callee.open(transport);
    const caller = await Caller.open(transport);
    try {
      const called = await caller.call({ port: callee.port, count: 40, perSecond: 400, hold: false });
      assert.equal([called.begun, called.ended, called.setUpMs.length], [40, 40, 40]);
      assert.is(called.paced.lateMs.length, 40);
      assert.equal([...caller.failures], []);
      const { invites, acks, byes } = callee.counts;
      assert.equal({ invites, acks, byes }, { invites: 40, acks: 40, byes: 40 });
    } finally {
      await caller.close();
      await callee.close();
    }
  });
}

test('calls that are held get no BYE', async () => {
  const callee = await Callee.open('udp');
  const caller = await Caller.open('udp');
  try {
    const called = await caller.call({ port: callee.port, count: 10, perSecond: 100, hold: true });
    assert.equal([called.ended, callee.counts.byes], [10, 0]);
  } finally {
    await caller.close();
    await callee.close();
  }
});

test.run();
