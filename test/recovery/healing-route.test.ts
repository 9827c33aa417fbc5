import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createStack, type Dialog, UsageError } from '../../core/index.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import type { RawPeer } from '../engine/raw-peer.ts';
import { host, world } from '../engine/world.ts';

const test = suite('Which way a heal takes, and what a refresh changes');

function failingInfo(peer: RawPeer): void {
  peer.script = (request) => {
    if (request.method === 'INFO') peer.reply(request, 500);
    return request.method === 'INFO';
  };
}

async function broken(ground: Bed, dialog: Dialog): Promise<void> {
  dialog.request('INFO').catch(() => undefined);
  await ground.clock.run(20);
}

const resilient = 'Supported: ms-dialog-route-set-update';

test('Q3: neither our calls nor our heals carry a Record-Route of ours, nor do our answers to them', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog, raw } = await call(ground);
  failingInfo(ground.hop);
  await broken(ground, dialog);
  raw.request('UPDATE', { headers: [resilient] });
  await ground.clock.run(5);
  for (const method of ['INVITE', 'UPDATE']) assert.equal(ground.hop.last(method).all('Record-Route'), [], method);
  assert.equal(ground.hop.responses('UPDATE').at(-1)?.all('Record-Route'), []);
  await finish(ground, dialog);
});

test('Q3: a Record-Route that the peer itself wrote is taken as any other: it is a route to the peer', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  failingInfo(ground.hop);
  ground.hop.recordRoute = [`<${ground.hop.uri};lr>`, `<sip:bob@${host}:5070;lr;ua>`];
  await broken(ground, dialog);
  ground.hop.script = () => false;
  await ground.take(dialog.request('INFO'));
  assert.is(ground.hop.last('INFO').header('Route'), `<sip:bob@${host}:5070;lr;ua>, <${ground.hop.uri};lr>`);
  await finish(ground, dialog);
});

test('Q4: a refresh with the option tag and Record-Route renews the route, also of a healthy dialog', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog, raw } = await call(ground);
  raw.request('UPDATE', { headers: [resilient, `Record-Route: <${ground.hop.uri};lr;new>`] });
  await ground.clock.run(5);
  await ground.take(dialog.request('INFO'));
  assert.is(ground.hop.last('INFO').header('Route'), `<${ground.hop.uri};lr;new>`);
  assert.equal(ground.seen(), []);
  await finish(ground, dialog);
});

test('Q4: one with the option tag alone leaves a healthy route as it is, and empties a broken one', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog, raw } = await call(ground);
  const { hop } = ground;
  raw.request('UPDATE', { headers: [resilient] });
  await ground.clock.run(5);
  await ground.take(dialog.request('INFO'));
  assert.is(hop.last('INFO').header('Route'), `<${hop.uri};lr>`);
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 500);
    if (request.method === 'UPDATE') hop.reply(request, 503);
    return true;
  };
  await broken(ground, dialog);
  raw.request('UPDATE', { headers: [resilient] });
  await ground.clock.run(5);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  hop.script = () => false;
  await ground.take(dialog.request('INFO'));
  assert.is(hop.last('INFO').header('Route'), '');
  await finish(ground, dialog);
});

test('Q4: one without the option tag is RFC 3261’s: the target alone', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog, raw } = await call(ground);
  const { hop, other } = ground;
  raw.request('UPDATE', { headers: [`Record-Route: <${other.uri};lr>`], contact: 'sip:bob@10.0.0.8' });
  await ground.clock.run(5);
  await ground.take(dialog.request('INFO'));
  assert.is(hop.last('INFO').header('Route'), `<${hop.uri};lr>`);
  assert.is(hop.last('INFO').requestUri, 'sip:bob@10.0.0.8');
  await finish(ground, dialog);
});

test('Q18: a heal goes without a Route to a live hop, never to a numeric remote target past it', async () => {
  const ground = await bed({ hops: 1 });
  const { hop, other } = ground;
  hop.script = (request) => {
    if (request.method !== 'INVITE') return false;
    hop.reply(request, 200, {
      headers: [`Contact: <${other.uri}>`, `Record-Route: <${hop.uri};lr>`, ...hop.capabilities],
    });
    return true;
  };
  const { dialog } = await call(ground);
  failingInfo(hop);
  await broken(ground, dialog);
  assert.is(hop.last('UPDATE').requestUri, other.uri);
  assert.equal(other.received, []);
  hop.script = () => false;
  await finish(ground, dialog);
});

for (const allowDirect of [false, true]) {
  const to = allowDirect ? 'straight to the target with allowDirect' : 'to the hop that healed it';
  test(`Q18: with a route set that a heal has emptied, and no hop listed, requests go ${to}`, async () => {
    const ground = await bed({ hops: 0, stack: { recovery: { allowDirect } } });
    const { hop, other } = ground;
    const { dialog, raw } = await call(ground);
    failingInfo(hop);
    hop.recordRoute = [];
    await broken(ground, dialog);
    hop.script = () => false;
    raw.request('UPDATE', { contact: other.uri });
    await ground.clock.run(5);
    await ground.take(dialog.request('INFO'));
    const reached = allowDirect ? other : hop;
    assert.is(reached.last('INFO').header('Route'), '');
    assert.is(reached.last('INFO').requestUri, other.uri);
    assert.is(other.requests('INFO').length, allowDirect ? 1 : 0);
    await finish(ground, dialog);
  });
}

test('Q18: in a call without a hop the target is the hop, and heals go there', async () => {
  const ground = await bed({ hops: 0 });
  ground.hop.recordRoute = [];
  const { dialog } = await call(ground);
  failingInfo(ground.hop);
  await broken(ground, dialog);
  assert.is(ground.hop.last('UPDATE').header('Route'), '');
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  await finish(ground, dialog);
});

test('Q18: with healingRoute a heal carries that Route, which a 2xx without Record-Route makes the route set', async () => {
  const healingRoute = [`sip:${host}:5070;lr;outbound`, 'sip:inner.example;lr'];
  const ground = await bed({ hops: 1, stack: { recovery: { healingRoute } } });
  const { dialog } = await call(ground);
  failingInfo(ground.hop);
  ground.hop.recordRoute = [];
  await broken(ground, dialog);
  const route = `<sip:${host}:5070;lr;outbound>, <sip:inner.example;lr>`;
  assert.is(ground.hop.last('UPDATE').header('Route'), route);
  ground.hop.script = () => false;
  await ground.take(dialog.request('INFO'));
  assert.is(ground.hop.last('INFO').header('Route'), route);
  await finish(ground, dialog);
});

test('Q18: a healingRoute that is no list of loose routers is refused', async () => {
  for (const healingRoute of [[], ['sip:10.0.0.1'], ['tel:+1;lr'], ['sip:10.0.0.1;lr>'], 'service-route' as 'none']) {
    const transports = [world().network.udp({ host, port: 5060 })];
    const refused = await createStack({ transports, recovery: { healingRoute } }).catch((error) => error);
    assert.instance(refused, UsageError);
    assert.match(refused.message, 'recovery.healingRoute');
  }
});

test.run();
