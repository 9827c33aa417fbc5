import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StackOptions } from '../../core/index.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';

const test = suite('A session whose peer does not refresh it in time (RFC 4028 §10)');

/** A bed whose far end agrees on 600 s, is to refresh, and does not. */
async function unrefreshed(options: { resilient: boolean; stack?: Partial<StackOptions> }): Promise<Bed> {
  const ground = await bed({ hops: 1, stack: options.stack ?? {} });
  ground.hop.capabilities = [
    'Allow: INVITE, ACK, BYE, CANCEL, UPDATE, INFO',
    `Supported: timer${options.resilient ? ', ms-dialog-route-set-update' : ''}`,
    'Session-Expires: 600;refresher=uas',
    'Require: timer',
  ];
  return ground;
}

/** 32 s before the end of the interval. @see RFC 4028 §10 */
const expiryMs = 568_000;

test('but heals routes: the break is found and healed, and the session goes on with a full interval', async () => {
  const ground = await unrefreshed({ resilient: true });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  await clock.run(expiryMs - 100);
  assert.equal(ground.seen(), []);
  await clock.run(200);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  assert.is(hop.requests('UPDATE').length, 1);
  await clock.run(expiryMs - 300);
  assert.is(hop.requests('UPDATE').length, 1);
  await clock.run(400);
  assert.equal(ground.seen(), ['recovering', 'healthy', 'recovering', 'healthy']);
  assert.is(hop.requests('BYE').length, 0);
  await finish(ground, dialog);
});

test('because it no longer knows the dialog is not waited for: the heal finds that out', async () => {
  const ground = await unrefreshed({ resilient: true });
  await call(ground);
  ground.hop.script = (request) => {
    ground.hop.reply(request, 481);
    return true;
  };
  await ground.clock.run(expiryMs + 1000);
  assert.equal(ground.seen(), ['recovering', 'ended remote does-not-exist']);
  assert.is(ground.hop.requests('BYE').length, 0);
  await ground.rest();
});

test('and heals no routes is sent a BYE', async () => {
  const ground = await unrefreshed({ resilient: false });
  await call(ground);
  await ground.clock.run(expiryMs - 100);
  assert.is(ground.hop.requests('BYE').length, 0);
  await ground.clock.run(200);
  assert.equal(ground.seen(), ['ended local session-expired']);
  assert.equal([ground.hop.requests('BYE').length, ground.hop.requests('UPDATE').length], [1, 0]);
  await ground.rest();
});

test('is sent a BYE in mode none, whatever it can do', async () => {
  const ground = await unrefreshed({ resilient: true, stack: { recovery: { mode: 'none' } } });
  await call(ground);
  await ground.clock.run(expiryMs + 100);
  assert.equal(ground.seen(), ['ended local session-expired']);
  assert.equal([ground.hop.requests('BYE').length, ground.hop.requests('UPDATE').length], [1, 0]);
  await ground.rest();
});

for (const [refresher, atMs, reason] of [
  ['uas', 500_000, 'bye'],
  ['uas', expiryMs, 'session-expired'],
  ['uac', expiryMs, 'session-expired'],
  ['uac', 600_000, 'session-expired'],
  ['uac', 700_000, 'bye'],
] as const) {
  test(`a peer's BYE ${atMs / 1000} s after the last refresh, with a route that stays broken and ${refresher} to refresh, is told as ${reason}`, async () => {
    const ground = await unrefreshed({ resilient: true });
    const { hop, clock } = ground;
    hop.capabilities = hop.capabilities.map((line) => line.replace('uas', refresher));
    const { dialog, raw } = await call(ground);
    hop.script = (request) => {
      hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Wait-For-Session-Update'] });
      return true;
    };
    await clock.run(100_000);
    dialog.request('INFO').catch(() => undefined);
    await clock.run(atMs - 100_000);
    raw.request('BYE');
    await clock.run(10);
    assert.equal(ground.seen(), ['recovering', `ended remote ${reason}`]);
    await ground.rest();
  });
}

test('a peer’s BYE at the end of an interval that a heal has renewed meanwhile is a BYE', async () => {
  const ground = await unrefreshed({ resilient: true });
  const { hop, clock } = ground;
  const { dialog, raw } = await call(ground);
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 503);
    return request.method === 'INFO';
  };
  await clock.run(100_000);
  dialog.request('INFO').catch(() => undefined);
  await clock.run(expiryMs - 100_000);
  raw.request('BYE');
  await clock.run(10);
  assert.equal(ground.seen(), ['recovering', 'healthy', 'ended remote bye']);
  await ground.rest();
});

test.run();
