import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Bed, bed, call, finish } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import type { Sip } from './raw-peer.ts';
import { host, nearOffer, obliging } from './world.ts';

const test = suite('Strict routers (RFC 3261 §12.2.1.1)');

/** A bed whose hop is a strict router in front of a loose one. */
async function strict(): Promise<Bed> {
  const ground = await bed({ stack: { recovery: { mode: 'none' } } });
  ground.hop.recordRoute = [`<sip:10.0.0.9;lr>`, `<sip:strict@${host}:${ground.hop.port};x=y>`];
  return ground;
}

function way(request: Sip): string[] {
  return [request.requestUri, request.header('Route')];
}

const strictWay = [`sip:strict@${host}:5070;x=y`, `<sip:10.0.0.9;lr>, <sip:${host}:5070>`];

test('every request of the dialog goes to the strict router, as a request to it, with our target last', async () => {
  const ground = await strict();
  const { dialog } = await call(ground);
  const { hop, take, clock } = ground;
  assert.equal(way(hop.last('ACK')), strictWay);
  for (const method of ['INFO', 'UPDATE', 'INVITE']) {
    await take(dialog.request(method, method === 'INVITE' ? { body: nearOffer } : {}));
    await clock.run(5);
    assert.equal(way(hop.last(method)), strictWay, method);
  }
  assert.equal(way(hop.last('ACK')), strictWay);
  await take(dialog.bye());
  assert.equal(way(hop.last('BYE')), strictWay);
  await ground.rest();
});

test('CANCEL of a re-INVITE goes the way of its INVITE', async () => {
  const ground = await strict();
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, 180);
    return request.method === 'INVITE';
  };
  const giveUp = new AbortController();
  dialog.request('INVITE', { body: nearOffer, signal: giveUp.signal }).catch(() => undefined);
  await clock.run(10);
  giveUp.abort();
  await clock.run(10);
  assert.equal(way(hop.last('CANCEL')), strictWay);
  hop.reply(hop.last('INVITE'), 487);
  await clock.run(10);
  await finish(ground, dialog);
});

test('the target that a refresh brings stands last from then on', async () => {
  const ground = await strict();
  const { dialog, raw } = await call(ground);
  raw.request('UPDATE', { contact: 'sip:bob@10.0.0.7' });
  await ground.clock.run(5);
  await ground.take(dialog.request('INFO'));
  assert.equal(way(ground.hop.last('INFO')), [strictWay[0], '<sip:10.0.0.9;lr>, <sip:bob@10.0.0.7>']);
  await finish(ground, dialog);
});

test('as UAS the strict router that is nearest to us is the Request-URI of what we send', async () => {
  const ground = await bed({ stack: { application: obliging, recovery: { mode: 'none' } } });
  const raw = RawDialog.toward(ground.hop, ground.nearPort, 'strict-uas');
  raw.request('INVITE', {
    headers: [`Record-Route: <sip:${host}:5070>, <sip:p2;lr>`, 'Record-Route: <sip:p3>'],
    body: nearOffer,
  });
  await ground.clock.run(10);
  const [ok] = ground.hop.responses('INVITE');
  assert.is(ok?.status, 200);
  raw.acknowledge(ok ?? ground.hop.last(''));
  await ground.clock.run(10);
  const closed = ground.near.close();
  await ground.clock.run(10);
  assert.equal(way(ground.hop.last('BYE')), [`sip:${host}:5070`, `<sip:p2;lr>, <sip:p3>, <sip:${host}:5070>`]);
  await ground.take(closed);
});

test('a request that a strict router has rewritten is ours by its dialog, whatever its Request-URI and Route', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  const own = `sip:${host}:${ground.nearPort}`;
  for (const [i, [requestUri, routes]] of [
    [own, []],
    [own, [`Route: <${own}>`]],
    [own, ['Route: <sip:10.0.0.9;lr>', `Route: <${own}>`]],
    ['sip:strict@10.0.0.9', [`Route: <${own}>`]],
  ].entries() as IterableIterator<[number, [string, string[]]]>) {
    raw.request('INFO', { headers: routes, requestUri });
    await ground.clock.run(5);
    assert.equal(
      ground.hop.responses('INFO').map(({ status }) => status),
      Array.from({ length: i + 1 }, () => 200),
    );
  }
  await finish(ground, dialog);
});

test('Q5: a strict router is adopted neither from the 2xx of a heal nor from a refresh of the peer', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  const { hop, clock } = ground;
  raw.request('UPDATE', {
    headers: ['Supported: ms-dialog-route-set-update', `Record-Route: <sip:${host}:5070>`],
  });
  await clock.run(5);
  await ground.take(dialog.request('INFO'));
  assert.equal(way(hop.last('INFO')), [`sip:${host}:5070`, `<sip:${host}:5070;lr>`]);
  hop.recordRoute = [`<sip:${host}:5070>`];
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 500);
    return request.method === 'INFO';
  };
  dialog.request('INFO').catch(() => undefined);
  await clock.run(20);
  assert.equal(ground.seen(), ['recovering'], 'its 2xx brought no route');
  hop.recordRoute = [`<sip:${host}:5070;lr>`];
  await clock.run(4000);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  hop.script = () => false;
  await finish(ground, dialog);
});

test('a dialog without routes follows its target to another address, and takes one that is only spelt otherwise as it is', async () => {
  const ground = await bed({ hops: 0 });
  for (const peer of [ground.hop, ground.other]) peer.recordRoute = [];
  const { dialog, raw } = await call(ground);
  const { hop, other, take, clock } = ground;
  const ways: string[] = [];
  for (const contact of [`sip:${host}:5070;x=1`, `sip:${host}:5080`, `sip:${host}:5080;y`]) {
    raw.request('UPDATE', { contact });
    await clock.run(5);
    await take(dialog.request('INFO'));
    const [newest] = [...hop.requests('INFO'), ...other.requests('INFO')].sort((a, b) => b.cseq - a.cseq);
    ways.push(`${newest?.requestUri} to ${newest === other.requests('INFO').at(-1) ? 'other' : 'hop'}`);
  }
  assert.equal(ways, [`sip:${host}:5070;x=1 to hop`, `sip:${host}:5080 to other`, `sip:${host}:5080;y to other`]);
  await finish(ground, dialog);
});

test.run();
