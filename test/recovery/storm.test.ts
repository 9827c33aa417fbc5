import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createEdge } from '../../core/create-edge.ts';
import type { Dialog, Stack } from '../../core/index.ts';
import { farAnswer, host, nearOffer, noted, type World, world } from '../engine/world.ts';

const test = suite('A storm: many dialogs of one hop');

interface Storm extends World {
  readonly near: Stack;
  readonly hops: readonly string[];
  readonly dialogs: readonly Dialog[];
  killFirst(): void;
}

/** Two stacks and two edges; all dialogs go by the first edge. */
async function calls(count: number): Promise<Storm> {
  const ground = world();
  const { clock, network, log } = ground;
  const edges = [5081, 5082];
  for (const port of edges) {
    ground.name(port, `edge ${port}`);
    await createEdge({
      transports: [network.udp({ host, port })],
      clients: [host],
      clock,
      random: ground.random(port),
    });
  }
  const hops = edges.map((port) => `sip:${host}:${port}`);
  const options = { hops: hops.slice(0, 1), application: noted(log) };
  const near = await ground.stack('near', 5060, options);
  const answering = noted(log, {
    onCall: (call) => void call.answer({ body: farAnswer }),
    onRequest: (request) => request.respond(200),
  });
  const far = await ground.stack('far', 5070, { ...options, application: answering });
  await clock.run(10);
  const dialogs: Dialog[] = [];
  for (let call = 0; call < count; call++) {
    dialogs.push(await ground.take(near.invite(`sip:bob@${host}:5070`, { body: nearOffer })));
  }
  for (const stack of [near, far]) stack.setHops(hops);
  await clock.run(100);
  log.length = 0;
  return { ...ground, near, hops, dialogs, killFirst: () => network.kill({ host, port: 5081 }) };
}

test('both ends heal it from opposite ends of their lists, and meet instead of healing each dialog twice', async () => {
  const { clock, log, dialogs, killFirst, take, note, seen, rest } = await calls(400);
  killFirst();
  await clock.run(2_000);
  assert.is(seen().filter((line) => line === 'recovering').length, seen().filter((line) => line === 'healthy').length);
  const updates = log.filter((line) => line === 'edge 5082 > near UPDATE' || line === 'edge 5082 > far UPDATE').length;
  assert.ok(updates >= 400 && updates < 600, `${updates} heals of 400 dialogs`);
  log.length = 0;
  for (const dialog of dialogs) note('INFO', dialog.request('INFO'));
  await clock.run(1_000);
  assert.is(seen().filter((line) => line === 'INFO 200').length, 400);
  for (const dialog of dialogs) await take(dialog.bye());
  await rest();
});

test('a call whose ACK died with the hop is acknowledged again by the new route, and is not ended for want of it', async () => {
  const { clock, log, near, hops, killFirst, note, rest } = await calls(0);
  near.setHops(hops.slice(0, 1));
  const invited = near.invite(`sip:bob@${host}:5070`, { body: nearOffer });
  note('call', invited);
  while (!log.includes('edge 5081 > near 200 INVITE')) await clock.run(1);
  killFirst();
  near.setHops(hops);
  await clock.run(60_000);
  assert.ok(log.includes('near > edge 5081 ACK refused'), log.join('\n'));
  assert.ok(log.includes('edge 5082 > far ACK'), log.join('\n'));
  assert.not(log.some((line) => line.startsWith('ended')));
  note('BYE', (await invited).bye());
  await rest();
  assert.ok(log.includes('BYE done'));
});

test.run();
