import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import type { RawPeer, Sip } from '../engine/raw-peer.ts';
import { host, nearOffer, noted } from '../engine/world.ts';

const test = suite('Walking down the ladder');

/** One heal as the hop saw it: `UPDATE route-less`, `INVITE one-route offer`. */
function heal(request: Sip): string {
  const path = request.header('Route') === '' ? 'route-less' : 'one-route';
  return `${request.method} ${path}${request.body === '' ? '' : ' offer'}`;
}

/** Answers the heals of a peer in turn, the rest as a good peer does; gives what it was asked. */
function answering(peer: RawPeer, ...statuses: number[]): string[] {
  const heals: string[] = [];
  peer.script = (request) => {
    if (request.method === 'INFO') peer.reply(request, 500);
    if (request.method !== 'UPDATE' && request.method !== 'INVITE') return request.method === 'INFO';
    heals.push(heal(request));
    const status = statuses.shift() ?? 200;
    if (status === 200) return false;
    peer.reply(request, status);
    return true;
  };
  return heals;
}

/** Breaks the route by an INFO that fails, and lets the first heals go. */
async function broken(ground: Bed, dialog: { request(method: string): Promise<unknown> }): Promise<void> {
  dialog.request('INFO').catch(() => undefined);
  await ground.clock.run(20);
}

test('the first heal is an UPDATE without Route and body, with the next CSeq, our Contact and the option tag', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop } = ground;
  answering(hop);
  await broken(ground, dialog);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  const update = hop.last('UPDATE');
  const info = hop.last('INFO');
  assert.is(update.requestUri, info.requestUri);
  assert.is(update.cseq, info.cseq + 1);
  for (const name of ['From', 'To', 'Call-ID']) assert.is(update.header(name), info.header(name), name);
  assert.equal(update.all('Route'), []);
  assert.is(update.header('Contact'), '<sip:10.0.0.1:5060>');
  assert.match(update.header('Supported'), 'ms-dialog-route-set-update');
  assert.is(update.header('Content-Length'), '0');
  await finish(ground, dialog);
});

test('a heal repeats what the session timer agreed on, and its role', async () => {
  const ground = await bed({ hops: 1 });
  ground.hop.capabilities = [...ground.hop.capabilities, 'Session-Expires: 600;refresher=uas', 'Require: timer'];
  const { dialog } = await call(ground);
  answering(ground.hop);
  await broken(ground, dialog);
  assert.is(ground.hop.last('UPDATE').header('Session-Expires'), '600;refresher=uas');
  await finish(ground, dialog);
});

test('the new route set is the Record-Route of the 2xx in reverse, the target its Contact', async () => {
  const ground = await bed({ hops: 1 });
  const { hop, other, take } = ground;
  const { dialog } = await call(ground);
  answering(hop);
  hop.recordRoute = ['<sip:10.0.0.9;lr>', `<${other.uri};lr;x=y>`];
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 500);
    if (request.method === 'UPDATE') hop.accept(request, { headers: ['m: <sip:ignored@10.0.0.1>'] });
    return request.method === 'INFO' || request.method === 'UPDATE';
  };
  await broken(ground, dialog);
  await take(dialog.request('INFO'));
  const info = other.last('INFO');
  assert.is(info.header('Route'), `<${other.uri};lr;x=y>, <sip:10.0.0.9;lr>`);
  assert.is(info.requestUri, hop.uri);
  await finish(ground, dialog);
});

for (const status of [481, 501]) {
  test(`Q8: ${status} leads from rung to rung by the same path, and the offer is ours, unchanged`, async () => {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    const heals = answering(ground.hop, status, status);
    await broken(ground, dialog);
    assert.equal(heals, ['UPDATE route-less', 'UPDATE route-less offer', 'INVITE route-less offer']);
    assert.equal(ground.seen(), ['recovering', 'healthy']);
    for (const method of ['UPDATE', 'INVITE']) {
      assert.is(ground.hop.last(method).body, nearOffer);
      assert.is(ground.hop.last(method).header('Content-Type'), 'application/sdp');
    }
    const ack = ground.hop.last('ACK');
    assert.is(ack.cseq, ground.hop.last('INVITE').cseq);
    assert.is(ack.header('Route'), `<${ground.hop.uri};lr>`, 'by the route that the heal has brought');
    await finish(ground, dialog);
  });
}

test('Q8: 405 may be of the hop or of the peer: first the other path, then the next rung', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const heals = answering(ground.hop, 405, 405, 405);
  await broken(ground, dialog);
  assert.equal(heals, ['UPDATE route-less', 'UPDATE one-route', 'UPDATE one-route offer', 'INVITE one-route offer']);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  await finish(ground, dialog);
});

test('Q8: 481 on the last rung ends the dialog', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const heals = answering(ground.hop, 481, 481, 481);
  await broken(ground, dialog);
  assert.is(heals.length, 3);
  assert.equal(ground.seen(), ['recovering', 'ended remote does-not-exist']);
  assert.is(ground.hop.requests('ACK').length, 2, 'of the call, and of the 481');
  await ground.rest();
});

test('481 to a request is a claim that one walk of the ladder settles', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  ground.hop.script = (request) => {
    if (request.method === 'INFO') ground.hop.reply(request, 481);
    return request.method === 'INFO';
  };
  ground.note('info', dialog.request('INFO'));
  await ground.clock.run(20);
  assert.equal(ground.seen(), ['info failed 481 remote', 'recovering', 'healthy']);
  await finish(ground, dialog);
});

