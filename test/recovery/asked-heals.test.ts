import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type RouteStatus, UsageError } from '../../core/index.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import { RawPeer } from '../engine/raw-peer.ts';
import { host, noted } from '../engine/world.ts';

const test = suite('Heals that the program asks for');

const waitForIt = ['P-Dialog-Recovery-Action: Wait-For-Session-Update'];

/** Every request but BYE is answered with that status. */
function failing({ hop }: Bed, status: number, headers: readonly string[] = []): void {
  hop.script = (request) => {
    if (request.method === 'BYE') return false;
    hop.reply(request, status, { headers });
    return true;
  };
}

test('a broken route is healed at once, whatever its schedule says, and the schedule begins anew', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock, take, note } = ground;
  failing(ground, 430, waitForIt);
  dialog.request('INFO').catch(() => undefined);
  await clock.run(40_000);
  const before = hop.requests('UPDATE').length;
  note('heal', dialog.heal());
  await clock.run(5);
  assert.is(hop.requests('UPDATE').length, before + 1);
  assert.equal(ground.seen(), ['recovering', 'heal failed 430 intermediary']);
  const { attempt, nextAttemptAtMs = 0 } = await take(dialog.routeStatus());
  assert.is(attempt, 1);
  assert.ok(nextAttemptAtMs <= clock.nowMs() + 2000, 'the loop goes on');
  hop.script = () => false;
  const healed: RouteStatus = await take(dialog.heal());
  assert.equal([healed.status, healed.healedBy], ['healthy', 'local']);
  await clock.run(1);
  assert.is(ground.seen().at(-1), 'healthy');
  await finish(ground, dialog);
});

test('a healthy dialog is refreshed likewise, and nothing is told', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock, take } = ground;
  const { generation, status } = await take(dialog.heal());
  assert.equal([generation, status], [1, 'healthy']);
  assert.is(hop.requests('UPDATE').length, 1);
  assert.is(hop.last('UPDATE').header('Route'), '');
  await clock.run(1000);
  assert.equal(ground.seen(), []);
  await finish(ground, dialog);
});

test('a healthy dialog whose refresh meets hop trouble is broken: first the failure, then the event, then the schedule', async () => {
  for (const [status, failure] of [
    [430, '430 intermediary'],
    [503, '503 intermediary'],
    [0, '408 local'],
  ] as const) {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    const { hop, clock, note } = ground;
    if (status === 0) hop.script = ({ method }) => method === 'UPDATE';
    else failing(ground, status, waitForIt);
    note('heal', dialog.heal());
    await clock.run(status === 0 ? 32_100 : 10);
    assert.equal(ground.seen(), [`heal failed ${failure}`, 'recovering']);
    hop.script = () => false;
    await clock.run(3000);
    assert.is(ground.seen()[2], 'healthy');
    await finish(ground, dialog);
  }
});

test('a healthy dialog whose refresh the far end refuses stays healthy', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  failing(ground, 488);
  ground.note('heal', dialog.heal());
  await ground.clock.run(60_000);
  assert.equal(ground.seen(), ['heal failed 488 remote']);
  assert.is(ground.hop.requests('UPDATE').length, 1);
  await finish(ground, dialog);
});

test('all who ask meanwhile share one heal; who gives up is told so, and the others are not disturbed', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock, note } = ground;
  hop.script = ({ method }) => method === 'UPDATE';
  const giveUp = new AbortController();
  note('one', dialog.heal());
  note('two', dialog.heal({ signal: giveUp.signal }));
  await clock.run(10);
  note('three', dialog.heal());
  giveUp.abort();
  await clock.run(10);
  assert.equal(ground.seen(), ['two failed SIP_ABORTED']);
  assert.is(hop.requests('UPDATE').length, 1);
  hop.accept(hop.last('UPDATE'));
  await clock.run(10);
  assert.equal(ground.seen().slice(1), ['one healthy', 'three healthy']);
  await finish(ground, dialog);
});

test('a dead hop under it: it fails with 503 before the event; later ones wait for a live hop', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock, note, network } = ground;
  hop.script = ({ method }) => method === 'UPDATE';
  note('heal', dialog.heal());
  await clock.run(5);
  network.kill({ host, port: 5070 });
  await clock.run(2000);
  assert.equal(ground.seen(), ['heal failed 503 local', 'recovering']);
  note('later', dialog.heal());
  await clock.run(10_000);
  await RawPeer.open(ground, 'hop', 5070);
  await clock.run(1000);
  assert.equal(ground.seen().slice(2), ['later healthy', 'healthy']);
  await finish(ground, dialog);
});

test('the end of the dialog ends it', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog, raw } = await call(ground);
  const { hop, clock, note, take } = ground;
  hop.script = ({ method }) => method === 'UPDATE';
  note('heal', dialog.heal());
  await clock.run(10);
  raw.request('BYE');
  await clock.run(10);
  assert.ok(ground.seen().includes('heal failed SIP_DIALOG_ENDED'));
  note('late', dialog.heal());
  await take(ground.near.counts());
  assert.ok(ground.seen().includes('late failed SIP_DIALOG_ENDED'));
  await ground.rest();
});

test('stack.heal() refreshes every dialog, by no more heals at a time than a hop takes', async () => {
  const ground = await bed({ hops: 1 });
  const calls = [];
  for (let index = 0; index < 100; index++) calls.push(await call(ground));
  const { hop, clock } = ground;
  const held = new Set<string>();
  hop.script = (request) => {
    if (request.method !== 'UPDATE') return false;
    held.add(request.header('Call-ID'));
    return true;
  };
  ground.near.heal();
  await clock.run(100);
  assert.is(held.size, 64);
  hop.script = () => false;
  await clock.run(2000);
  assert.is(new Set(hop.requests('UPDATE').map((request) => request.header('Call-ID'))).size, 100);
  assert.equal(ground.seen(), []);
  await finish(ground, ...calls.map(({ dialog }) => dialog));
});

test('with recovery off it is a wrong call', async () => {
  const ground = await bed({ hops: 1, stack: { recovery: { mode: 'none' }, application: noted([]) } });
  const { dialog } = await call(ground);
  const refused = await dialog.heal().catch((error: unknown) => error);
  assert.instance(refused, UsageError);
  assert.throws(() => ground.near.heal(), /heals nothing/);
  await finish(ground, dialog);
});

test.run();
