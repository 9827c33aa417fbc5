import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog } from '../../core/index.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import { host } from '../engine/world.ts';

const test = suite('Failover inside a request of a dialog (RFC 3263 §4.3)');

/** A call through the first of two hops; without Record-Route any hop of the list may carry its requests. */
async function between(recorded: boolean): Promise<Bed & { readonly dialog: Dialog }> {
  const ground = await bed();
  if (!recorded) for (const peer of [ground.hop, ground.other]) peer.recordRoute = [];
  const { dialog } = await call(ground);
  return { ...ground, dialog };
}

test('a hop’s own 503 sends the same request to another: same CSeq, new branch; its Retry-After is heeded, and nobody is told', async () => {
  const ground = await between(false);
  const { hop, other, clock, dialog } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 503, { headers: ['Retry-After: 100'] });
    return request.method === 'INFO';
  };
  ground.note('info', dialog.request('INFO', { body: 'once', contentType: 'text/plain' }));
  await clock.run(20);
  assert.equal(ground.seen(), ['info 200']);
  const [first, second] = [hop.last('INFO'), other.last('INFO')];
  assert.equal([first.cseq, first.body], [second.cseq, second.body]);
  assert.is.not(first.header('Via'), second.header('Via'));
  ground.note('next', dialog.request('INFO'));
  await clock.run(20);
  assert.equal([hop.requests('INFO').length, other.requests('INFO').length], [1, 2], 'the dialog stays there');
  assert.is(other.last('INFO').cseq, first.cseq + 1);
  await finish(ground, dialog);
});

test('it goes elsewhere once; a second 503 is the sender’s, and breaks the route', async () => {
  const ground = await between(false);
  const { hop, other, clock, dialog } = ground;
  for (const peer of [hop, other]) {
    peer.script = (request) => {
      if (request.method === 'INFO') peer.reply(request, 503);
      return request.method === 'INFO';
    };
  }
  ground.note('info', dialog.request('INFO'));
  await clock.run(100);
  assert.equal(ground.seen(), ['info failed 503 intermediary', 'recovering', 'healthy']);
  assert.equal([hop.requests('INFO').length, other.requests('INFO').length], [1, 1]);
  await finish(ground, dialog);
});

test('with a route set the route says which hop it is: no other takes the request', async () => {
  const ground = await between(true);
  const { hop, other, clock, dialog } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 503);
    return request.method === 'INFO';
  };
  ground.note('info', dialog.request('INFO'));
  await clock.run(20);
  assert.equal(ground.seen(), ['info failed 503 intermediary', 'recovering', 'healthy']);
  assert.is(other.requests('INFO').length, 0);
  await finish(ground, dialog);
});

test('a request that has left is not sent elsewhere when its hop dies', async () => {
  const ground = await between(false);
  const { hop, other, clock, network, dialog } = ground;
  hop.script = ({ method }) => method === 'INFO';
  ground.note('info', dialog.request('INFO'));
  await clock.run(10);
  network.kill({ host, port: 5070 });
  await clock.run(2_000);
  assert.equal(ground.seen(), ['info failed 503 local', 'recovering', 'healthy']);
  assert.is(other.requests('INFO').length, 0);
  await finish(ground, dialog);
});

test.run();