test('Q8: what RFC 5057 holds to end a dialog ends it', async () => {
  for (const status of [410, 416, 482, 484, 604]) {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    answering(ground.hop, status);
    await broken(ground, dialog);
    assert.equal(ground.seen(), ['recovering', 'ended remote does-not-exist'], String(status));
    await ground.rest();
  }
});

test('a peer that does not allow UPDATE is healed by re-INVITE', async () => {
  const ground = await bed({ hops: 1 });
  ground.hop.capabilities = ['Allow: INVITE, ACK, BYE, CANCEL, INFO'];
  const { dialog } = await call(ground);
  const heals = answering(ground.hop);
  await broken(ground, dialog);
  assert.equal(heals, ['INVITE route-less offer']);
  await finish(ground, dialog);
});

test('a dialog without a session description has one rung: UPDATE, whose 481 ends it', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground, { body: '' });
  const heals = answering(ground.hop, 481);
  await broken(ground, dialog);
  assert.equal(heals, ['UPDATE route-less']);
  assert.equal(ground.seen(), ['recovering', 'ended remote does-not-exist']);
  await ground.rest();
});

test('without UPDATE and without a session description nothing can be sent, and the dialog waits for its peer', async () => {
  const ground = await bed({ hops: 1 });
  ground.hop.capabilities = ['Allow: INVITE, ACK, BYE', 'Supported: ms-dialog-route-set-update'];
  const { dialog, raw } = await call(ground, { body: '' });
  const heals = answering(ground.hop);
  await broken(ground, dialog);
  await ground.clock.run(100_000);
  assert.equal(heals, []);
  const { status, attempt, nextAttemptAtMs } = await ground.take(dialog.routeStatus());
  assert.is(status, 'recovering');
  assert.ok(attempt > 4 && attempt < 12, `${attempt}`);
  assert.ok((nextAttemptAtMs ?? 0) > ground.clock.nowMs());
  raw.request('UPDATE', { headers: ['Supported: ms-dialog-route-set-update', `Record-Route: <${ground.hop.uri};lr>`] });
  await ground.clock.run(10);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  await finish(ground, dialog);
});

test('the rung that worked is the first one next time', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const heals = answering(ground.hop, 481);
  await broken(ground, dialog);
  await broken(ground, dialog);
  assert.equal(heals, ['UPDATE route-less', 'UPDATE route-less offer', 'UPDATE route-less offer']);
  assert.equal(ground.seen(), ['recovering', 'healthy', 'recovering', 'healthy']);
  await finish(ground, dialog);
});

test('an answer that is not the one of last time is told once', async () => {
  const changes: string[] = [];
  const onSessionChanged = (_dialog: unknown, body: Uint8Array) => void changes.push(new TextDecoder().decode(body));
  const ground = await bed({ hops: 1, stack: { application: { ...noted([]), onSessionChanged } } });
  const { dialog } = await call(ground);
  const { hop } = ground;
  const changed = 'v=0\r\no=far 1 7 IN IP4 10.0.0.1\r\ns=-\r\n';
  for (const body of [undefined, changed, changed]) {
    hop.script = (request) => {
      if (request.method === 'INFO') hop.reply(request, 500);
      else if (request.method !== 'UPDATE' || request.body === '') hop.reply(request, 481);
      else hop.accept(request, body === undefined ? {} : { body });
      return true;
    };
    await broken(ground, dialog);
  }
  assert.equal(changes, [changed]);
  hop.script = () => false;
  await finish(ground, dialog);
});

test('a re-INVITE that heals waits until our own offer is done with', async () => {
  const ground = await bed({ hops: 1 });
  ground.hop.capabilities = ['Allow: INVITE, ACK, BYE, CANCEL, INFO'];
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 500);
    return request.method === 'INFO' || request.method === 'INVITE';
  };
  ground.note('ours', dialog.request('INVITE', { body: 'v=0\r\ns=new\r\n' }));
  await broken(ground, dialog);
  await clock.run(900);
  const invites = hop.requests('INVITE').filter((request) => request.cseq > 1);
  assert.is(new Set(invites.map(({ cseq }) => cseq)).size, 1, 'one INVITE and its retransmissions');
  hop.script = () => false;
  hop.accept(invites[0] ?? hop.last('INVITE'));
  await clock.run(1000);
  assert.is(hop.last('INVITE').body, 'v=0\r\ns=new\r\n', 'the offer is the last one that was accepted');
  assert.equal(ground.seen(), ['recovering', 'ours 200', 'healthy']);
  await finish(ground, dialog);
});

test('a re-INVITE that rings for ever is cancelled, and tried again by the schedule', async () => {
  const ground = await bed({ hops: 1 });
  ground.hop.capabilities = ['Allow: INVITE, ACK, BYE, CANCEL, INFO'];
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 500);
    if (request.method === 'INVITE') hop.reply(request, 180);
    if (request.method === 'CANCEL') {
      hop.reply(request, 200);
      hop.reply(hop.last('INVITE'), 487);
    }
    return true;
  };
  await broken(ground, dialog);
  await clock.run(31_900);
  assert.is(hop.requests('CANCEL').length, 0);
  await clock.run(200);
  assert.is(hop.requests('CANCEL').length, 1);
  hop.script = () => false;
  await clock.run(2000);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  assert.is(host, '10.0.0.1');
  await finish(ground, dialog);
});

test.run();
