import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog } from '../../core/index.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import type { RawPeer } from '../engine/raw-peer.ts';

const test = suite('The path of a heal, learned for each hop');

/** A hop like Kamailio's stock configuration: no in-dialog request without a Route, no Record-Route on UPDATE. */
function stock(peer: RawPeer, status = 404): string[] {
  const heals: string[] = [];
  peer.script = (request) => {
    if (request.method === 'INFO') peer.reply(request, 500);
    if (request.method !== 'UPDATE') return request.method === 'INFO';
    heals.push(request.header('Route') === '' ? 'route-less' : request.header('Route'));
    if (request.header('Route') === '') peer.reply(request, status);
    else peer.reply(request, 200, { headers: [`Contact: <${peer.uri}>`, ...peer.capabilities] });
    return true;
  };
  return heals;
}

async function broken(ground: Bed, dialog: Dialog): Promise<void> {
  dialog.request('INFO').catch(() => undefined);
  await ground.clock.run(20);
}

for (const status of [403, 404, 405, 420]) {
  test(`${status} to a heal without Route is followed at once by one with the hop's own Route`, async () => {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    const heals = stock(ground.hop, status);
    await broken(ground, dialog);
    assert.equal(heals, ['route-less', '<sip:10.0.0.1:5070;lr>']);
    assert.equal(ground.seen(), ['recovering', 'healthy']);
    await finish(ground, dialog);
  });
}

test('what a hop wants is known for all dialogs from then on', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { dialog: second } = await call(ground);
  const heals = stock(ground.hop);
  await broken(ground, dialog);
  await broken(ground, second);
  assert.equal(heals, ['route-less', '<sip:10.0.0.1:5070;lr>', '<sip:10.0.0.1:5070;lr>']);
  await finish(ground, dialog, second);
});

test('without Record-Route in its 2xx the route set is that one Route, and the event says that the peer’s was not renewed', async () => {
  const ground = await bed({ hops: 1 });
  ground.hop.recordRoute = ['<sip:10.0.0.9;lr>', '<sip:10.0.0.1:5070;lr>'];
  const { dialog } = await call(ground);
  stock(ground.hop);
  await broken(ground, dialog);
  const { status, healedBy, peerRouteRefreshed, generation } = await ground.take(dialog.routeStatus());
  assert.equal([status, healedBy, peerRouteRefreshed, generation], ['healthy', 'local', false, 1]);
  ground.hop.script = () => false;
  await ground.take(dialog.request('INFO'));
  assert.is(ground.hop.last('INFO').header('Route'), '<sip:10.0.0.1:5070;lr>');
  await finish(ground, dialog);
});

test('without Record-Route in the 2xx to a route-less heal the route set is empty, and requests go to the hop that worked', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  ground.other.recordRoute = [];
  ground.network.kill({ host: '10.0.0.1', port: 5070 });
  await broken(ground, dialog);
  await ground.take(dialog.request('INFO'));
  assert.equal(ground.other.last('INFO').all('Route'), []);
  await finish(ground, dialog);
});

test('the event says that the peer’s route was renewed when the 2xx has Record-Route and its option tag', async () => {
  for (const [capabilities, refreshed] of [
    [['Allow: UPDATE', 'Supported: ms-dialog-route-set-update'], true],
    [['Allow: UPDATE', 'Supported: timer'], false],
  ] as const) {
    const ground = await bed({ hops: 1 });
    ground.hop.capabilities = capabilities;
    const { dialog } = await call(ground);
    ground.hop.script = (request) => {
      if (request.method === 'INFO') ground.hop.reply(request, 500);
      return request.method === 'INFO';
    };
    await broken(ground, dialog);
    assert.is((await ground.take(dialog.routeStatus())).peerRouteRefreshed, refreshed);
    await finish(ground, dialog);
  }
});

test('a hop that no longer takes the path it wanted is tried by the other again', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  const heals = stock(hop);
  await broken(ground, dialog);
  heals.length = 0;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 500);
    if (request.method !== 'UPDATE') return request.method === 'INFO';
    heals.push(request.header('Route') === '' ? 'route-less' : 'one-route');
    if (request.header('Route') === '') return false;
    hop.reply(request, 404);
    return true;
  };
  await broken(ground, dialog);
  await clock.run(2000);
  assert.equal(heals, ['one-route', 'route-less']);
  assert.equal(ground.seen().slice(2), ['recovering', 'healthy']);
  await finish(ground, dialog);
});

test('a 2xx whose Record-Route cannot be a route set is no heal: malformed, too long, or of strict routers', async () => {
  const many = Array.from({ length: 31 }, (_, i) => `<sip:10.0.1.${i};lr>`).join(', ');
  for (const value of ['sip:no-brackets', many, '<sip:10.0.0.1:5080>']) {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    const { hop } = ground;
    hop.script = (request) => {
      if (request.method === 'INFO') hop.reply(request, 500);
      return request.method === 'INFO';
    };
    hop.recordRoute = [value];
    await broken(ground, dialog);
    assert.equal(ground.seen(), ['recovering'], value);
    assert.is((await ground.take(dialog.routeStatus())).attempt, 1);
    hop.recordRoute = [`<${hop.uri};lr>`];
    await ground.clock.run(2000);
    assert.equal(ground.seen(), ['recovering', 'healthy'], value);
    await finish(ground, dialog);
  }
});

test('a re-INVITE whose 2xx cannot be adopted is acknowledged all the same', async () => {
  const ground = await bed({ hops: 1 });
  ground.hop.capabilities = ['Allow: INVITE, ACK, BYE, CANCEL, INFO'];
  const { dialog } = await call(ground);
  const { hop } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 500);
    return request.method === 'INFO';
  };
  hop.recordRoute = ['sip:no-brackets'];
  const acks = hop.requests('ACK').length;
  await broken(ground, dialog);
  assert.equal(ground.seen(), ['recovering']);
  assert.is(hop.requests('ACK').length, acks + 1);
  hop.recordRoute = [`<${hop.uri};lr>`];
  await ground.clock.run(2000);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  await finish(ground, dialog);
});

test('a BYE while the route is broken goes without a Route, and with one where the hop wants it', async () => {
  for (const wanted of [false, true]) {
    const ground = await bed();
    const { dialog } = await call(ground);
    const { other, network, take } = ground;
    other.script = (request) => {
      if (request.header('Route') === '' && wanted) other.reply(request, 404);
      else if (request.method === 'UPDATE') other.reply(request, 503);
      else return false;
      return true;
    };
    network.kill({ host: '10.0.0.1', port: 5070 });
    await broken(ground, dialog);
    await take(dialog.bye());
    const byes = other.requests('BYE').map((request) => request.header('Route'));
    assert.is(byes.at(-1), wanted ? '<sip:10.0.0.1:5080;lr>' : '');
    assert.equal(ground.seen(), ['recovering', 'ended local bye']);
    await ground.rest();
  }
});

test('a BYE that finds the route broken goes around it once', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const { hop, other } = ground;
  ground.network.kill({ host: '10.0.0.1', port: 5070 });
  ground.note('bye', dialog.bye());
  await ground.clock.run(20);
  assert.equal([hop.requests('BYE').length, other.requests('BYE').length], [0, 1]);
  assert.equal(ground.seen(), ['bye done', 'ended local bye']);
  await ground.rest();
});

test.run();
