import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { IncomingRequest } from '../../core/index.ts';
import { bed, call, finish } from '../engine/bed.ts';
import { farAnswer, host, nearOffer, noted, uriOf } from '../engine/world.ts';

const test = suite('Unusual ways out of what a dialog waits for');

const timer = ['Session-Expires: 600;refresher=uac', 'Require: timer'];
const resilient = 'Supported: timer, ms-dialog-route-set-update';
const newFarOffer = farAnswer.replace('far 1 1', 'far 1 2');
const near = { host, port: 5060 };

test('a session refresh whose flow is lost when its dialog has gone on to another hop is sent again', async () => {
  const ground = await bed();
  const { hop, other, clock, network } = ground;
  for (const peer of [hop, other]) {
    peer.recordRoute = [];
    peer.capabilities = ['Allow: INVITE, ACK, BYE, UPDATE', resilient, ...timer];
  }
  const { dialog } = await call(ground);
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 503, { headers: ['Retry-After: 100'] });
    return request.method === 'INFO' || request.method === 'UPDATE';
  };
  await clock.run(300_050);
  assert.is(hop.requests('UPDATE').length, 1);
  await ground.take(dialog.request('INFO'));
  assert.is(other.requests('INFO').length, 1, 'it has gone on by the other');
  network.kill({ host, port: hop.port });
  await clock.run(2000);
  assert.equal(ground.seen(), [], 'and none of its dialogs was on the one that died');
  await clock.run(100_000);
  assert.is(other.requests('UPDATE').length, 1);
  await finish(ground, dialog);
});

test('a session refresh that is due while a former one, by re-INVITE, has no end yet is not forgotten', async () => {
  const ground = await bed({ hops: 1 });
  const { hop, clock } = ground;
  hop.capabilities = ['Allow: INVITE, ACK, BYE', resilient, 'Session-Expires: 90;refresher=uac', 'Require: timer'];
  const { dialog, raw } = await call(ground);
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, 100);
    return request.method !== 'BYE';
  };
  await clock.run(45_050);
  const refresh = hop.last('INVITE');
  dialog.request('INFO').catch(() => undefined);
  await clock.run(10);
  hop.reply(hop.last('INFO'), 500);
  await clock.run(10);
  assert.equal(ground.seen(), ['recovering']);
  const headers = ['Supported: timer, ms-dialog-route-set-update', `Record-Route: <${hop.uri};lr>`];
  raw.request('UPDATE', { headers: [...headers, 'Session-Expires: 90;refresher=uas'] });
  await clock.run(10);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  await clock.run(64_000); // the former one is given up
  hop.script = () => false;
  await clock.run(24_000);
  assert.ok(hop.last('INVITE').cseq > refresh.cseq, 'another one before the session expires');
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  await finish(ground, dialog);
});

test('heals that wait for a live hop begin when the list gets one whose flow is open already', async () => {
  const ground = await bed({ hops: 1 });
  const { hop, other, clock, network, near: stack } = ground;
  hop.recordRoute = [`<${other.uri};lr>`];
  const { dialog: by } = await call(ground);
  await ground.take(by.request('INFO'));
  assert.is(other.requests('INFO').length, 1, 'its flow is open');
  hop.recordRoute = [`<${hop.uri};lr>`];
  const { dialog } = await call(ground);
  network.kill({ host, port: hop.port });
  await clock.run(5000);
  assert.equal(ground.seen(), ['recovering']);
  stack.setHops([other.uri]);
  await clock.run(10);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  await finish(ground, dialog, by);
});

test('what the program asks to be healed and no heal is had for fails, and its route is not broken by that', async () => {
  const ground = await bed({ hops: 1, stack: { sessionTimer: { intervalS: 0 } } });
  const { hop, clock } = ground;
  hop.capabilities = ['Allow: INVITE, ACK, BYE', 'Supported: ms-dialog-route-set-update'];
  const { dialog } = await call(ground, { body: '' });
  hop.script = () => false;
  ground.note('heal', dialog.heal());
  await clock.run(10);
  assert.equal(ground.seen(), ['heal failed 503 local']);
  assert.is((await ground.take(dialog.routeStatus())).status, 'healthy');
  await finish(ground, dialog);
});

