import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Bed, bed } from '../engine/bed.ts';
import { RawPeer } from '../engine/raw-peer.ts';
import { host } from '../engine/world.ts';
import { established, healsAt, recovering } from './crowd.ts';

const test = suite('Outage: no hop is alive (brief rules 4 and 13)');

const count = 200;
const hops = [5070, 5080];

/** Many dialogs by one of two hops; the other carries nothing, and so is not probed. */
async function ground(): Promise<Bed> {
  const made = await bed({ stack: { limits: { dialogs: 300, transactions: 4000 } } });
  const [only] = hops;
  made.near.setHops([`sip:${host}:${only}`]);
  const calls = Array.from({ length: count }, () => made.near.invite(`sip:bob@${host}:${only}`));
  await made.clock.run(100);
  await Promise.all(calls);
  made.near.setHops(hops.map((port) => `sip:${host}:${port}`));
  await made.clock.run(40_000);
  return made;
}

/** How many datagrams we send in so many milliseconds. */
async function sentWithin(made: Bed, ms: number): Promise<number> {
  const before = sentSoFar(made);
  await made.clock.run(ms);
  return sentSoFar(made) - before;
}

function sentSoFar({ network }: Bed): number {
  return network.log.filter(({ from }) => from.port === 5060).length;
}

for (const how of ['killed', 'silent'] as const) {
  test(`both hops ${how}: a handful of heals finds out the second, then there are only probes, however many wait`, async () => {
    const made = await ground();
    const { clock, network, near } = made;
    for (const port of hops) {
      if (how === 'killed') network.kill({ host, port });
      else network.partition({ host, port: 5060 }, { host, port });
    }
    const first = await sentWithin(made, 5000);
    assert.is(await recovering(made), count);
    assert.ok(first < 5 * 25, `${first} in the first five seconds`);
    const later = await sentWithin(made, 60_000);
    assert.ok(later < 60 * 6, `${later} in the minute after`);
    for (const port of hops) {
      if (how === 'silent') network.heal({ host, port: 5060 }, { host, port });
    }
    if (how === 'killed') await RawPeer.open(made, 'hop', 5070);
    await clock.run(3000);
    assert.is(await recovering(made), 0);
    await made.take(near.close());
    await clock.runUntilIdle();
  });
}

test('a hop that carried nothing and lives takes them all, after the first answer as many at once as any', async () => {
  const made = await ground();
  const { clock, network, near, other } = made;
  network.kill({ host, port: 5070 });
  let most = 0;
  other.script = ({ method }) => {
    if (method === 'UPDATE') most++;
    return false;
  };
  await clock.run(3000);
  assert.is(await recovering(made), 0);
  assert.is(most, count);
  await made.take(near.close());
  await clock.runUntilIdle();
});

for (const protocol of ['udp', 'tcp'] as const) {
  for (const probeIntervalMs of [100, 375, 5000]) {
    test(`while no hop lives 1000/${probeIntervalMs} messages a second go to each, by ${protocol}, and the first burst after that is a window`, async () => {
      const made = await bed({
        protocol,
        stack: { limits: { dialogs: 1500, transactions: 8000 }, recovery: { probeIntervalMs } },
      });
      const { clock, near, hop, other } = made;
      for (let round = 0; round < 10; round++) await established(made, 100);
      for (const peer of [hop, other]) {
        peer.answersProbes = false;
        peer.script = () => true;
      }
      await clock.run(60_000);
      assert.is(await recovering(made), 1000);
      for (const ms of [1000, 10_000, 60_000]) {
        const most = hops.length * (ms / probeIntervalMs + 1);
        const sent = await sentWithin(made, ms);
        assert.ok(sent <= most, `${sent} in ${ms} ms, ${most} at most`);
        assert.ok(ms < 2 * probeIntervalMs || sent > 0, 'somebody asks');
      }
      for (const peer of [hop, other]) {
        peer.received.length = 0;
        peer.answersProbes = true;
        peer.script = ({ method }) => method === 'UPDATE';
      }
      while (healsAt(hop) + healsAt(other) === 0) await clock.run(1);
      await clock.run(1000);
      const window = protocol === 'udp' ? 64 : 512;
      for (const peer of [hop, other]) assert.ok(healsAt(peer) <= window, `${healsAt(peer)}`);
      for (const peer of [hop, other]) peer.script = () => false;
      await clock.run(300_000);
      assert.is(await recovering(made), 0);
      await made.take(near.close());
      await clock.runUntilIdle();
    });
  }
}

test.run();
