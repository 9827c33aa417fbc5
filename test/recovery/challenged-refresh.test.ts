import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { call, finish } from '../engine/bed.ts';
import { host } from '../engine/world.ts';
import { answerTo, type TrustBed, trustBed } from './trust-bed.ts';

const test = suite('A refresh that must prove who sent it (RFC 3261 §22.2)');

const ownRoute = `<sip:${host}:5070;lr>`;
const otherRoute = `<sip:${host}:5080;lr>`;
const challenge = { realm: 'sipmend.example', users: { bob: 'zanzibar', alice: 'wonderland' } };

const ground = (): Promise<TrustBed> => trustBed({ stack: { recovery: { challenge } } });

test('Q5: a stranger’s refresh that would rewrite the route is challenged, and changes nothing before it has passed', async () => {
  const bed = await ground();
  const { stranger, strangers } = bed;
  const asked = await bed.refresh([strangers], { by: stranger, contact: 'sip:moved@10.0.0.9' });
  assert.is(asked.status, 401);
  const lines = asked.all('WWW-Authenticate');
  assert.equal(
    lines.map((line) => /algorithm=(\S+)/.exec(line)?.[1]),
    ['SHA-256', 'MD5'],
    'the best first (RFC 8760 §2.3)',
  );
  for (const line of lines) {
    assert.match(line, /^Digest realm="sipmend\.example", nonce="[0-9a-z-]+", qop="auth"/);
    assert.not.match(line, /stale/);
  }
  assert.is(await bed.route(), ownRoute);
  assert.is(bed.hop.last('INFO').requestUri, bed.hop.uri, 'nor the target');
  const passed = await bed.refresh([strangers], { by: stranger, headers: [answerTo(asked)] });
  assert.is(passed.status, 200);
  assert.equal(passed.all('Record-Route'), [strangers]);
  assert.is(await bed.route(), strangers);
  assert.is(await bed.generation(), 1);
  await finish(bed, bed.dialog);
});

test('Q5: MD5 will do for whoever has no better, and a re-INVITE proves itself as an UPDATE does', async () => {
  const bed = await ground();
  const { stranger, strangers, raw, clock } = bed;
  const asked = await bed.refresh([strangers], { by: stranger, method: 'INVITE' });
  assert.is(asked.status, 401);
  raw.request('ACK', { cseq: asked.cseq, by: stranger });
  const headers = [answerTo(asked, { algorithm: 'MD5', method: 'INVITE', username: 'alice', password: 'wonderland' })];
  const passed = await bed.refresh([strangers], { by: stranger, method: 'INVITE', headers });
  assert.is(passed.status, 200);
  raw.request('ACK', { cseq: passed.cseq, by: stranger });
  await clock.run(5);
  assert.is(await bed.route(), strangers);
  await finish(bed, bed.dialog);
});

test('Q5: nobody is asked whose refresh is trusted, or would rewrite nothing', async () => {
  const bed = await ground();
  const { stranger, raw, clock } = bed;
  assert.is((await bed.refresh([ownRoute], { by: stranger })).status, 200, 'the same route');
  assert.is((await bed.refresh([], { by: stranger })).status, 200, 'no route');
  assert.is((await bed.refresh([`<${stranger.uri}>`], { by: stranger })).status, 200, 'no loose router');
  assert.is((await bed.refresh([otherRoute])).status, 200, 'a listed hop');
  raw.request('UPDATE', { by: stranger, headers: [`Record-Route: ${otherRoute}`] });
  raw.request('INFO', { by: stranger });
  await clock.run(5);
  assert.is(stranger.responses('UPDATE').at(-1)?.status, 200, 'no option tag');
  assert.is(stranger.responses('INFO').at(-1)?.status, 200, 'no refresh');
  assert.is(await bed.route(), otherRoute);
  await finish(bed, bed.dialog);
});

test('Q5: credentials that are wrong in anything are asked for again', async () => {
  const bed = await ground();
  const { stranger, strangers } = bed;
  const asked = await bed.refresh([strangers], { by: stranger });
  const right = answerTo(asked);
  for (const line of [
    answerTo(asked, { password: 'wrong' }),
    answerTo(asked, { username: 'mallory' }),
    answerTo(asked, { username: 'mallory', password: '' }),
    answerTo(asked, { username: '__proto__', password: '' }),
    answerTo(asked, { uri: 'sip:elsewhere' }),
    answerTo(asked, { method: 'INVITE' }),
    right.replace(/realm="[^"]*"/, 'realm="other"'),
    right.replace('qop=auth, ', ''),
    right.replace('qop=auth', 'qop=auth-int'),
    right.replace(/nc=\d+, /, ''),
    right.replace('nc=00000001', 'nc=00000002'),
    right.replace(/response="[^"]*"/, 'response=""'),
    right.replace(/algorithm=.*/, 'algorithm=SHA-512-256'),
    right.replace('Authorization', 'Proxy-Authorization'),
    'Authorization: Basic Ym9iOnphbnppYmFy',
    'Authorization: Digest',
    'Authorization: ',
  ]) {
    const again = await bed.refresh([strangers], { by: stranger, headers: [line] });
    assert.is(again.status, 401, line);
    assert.not.match(again.header('WWW-Authenticate'), /stale/, line);
  }
  assert.is(await bed.route(), ownRoute);
  await finish(bed, bed.dialog);
});