test('the rung that healed another dialog of the peer is no use to one without a session description, which begins at the top', async () => {
  const ground = await bed({ hops: 1 });
  const { hop, clock } = ground;
  const { dialog: first } = await call(ground);
  hop.script = (request) => {
    if (request.method !== 'UPDATE' || request.body !== '') return false;
    hop.reply(request, 481);
    return true;
  };
  await ground.take(first.heal());
  const { dialog: second } = await call(ground, { body: '' });
  hop.script = () => false;
  ground.note('heal', second.heal());
  await clock.run(10);
  assert.equal(ground.seen(), ['heal healthy']);
  await finish(ground, first, second);
});

test('a heal that waits for the dialog’s own hop alone goes by the new one when the peer has moved', async () => {
  const ground = await bed({ hops: 0 });
  const { hop, other, clock, network } = ground;
  for (const peer of [hop, other]) peer.recordRoute = [];
  const { dialog, raw } = await call(ground);
  network.kill({ host, port: hop.port });
  ground.note('info', dialog.request('INFO'));
  await clock.run(40_000);
  assert.is(ground.seen().at(-1), 'recovering');
  raw.request('UPDATE', { by: other, contact: other.uri });
  await clock.run(100);
  assert.is(ground.seen().at(-1), 'healthy');
  assert.is(other.requests('UPDATE').length, 1);
  await finish(ground, dialog);
});

for (const [end, status] of [
  ['fails', 500],
  ['is refused by the peer', 603],
  ['names a Contact that the peer has left', 200],
  ['never ends', 0],
] as const) {
  test(`who asks for a heal while one is under way that the far end’s has overtaken is told, when that ${end}`, async () => {
    const ground = await bed({ hops: 1 });
    const { hop, clock } = ground;
    const { dialog, raw } = await call(ground);
    hop.script = ({ method }) => method === 'UPDATE';
    ground.note('first', dialog.heal());
    await clock.run(5);
    const old = hop.last('UPDATE');
    const headers = ['Supported: ms-dialog-route-set-update', `Record-Route: <${hop.uri};lr>, <sip:10.0.0.9;lr>`];
    raw.request('UPDATE', { contact: 'sip:heir@10.0.0.1:5070', headers });
    await clock.run(5);
    assert.equal(ground.seen(), ['first healthy']);
    ground.note('second', dialog.heal());
    await clock.run(5);
    hop.script = (request) => request.cseq === old.cseq && request.method === 'UPDATE';
    if (status === 200) hop.accept(old);
    else if (status > 0) hop.reply(old, status);
    await clock.run(status === 0 ? 33_000 : 10);
    assert.equal(ground.seen(), ['first healthy', 'second healthy']);
    assert.is(hop.last('UPDATE').cseq, old.cseq + 1);
    assert.is(hop.last('UPDATE').requestUri, 'sip:heir@10.0.0.1:5070');
    await finish(ground, dialog);
  });
}

test('a re-INVITE that the program never answers, and whose CANCEL is lost, keeps the dialog from healing for 3 minutes at most', async () => {
  const log: string[] = [];
  const ground = await bed({ hops: 1, stack: { application: { ...noted(log), onRequest: () => undefined } } });
  const { hop, clock } = ground;
  const { dialog, raw } = await call(ground);
  raw.request('INVITE', { body: newFarOffer });
  await clock.run(10_000);
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 500);
    if (request.method === 'UPDATE') hop.reply(request, 481);
    return request.method === 'INFO' || request.method === 'UPDATE';
  };
  dialog.request('INFO').catch(() => undefined);
  await clock.run(160_000);
  assert.equal(log, ['recovering']);
  assert.is(hop.requests('INVITE').length, 1);
  await clock.run(11_000);
  assert.is(hop.responses('INVITE').at(-1)?.status, 487);
  raw.request('ACK', { cseq: raw.cseq });
  assert.equal(log, ['recovering', 'healthy']);
  hop.script = () => false;
  await finish(ground, dialog);
});

