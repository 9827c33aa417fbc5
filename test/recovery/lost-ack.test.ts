import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createEdge, type EdgeHost } from '../../core/create-edge.ts';
import type { Dialog, Stack } from '../../core/index.ts';
import { bed, call, finish } from '../engine/bed.ts';
import { farAnswer, host, nearOffer, noted, type World, world } from '../engine/world.ts';

const test = suite('An ACK that a hop swallows, having nobody to tell (RFC 3261 §13.3.1.4)');

interface Ends extends World {
  readonly near: Stack;
  readonly edge: EdgeHost;
  /** Waits until the far end's 200 is on its way to the edge, which then forgets all routes. */
  forgetBetween200AndAck(): Promise<void>;
}

/** Two stacks that reach each other by one edge. */
async function ends(mode: 'maximum' | 'none' = 'maximum'): Promise<Ends> {
  const ground = world();
  const { clock, network, log } = ground;
  ground.name(5081, 'edge');
  const edge = await createEdge({
    transports: [network.udp({ host, port: 5081 })],
    clients: [host],
    clock,
    random: ground.random(5081),
  });
  const options = { hops: [`sip:${host}:5081`], recovery: { mode } };
  const near = await ground.stack('near', 5060, { ...options, application: noted(log) });
  const answering = noted(log, {
    onCall: (call) => ground.note('answer', call.answer({ body: farAnswer })),
    onRequest: (request) => request.respond(200, request.method === 'INVITE' ? { body: farAnswer } : {}),
  });
  await ground.stack('far', 5070, { ...options, application: answering });
  await clock.run(10);
  const forgetBetween200AndAck = async (): Promise<void> => {
    while (!log.includes('far > edge 200 INVITE')) await clock.run(1);
    edge.loseMemory();
    await clock.run(0);
  };
  return { ...ground, near, edge, forgetBetween200AndAck };
}

async function established({ near, take, clock, log }: Ends): Promise<Dialog> {
  const dialog = await take(near.invite(`sip:bob@${host}:5070`, { body: nearOffer }));
  await clock.run(100);
  log.length = 0;
  return dialog;
}

function count(log: readonly string[], line: string): number {
  return log.filter((each) => each === line).length;
}

test('of a re-INVITE: the third repetition of the 200 heals the dialog, and the ACK goes by the new route', async () => {
  const ground = await ends();
  const { clock, log } = ground;
  const dialog = await established(ground);
  ground.note('re-INVITE', dialog.request('INVITE', { body: `${nearOffer}t=0 0\r\n` }));
  await ground.forgetBetween200AndAck();
  await clock.run(3400);
  assert.is(count(log, 'near > edge ACK'), 3, log.join('\n'));
  assert.is(count(log, 'edge > far ACK'), 0, log.join('\n'));
  assert.is(count(log, 'near > edge UPDATE'), 0, 'two repetitions may be a matter of lost datagrams');
  await clock.run(200);
  assert.is(count(log, 'edge > near 200 INVITE'), 4);
  const healed = log.slice(log.indexOf('near > edge UPDATE'));
  assert.equal(healed, [
    'near > edge UPDATE',
    'edge > far UPDATE',
    'far > edge 200 UPDATE',
    'edge > near 200 UPDATE',
    'near > edge ACK',
    'edge > far ACK',
  ]);
  await clock.run(120_000);
  assert.equal(ground.seen(), ['re-INVITE 200']);
  assert.is(count(log, 'near > edge BYE') + count(log, 'far > edge BYE'), 0);
  await ground.take(dialog.bye());
  await ground.rest();
  assert.ok(log.includes('edge > far BYE'), log.join('\n'));
});

test('of the call itself: the same, and the program’s answer is done', async () => {
  const ground = await ends();
  const { clock, log } = ground;
  const invited = ground.near.invite(`sip:bob@${host}:5070`, { body: nearOffer });
  ground.note('call', invited);
  await ground.forgetBetween200AndAck();
  await clock.run(3400);
  assert.equal(ground.seen(), ['call done']);
  assert.is(count(log, 'edge > far ACK'), 0, log.join('\n'));
  await clock.run(200);
  assert.is(count(log, 'edge > near 200 INVITE'), 4);
  assert.is(count(log, 'edge > far ACK'), 1, log.join('\n'));
  assert.equal(ground.seen(), ['call done', 'answer done']);
  await clock.run(120_000);
  assert.equal(ground.seen(), ['call done', 'answer done']);
  await ground.take((await invited).bye());
  await ground.rest();
  assert.equal(ground.seen().slice(2).sort(), ['ended local bye', 'ended remote bye']);
});

test('in mode none nobody heals, and the far end ends the call for want of it', async () => {
  const ground = await ends('none');
  const { log } = ground;
  const dialog = await established(ground);
  ground.note('re-INVITE', dialog.request('INVITE', { body: `${nearOffer}t=0 0\r\n` }));
  await ground.forgetBetween200AndAck();
  await ground.clock.run(40_000);
  assert.is(count(log, 'near > edge UPDATE'), 0);
  assert.equal(ground.seen().slice(0, 2), ['re-INVITE 200', 'ended local no-ack']);
  await ground.take(dialog.bye());
  await ground.rest();
});

test('that never comes for our 2xx to a re-INVITE breaks the route, and the heal finds the session alive', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog, raw } = await call(ground);
  const { hop, clock } = ground;
  raw.request('INVITE', { body: farAnswer });
  await clock.run(31_900);
  assert.ok(hop.responses('INVITE').every(({ status }) => status === 200));
  assert.ok(hop.responses('INVITE').length > 5);
  assert.equal(ground.seen(), []);
  await clock.run(200);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  assert.is(hop.requests('UPDATE').length, 1);
  await clock.run(120_000);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  assert.is(hop.requests('BYE').length, 0);
  raw.request('INVITE', { body: farAnswer });
  await clock.run(10);
  const again = hop.responses('INVITE').at(-1);
  assert.ok(again);
  assert.equal([again.status, again.cseq], [200, 2], 'the first no longer stands in the way of another offer');
  raw.acknowledge(again);
  await clock.run(10);
  await finish(ground, dialog);
});

test('that never comes in mode none ends the session by BYE', async () => {
  const ground = await bed({ hops: 1, stack: { recovery: { mode: 'none' } } });
  const { raw } = await call(ground);
  raw.request('INVITE', { body: farAnswer });
  await ground.clock.run(31_900);
  assert.is(ground.hop.requests('BYE').length, 0);
  await ground.clock.run(200);
  assert.is(ground.hop.requests('BYE').length, 1);
  assert.equal(ground.seen(), ['ended local no-ack']);
  await ground.rest();
});

test('a 200 that is repeated while we end the call makes us send its ACK, and heals nothing', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const { hop, clock, note } = ground;
  const invite = hop.last('INVITE');
  hop.script = (request) => request.method === 'BYE';
  note('BYE', dialog.bye());
  await clock.run(5);
  for (let repetition = 0; repetition < 4; repetition++) {
    hop.reply(invite, 200);
    await clock.run(5);
  }
  assert.is(hop.requests('ACK').length, 5);
  assert.is(hop.requests('UPDATE').length + ground.other.requests('UPDATE').length, 0);
  await ground.rest();
});

test.run();