test('Q5: a replayed Authorization is stale, whatever it now comes with', async () => {
  const bed = await ground();
  const { stranger, strangers } = bed;
  const asked = await bed.refresh([otherRoute], { by: stranger });
  const line = answerTo(asked);
  assert.is((await bed.refresh([otherRoute], { by: stranger, headers: [line] })).status, 200);
  const replayed = await bed.refresh([strangers], { by: stranger, headers: [line] });
  assert.is(replayed.status, 401);
  assert.match(replayed.header('WWW-Authenticate'), /, stale=TRUE$/);
  assert.is(await bed.route(), otherRoute);
  const next = answerTo(asked, { nc: '00000002' });
  assert.is((await bed.refresh([ownRoute], { by: stranger, headers: [next] })).status, 200, 'the count goes on');
  assert.is(await bed.route(), ownRoute);
  const older = await bed.refresh([strangers], { by: stranger, headers: [line] });
  assert.is(older.status, 401);
  await finish(bed, bed.dialog);
});

test('Q5: a later nonce ends the use of an earlier one', async () => {
  const bed = await ground();
  const { stranger, strangers } = bed;
  const first = await bed.refresh([strangers], { by: stranger });
  const second = await bed.refresh([strangers], { by: stranger });
  assert.is((await bed.refresh([otherRoute], { by: stranger, headers: [answerTo(second)] })).status, 200);
  const late = await bed.refresh([strangers], { by: stranger, headers: [answerTo(first, { nc: '00000009' })] });
  assert.is(late.status, 401);
  assert.is(await bed.route(), otherRoute);
  await finish(bed, bed.dialog);
});

test('Q5: a nonce is good for two minutes and for its own dialog', async () => {
  const bed = await ground();
  const { stranger, strangers, clock, raw } = bed;
  const asked = await bed.refresh([strangers], { by: stranger });
  await clock.run(120_001);
  const late = await bed.refresh([strangers], { by: stranger, headers: [answerTo(asked)] });
  assert.match(late.header('WWW-Authenticate'), /stale=TRUE/);
  const fresh = answerTo(late);
  const another = await call(bed);
  another.raw.request('UPDATE', {
    by: stranger,
    headers: ['Supported: ms-dialog-route-set-update', `Record-Route: ${strangers}`, fresh],
  });
  await clock.run(5);
  assert.is(stranger.responses('UPDATE').at(-1)?.status, 401, 'the other dialog’s');
  assert.is((await bed.refresh([strangers], { by: stranger, headers: [fresh] })).status, 200);
  assert.ok(raw);
  await finish(bed, bed.dialog, another.dialog);
});

test('Q5: a nonce that we never made, or that was tampered with, is stale', async () => {
  const bed = await ground();
  const { stranger, strangers } = bed;
  const asked = await bed.refresh([strangers], { by: stranger });
  const nonce = /nonce="([^"]*)"/.exec(asked.header('WWW-Authenticate'))?.[1] ?? '';
  const [, serial = '', signature = ''] = nonce.split('-');
  for (const forged of [
    'x',
    '--',
    `zzzzzz-${serial}-${signature}`,
    nonce.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    `${nonce}0`,
    nonce.slice(0, -1),
  ]) {
    const again = await bed.refresh([strangers], { by: stranger, headers: [answerTo(asked, { nonce: forged })] });
    assert.is(again.status, 401, forged);
    assert.match(again.header('WWW-Authenticate'), /stale=TRUE/);
  }
  assert.is(await bed.route(), ownRoute);
  await finish(bed, bed.dialog);
});

test('Q5: on UDP a proof is good for its request alone', async () => {
  const bed = await ground();
  const { stranger, strangers } = bed;
  const asked = await bed.refresh([otherRoute], { by: stranger });
  assert.is((await bed.refresh([otherRoute], { by: stranger, headers: [answerTo(asked)] })).status, 200);
  assert.is((await bed.refresh([strangers], { by: stranger })).status, 401);
  assert.is(await bed.route(), otherRoute);
  await finish(bed, bed.dialog);
});

test('who has not proved himself moves no sequence and is answered once: the peer’s own requests go on', async () => {
  const bed = await ground();
  const { stranger, strangers, raw, hop, clock } = bed;
  for (const method of ['UPDATE', 'INVITE']) {
    const before = stranger.responses(method).length;
    assert.is((await bed.refresh([strangers], { by: stranger, method, cseq: 1_000_000 })).status, 401);
    await clock.run(5_000);
    assert.is(stranger.responses(method).length, before + 1, 'no Timer G (RFC 3261 §8.2.7)');
  }
  raw.request('INFO');
  await clock.run(5);
  assert.is(hop.responses('INFO').at(-1)?.status, 200);
  await finish(bed, bed.dialog);
});

test.run();
