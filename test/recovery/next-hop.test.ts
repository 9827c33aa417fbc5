import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog } from '../../core/index.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import { RawDialog } from '../engine/raw-dialog.ts';
import { RawPeer } from '../engine/raw-peer.ts';
import { host } from '../engine/world.ts';

const test = suite('Where the requests of a dialog go (RFC 3261 §12.2.1.1)');

/** Which peer gets an INFO of this dialog. */
async function infoGoesTo(ground: Bed, dialog: Dialog, peers: readonly RawPeer[]): Promise<number[]> {
  const before = peers.map((peer) => peer.requests('INFO').length);
  await ground.take(dialog.request('INFO').catch(() => undefined));
  return peers.filter((peer, index) => peer.requests('INFO').length > (before[index] ?? 0)).map(({ port }) => port);
}

test('to the address of the first route, listed or not', async () => {
  const ground = await bed({ hops: 1 });
  const third = await RawPeer.open(ground, 'third', 5090);
  for (const [recordRoute, port] of [
    [[ground.hop.uri], 5070],
    [[ground.hop.uri, third.uri], 5090],
    [[ground.other.uri, ground.hop.uri], 5070],
  ] as const) {
    ground.hop.recordRoute = recordRoute.map((uri) => `<${uri};lr>`);
    const { dialog } = await call(ground);
    assert.equal(await infoGoesTo(ground, dialog, [ground.hop, ground.other, third]), [port]);
    await ground.take(dialog.bye());
  }
  await ground.rest();
});

test('to the hop that last worked, where the route names its host or there is no route', async () => {
  const ground = await bed({ hops: 1 });
  for (const recordRoute of [['<sip:proxy.example;lr>'], []]) {
    ground.hop.recordRoute = recordRoute;
    ground.hop.script = (request) => {
      if (request.method === 'INVITE') ground.hop.accept(request, { headers: [`m: <${ground.other.uri}>`] });
      return request.method === 'INVITE';
    };
    const { dialog } = await call(ground);
    assert.equal(await infoGoesTo(ground, dialog, [ground.hop, ground.other]), [5070]);
    await ground.take(dialog.bye());
  }
  await ground.rest();
});

test('to the hop by which a refresh brought the route, where that is of a protocol that we do not speak', async () => {
  const ground = await bed({ hops: 2 });
  const { hop, other } = ground;
  const { dialog, raw } = await call(ground);
  const headers = ['Supported: ms-dialog-route-set-update', `Record-Route: <${other.uri};transport=tcp;lr>`];
  for (const [by, port] of [
    [other, 5080],
    [hop, 5070],
  ] as const) {
    raw.request('UPDATE', { headers, by });
    await ground.clock.run(5);
    assert.equal(await infoGoesTo(ground, dialog, [hop, other]), [port]);
  }
  await finish(ground, dialog);
});

test('in a direct call to the remote target, also when a refresh moves it', async () => {
  const ground = await bed({ hops: 0 });
  const { hop, other } = ground;
  hop.recordRoute = [];
  const { dialog, raw } = await call(ground);
  assert.equal(await infoGoesTo(ground, dialog, [hop, other]), [5070]);
  raw.request('UPDATE', { contact: other.uri });
  await ground.clock.run(10);
  assert.equal(await infoGoesTo(ground, dialog, [hop, other]), [5080]);
  other.script = (request) => {
    if (request.method === 'UPDATE') other.reply(request, 200, { headers: [`Contact: <${hop.uri}>`] });
    return request.method === 'UPDATE';
  };
  await ground.take(dialog.request('UPDATE'));
  assert.equal(await infoGoesTo(ground, dialog, [hop, other]), [5070]);
  await finish(ground, dialog);
});

test('back to where a call came from, when its Contact is a name and it has no Record-Route', async () => {
  let answered: Promise<Dialog> | undefined;
  const ground = await bed({
    hops: 0,
    stack: {
      application: {
        onCall: (each) => {
          answered = each.answer();
        },
      },
    },
  });
  const raw = RawDialog.toward(ground.hop, ground.nearPort, 'call-1');
  raw.request('INVITE', { contact: 'sip:bob@pc.biloxi.example' });
  await ground.clock.run(5);
  const [ok] = ground.hop.responses('INVITE');
  if (ok !== undefined) raw.acknowledge(ok);
  assert.ok(answered);
  const dialog = await ground.take(answered ?? Promise.reject(new Error('no call')));
  assert.equal(await infoGoesTo(ground, dialog, [ground.hop]), [5070]);
  assert.is(ground.hop.last('INFO').requestUri, 'sip:bob@pc.biloxi.example');
  await finish(ground, dialog);
});

test('nowhere when the address cannot be reached: the request fails with 503, and the dialog can still be ended', async () => {
  const ground = await bed({ hops: 1, stack: { recovery: { mode: 'none' } } });
  ground.hop.recordRoute = ['<sip:[2001:db8::1];lr>'];
  const { dialog } = await call(ground);
  ground.note('info', dialog.request('INFO'));
  await ground.clock.run(10);
  assert.equal(ground.seen(), ['info failed 503 local']);
  assert.is(host, '10.0.0.1');
  await finish(ground, dialog);
});

test.run();