test('an UPDATE that the program never answers does not keep the peer from refreshing when it has given that up', async () => {
  const asked: IncomingRequest[] = [];
  const application = { onRequest: (request: IncomingRequest) => void asked.push(request) };
  const ground = await bed({ hops: 1, stack: { application } });
  const { hop, clock } = ground;
  const { dialog, raw } = await call(ground);
  raw.request('UPDATE', { body: newFarOffer });
  await clock.run(5000);
  raw.request('INVITE', { body: newFarOffer });
  await clock.run(10);
  assert.is(hop.responses('INVITE').at(-1)?.status, 500);
  raw.request('ACK', { cseq: raw.cseq });
  await clock.run(28_000);
  asked[0]?.respond(200, { body: nearOffer });
  raw.request('INVITE', { body: newFarOffer });
  await clock.run(10);
  asked[1]?.respond(200, { body: nearOffer });
  await clock.run(10);
  const ok = hop.responses('INVITE').at(-1);
  assert.is(ok?.status, 200);
  if (ok !== undefined) raw.acknowledge(ok);
  await finish(ground, dialog);
});

test('a passive stack leaves a break to the far end also when an old heal of its own fails meanwhile', async () => {
  const log: string[] = [];
  const ground = await bed({ hops: 1, stack: { recovery: { passive: true }, application: noted(log) } });
  const { hop, clock } = ground;
  const { dialog, raw } = await call(ground);
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 500);
    return request.method !== 'BYE';
  };
  ground.note('heal', dialog.heal());
  await clock.run(5);
  const old = hop.last('UPDATE');
  raw.request('UPDATE', {
    headers: ['Supported: ms-dialog-route-set-update', `Record-Route: <${hop.uri};lr>, <sip:10.0.0.9;lr>`],
  });
  await clock.run(5);
  dialog.request('INFO').catch(() => undefined);
  await clock.run(5);
  assert.equal(log, ['recovering']);
  hop.reply(old, 500);
  await clock.run(60_000);
  assert.is(hop.requests('UPDATE').filter(({ cseq }) => cseq > old.cseq).length, 0);
  hop.script = () => false;
  await finish(ground, dialog);
});

test('a dialog that the peer has put another in the place of sends no old ACK in the new one’s name', async () => {
  const ground = await bed({ hops: 1, stack: { recovery: { replaces: true } } });
  const { hop, clock } = ground;
  const { dialog, raw } = await call(ground, { body: nearOffer });
  const acks = hop.requests('ACK').length;
  const [, remoteTag = ''] = raw.local.split(';tag=');
  const [, localTag = ''] = raw.remote.split(';tag=');
  hop.send(
    near.port,
    [
      `INVITE ${uriOf(near.port, 'udp')} SIP/2.0`,
      `Via: ${hop.via(hop.branch())}`,
      'Max-Forwards: 70',
      `From: <${hop.uri}>;tag=new`,
      `To: <${uriOf(near.port, 'udp')}>`,
      'Call-ID: new-call',
      'CSeq: 1 INVITE',
      `Contact: <${hop.uri}>`,
      `Record-Route: <${hop.uri};lr>`,
      `Replaces: ${raw.callId};to-tag=${localTag};from-tag=${remoteTag}`,
      'Require: replaces',
      'Content-Length: 0\r\n\r\n',
    ].join('\r\n'),
  );
  await clock.run(50);
  assert.is(hop.responses('INVITE')[0]?.status, 200);
  assert.is(hop.requests('ACK').length, acks);
  await clock.run(70_000);
  await finish(ground, dialog);
});

test.run();
