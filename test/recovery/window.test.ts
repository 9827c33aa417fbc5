import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog } from '../../core/index.ts';
import { type Bed, bed } from '../engine/bed.ts';
import { RawPeer } from '../engine/raw-peer.ts';
import { host } from '../engine/world.ts';
import { ended, established, healsAt } from './crowd.ts';

const test = suite('Many dialogs at once: the window of a hop');

for (const routeSet of ['ms-sipre', 'rfc3261'] as const) {
  test(`at most 64 heals are under way by a hop, and each that ends makes room for the next (${routeSet})`, async () => {
    const limits = { dialogs: 300, transactions: 4000 };
    const ground = await bed({ hops: 1, stack: { limits, recovery: { routeSet } } });
    await established(ground, 200);
    const { hop, clock, network } = ground;
    network.partition({ host, port: 5060 }, { host, port: 5070 });
    await clock.run(5000);
    network.heal({ host, port: 5060 }, { host, port: 5070 });
    hop.script = ({ method }) => method === 'UPDATE';
    await clock.run(400);
    const held = [...hop.requests('UPDATE')];
    assert.is(held.length, 64);
    const [first] = held;
    if (first !== undefined) hop.accept(first);
    await clock.run(5);
    assert.is(new Set(hop.requests('UPDATE').map((request) => request.header('Call-ID'))).size, 65);
    hop.script = () => false;
    for (const update of held.slice(1)) hop.accept(update);
    await clock.run(1000);
    const { recovering } = await ground.take(ground.near.counts());
    assert.is(recovering, 0);
    await ended(ground);
  });
}

test('a stream has its own flow control: by it 512 heals are under way at a time', async () => {
  const ground = await bed({ hops: 1, protocol: 'tcp', stack: { limits: { dialogs: 700, transactions: 8000 } } });
  await established(ground, 600);
  const { hop, clock, network } = ground;
  hop.script = ({ method }) => method === 'UPDATE';
  network.reset({ host, port: 5060 }, { host, port: 5070 });
  await clock.run(100);
  const held = [...hop.requests('UPDATE')];
  assert.is(held.length, 512);
  hop.script = () => false;
  for (const update of held) hop.accept(update);
  await clock.run(100);
  assert.is(hop.requests('UPDATE').length, 600);
  assert.is((await ground.take(ground.near.counts())).recovering, 0);
  await ended(ground);
});

test('heals that are left without any word for 3.5 s make room, but for half as many each time, down to 4', async () => {
  const ground = await bed({ hops: 1, stack: { limits: { dialogs: 300, transactions: 4000 } } });
  await established(ground, 200);
  const { hop, clock, network } = ground;
  network.partition({ host, port: 5060 }, { host, port: 5070 });
  await clock.run(5000);
  network.heal({ host, port: 5060 }, { host, port: 5070 });
  hop.script = ({ method }) => method === 'UPDATE';
  while (healsAt(hop) === 0) await clock.run(1);
  const seen: number[] = [];
  await clock.run(3450);
  for (let round = 0; round < 7; round++) {
    seen.push(healsAt(hop));
    await clock.run(3500);
  }
  assert.equal(
    seen.map((count, round) => count - (seen[round - 1] ?? 0)),
    [64, 32, 16, 8, 4, 4, 4],
  );
  hop.script = () => false;
  await clock.run(120_000);
  assert.is((await ground.take(ground.near.counts())).recovering, 0);
  await ended(ground);
});

test('a full hop does not hold up what another one can heal', async () => {
  const ground = await bed({ stack: { limits: { dialogs: 300, transactions: 4000 } } });
  await established(ground, 200);
  const { hop, other, clock, network } = ground;
  for (const port of [5070, 5080]) network.partition({ host, port: 5060 }, { host, port });
  await clock.run(5000);
  hop.script = ({ method }) => method === 'UPDATE';
  for (const port of [5070, 5080]) network.heal({ host, port: 5060 }, { host, port });
  await clock.run(1000);
  assert.is(hop.requests('UPDATE').length >= 64, true);
  const { recovering } = await ground.take(ground.near.counts());
  assert.is(recovering, 64, 'only those that the silent hop has');
  assert.ok(other.requests('UPDATE').length >= 136);
  hop.script = () => false;
  await clock.run(60_000);
  await ended(ground);
});

test('where a dialog can be healed by its own hop alone, a dead one does not hold up the others', async () => {
  for (const routeSet of ['direct', 'rfc3261'] as const) {
    const ground = await bed({
      hops: routeSet === 'direct' ? 0 : 2,
      stack: { recovery: { routeSet: routeSet === 'direct' ? 'ms-sipre' : 'rfc3261' } },
    });
    const { clock, network, near } = ground;
    const dialogs: Dialog[] = [];
    for (const port of [5070, 5080]) dialogs.push(await ground.take(near.invite(`sip:bob@${host}:${port}`)));
    await clock.run(40_000);
    for (const port of [5070, 5080]) network.kill({ host, port });
    for (const dialog of dialogs) dialog.request('INFO').catch(() => undefined);
    await clock.run(5000);
    assert.is((await ground.take(near.counts())).recovering, 2, routeSet);
    const second = await RawPeer.open(ground, 'other', 5080);
    await clock.run(1000);
    assert.is((await ground.take(near.counts())).recovering, 1, routeSet);
    assert.is(second.requests('UPDATE').length, 1);
    await RawPeer.open(ground, 'hop', 5070);
    await clock.run(1000);
    assert.is((await ground.take(near.counts())).recovering, 0, routeSet);
    await ended(ground);
  }
});

test('dialogs that wait for their own hop are healed by any, once there is a list', async () => {
  const ground = await bed({ hops: 0 });
  const { clock, network, near, other } = ground;
  ground.hop.recordRoute = [];
  const dialog = await ground.take(near.invite(`sip:bob@${host}:5070`));
  await clock.run(40_000);
  network.kill({ host, port: 5070 });
  dialog.request('INFO').catch(() => undefined);
  await clock.run(5000);
  near.setHops([`sip:${host}:5080`]);
  await clock.run(100);
  assert.is(other.requests('UPDATE').length, 1);
  assert.is(await dialogStatus(ground, dialog), 'healthy');
  await ended(ground);
});

async function dialogStatus(ground: Bed, dialog: Dialog): Promise<string> {
  return (await ground.take(dialog.routeStatus())).status;
}

test('dialogs that end while they wait leave nothing behind, whatever they wait for', async () => {
  const ground = await bed({ stack: { limits: { dialogs: 300, transactions: 4000 } } });
  const { clock, network, near } = ground;
  for (let round = 0; round < 3; round++) {
    const dialogs = await established(ground, 150);
    for (const port of [5070, 5080]) network.partition({ host, port: 5060 }, { host, port });
    await clock.run(2000 + 700 * round);
    for (const dialog of dialogs.slice(0, 100)) dialog.bye().catch(() => undefined);
    await clock.run(100);
    for (const port of [5070, 5080]) network.heal({ host, port: 5060 }, { host, port });
    for (const dialog of dialogs.slice(100, 140)) dialog.bye().catch(() => undefined);
    await clock.run(500);
    for (const dialog of dialogs.slice(140)) dialog.bye().catch(() => undefined);
    await clock.run(70_000);
    const { dialogs: left, recovering, timers } = await ground.take(near.counts());
    assert.equal([left, recovering, timers], [0, 0, 0], `round ${round}`);
  }
  await ground.rest();
});

test.run();
