import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DialogTable } from '../../core/dialog/table.ts';
import type { Dialog } from '../../core/index.ts';
import { PeerMemory } from '../../core/recovery/peer-memory.ts';
import { recordParts } from '../dialog/dialogs.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import type { RawPeer, Sip } from '../engine/raw-peer.ts';

const test = suite('What is remembered of peers and hops');

const hourMs = 3_600_000;

/** Answers heals by what `verdict` makes of them, 500 to INFO; gives the heals as they came. */
function healed(peer: RawPeer, verdict: (request: Sip) => number): string[] {
  const heals: string[] = [];
  peer.script = (request) => {
    if (request.method === 'INFO') peer.reply(request, 500);
    if (request.method !== 'UPDATE' && request.method !== 'INVITE') return request.method === 'INFO';
    const path = request.header('Route') === '' ? 'route-less' : 'one-route';
    heals.push(`${request.method} ${path}${request.body === '' ? '' : ' offer'}`);
    const status = verdict(request);
    if (status !== 200) peer.reply(request, status);
    return status !== 200;
  };
  return heals;
}

async function broken(ground: Bed, dialog: Dialog): Promise<void> {
  dialog.request('INFO').catch(() => undefined);
  await ground.clock.run(20);
}

const refusesUpdate = ({ method }: Sip): number => (method === 'UPDATE' ? 481 : 200);
const wholeLadder = ['UPDATE route-less', 'UPDATE route-less offer', 'INVITE route-less offer'];

test('another dialog with the same peer begins on the rung that healed the first', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { dialog: second } = await call(ground);
  const heals = healed(ground.hop, refusesUpdate);
  await broken(ground, dialog);
  assert.equal(heals.splice(0), wholeLadder);
  await broken(ground, second);
  assert.equal(heals, ['INVITE route-less offer']);
  await finish(ground, dialog, second);
});

test('another peer behind the same hop is tried from the top', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const heals = healed(ground.hop, refusesUpdate);
  await broken(ground, dialog);
  const { hop } = ground;
  hop.script = (request) => {
    if (request.method !== 'INVITE') return false;
    const headers = ['Contact: <sip:bob@10.0.0.77>', `Record-Route: <${hop.uri};lr>`, ...hop.capabilities];
    hop.reply(request, 200, { headers });
    return true;
  };
  const { dialog: second } = await call(ground);
  heals.length = 0;
  const again = healed(hop, refusesUpdate);
  await broken(ground, second);
  assert.equal(again, wholeLadder);
  await finish(ground, dialog, second);
});

test('after an hour the ladder is tried from the top again, however often the lower rung was right', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const heals = healed(ground.hop, refusesUpdate);
  await broken(ground, dialog);
  await ground.clock.run(hourMs - 1000);
  heals.length = 0;
  await broken(ground, dialog);
  assert.equal(heals.splice(0), ['INVITE route-less offer']);
  await ground.clock.run(2000);
  await broken(ground, dialog);
  assert.equal(heals, wholeLadder);
  await finish(ground, dialog);
});

test('a peer that no longer knows the method of its rung is tried from the top by the next attempt', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const heals = healed(ground.hop, refusesUpdate);
  await broken(ground, dialog);
  heals.length = 0;
  const now = healed(ground.hop, ({ method }) => (method === 'INVITE' ? 501 : 200));
  await broken(ground, dialog);
  await ground.clock.run(2000);
  assert.equal(now, ['INVITE route-less offer', 'UPDATE route-less']);
  await finish(ground, dialog);
});

test('a hop that wants a Route is asked without one again after an hour', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const heals = healed(ground.hop, (request) => (request.header('Route') === '' ? 404 : 200));
  await broken(ground, dialog);
  await broken(ground, dialog);
  assert.equal(heals.splice(0), ['UPDATE route-less', 'UPDATE one-route', 'UPDATE one-route']);
  await ground.clock.run(hourMs);
  await broken(ground, dialog);
  assert.equal(heals, ['UPDATE route-less', 'UPDATE one-route']);
  await finish(ground, dialog);
});

test('a 404 that is the peer’s, not the hop’s, teaches nothing about the hop', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { dialog: second } = await call(ground);
  const heals = healed(ground.hop, ({ header }) => (header('Call-ID') === dialog.callId ? 404 : 200));
  await broken(ground, dialog);
  assert.equal(heals.splice(0), ['UPDATE route-less', 'UPDATE one-route']);
  await broken(ground, second);
  assert.equal(heals, ['UPDATE route-less']);
  ground.hop.script = () => false;
  await ground.clock.run(2000);
  await finish(ground, dialog, second);
});

test('keeps 4,096 peers at most, and forgets those that were not asked about for longest', () => {
  const table = new DialogTable({ capacity: 4200, hashSeed: 1 });
  const memory = new PeerMemory(table);
  const made = Array.from({ length: 4097 }, (_, i) => {
    const texts = { target: `sip:bob@10.1.${i >> 8}.${i & 255}`, callId: String(i) };
    return table.create(recordParts(texts)) ?? -1;
  });
  for (const dialog of made.slice(0, 4096)) memory.learn(dialog, 2, 0);
  assert.is(memory.rung(made[0] ?? -1, 1), 2);
  memory.learn(made[4096] ?? -1, 1, 2);
  assert.is(memory.count, 4096);
  assert.equal(
    [0, 1, 4096].map((i) => memory.rung(made[i] ?? -1, 3)),
    [2, 0, 1],
  );
});

test.run();
