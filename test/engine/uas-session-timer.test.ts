import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StackOptions } from '../../core/index.ts';
import { type Bed, bed } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import { farAnswer, noted, obliging } from './world.ts';

const test = suite('Session timers of calls that come in (RFC 4028 §9, §10)');

/** A call of the raw peer's that we have answered; what our 2xx says of the timer. */
async function called(
  headers: readonly string[],
  stack: Partial<StackOptions> = {},
): Promise<{ ground: Bed; raw: RawDialog; agreed: string; required: string }> {
  const log: string[] = [];
  const ground = await bed({ hops: 1, stack: { application: noted(log, obliging), ...stack } });
  const raw = RawDialog.toward(ground.hop, ground.nearPort, 'timed');
  const own = ['Allow: INVITE, ACK, BYE, UPDATE', `Record-Route: <${ground.hop.uri};lr>`];
  raw.request('INVITE', { body: farAnswer, headers: [...own, ...headers] });
  await ground.clock.run(10);
  const [ok] = ground.hop.responses('INVITE');
  if (ok === undefined) throw new Error('the call is not answered');
  raw.acknowledge(ok);
  await ground.clock.run(10);
  ground.log.length = 0;
  return {
    ground: { ...ground, seen: () => [...ground.seen(), ...log] },
    raw,
    agreed: ok.header('Session-Expires'),
    required: ok.header('Require'),
  };
}

test('who is asked to refresh does so, as the UAC of its refreshes', async () => {
  const { ground, agreed, required } = await called(['Supported: timer', 'Session-Expires: 600;refresher=uas']);
  assert.equal([agreed, required], ['600;refresher=uas', 'timer']);
  const { hop, clock } = ground;
  await clock.run(300_100);
  assert.is(hop.last('UPDATE').header('Session-Expires'), '600;refresher=uac');
  assert.is(hop.requests('UPDATE').length, 1);
  await ground.take(ground.near.close());
});

test('a caller without timers, for which a proxy asks, is refreshed by us, and is not required to know them', async () => {
  const { ground, agreed, required } = await called(['Session-Expires: 600']);
  assert.equal([agreed, required], ['600;refresher=uas', '']);
  ground.hop.capabilities = [...ground.hop.capabilities, 'Session-Expires: 600;refresher=uac'];
  await ground.clock.run(600_200);
  assert.is(ground.hop.requests('UPDATE').length, 2);
  await ground.take(ground.near.close());
});

test('the Min-SE of a proxy bounds what we grant, and stands in our refreshes', async () => {
  const { ground, agreed } = await called(['Supported: timer', 'Session-Expires: 3600;refresher=uas', 'Min-SE: 2400']);
  assert.is(agreed, '2400;refresher=uas');
  await ground.clock.run(1_200_100);
  const update = ground.hop.last('UPDATE');
  assert.equal([update.header('Session-Expires'), update.header('Min-SE')], ['2400;refresher=uac', '2400']);
  await ground.take(ground.near.close());
});

test('a caller that refreshes keeps the session; one that stops is sent a BYE, 32 s or a third before the end', async () => {
  for (const [intervalS, endS] of [
    [600, 568],
    [90, 60],
  ] as const) {
    const asks = ['Supported: timer', `Session-Expires: ${intervalS};refresher=uac`];
    const { ground, raw, agreed, required } = await called(asks);
    assert.equal([agreed, required], [`${intervalS};refresher=uac`, 'timer']);
    const { hop, clock } = ground;
    await clock.run((intervalS / 2) * 1000);
    raw.request('UPDATE', { headers: asks });
    await clock.run(10);
    assert.is(hop.responses('UPDATE')[0]?.header('Session-Expires'), `${intervalS};refresher=uac`);
    await clock.run(endS * 1000 - 100);
    assert.is(hop.requests('BYE').length, 0);
    await clock.run(200);
    assert.is(hop.requests('BYE').length, 1);
    assert.equal(ground.seen(), ['ended local session-expired']);
    await ground.rest();
  }
});

test('a request that is refused refreshes nothing', async () => {
  const asks = ['Supported: timer', 'Session-Expires: 600;refresher=uac'];
  const { ground, raw } = await called(asks);
  const { hop, clock } = ground;
  await clock.run(300_000);
  raw.request('UPDATE', { headers: ['Supported: timer', 'Session-Expires: 60'] });
  raw.request('UPDATE', { headers: [...asks, 'Require: unheard-of'] });
  await clock.run(10);
  assert.equal(
    hop.responses('UPDATE').map(({ status }) => status),
    [422, 420],
  );
  await clock.run(268_000);
  assert.is(hop.requests('BYE').length, 1);
  await ground.rest();
});

test('the peer may switch the timer off: with a refresh without Session-Expires where we want none either', async () => {
  const asks = ['Supported: timer', 'Session-Expires: 600;refresher=uas'];
  const { ground, raw, agreed } = await called(asks, { sessionTimer: { intervalS: 0 } });
  assert.is(agreed, '600;refresher=uas');
  raw.request('UPDATE', { headers: ['Supported: timer'] });
  await ground.clock.run(10);
  assert.is(ground.hop.responses('UPDATE')[0]?.header('Session-Expires'), '');
  await ground.clock.run(2_000_000);
  assert.equal(ground.seen(), []);
  assert.is(ground.hop.requests('UPDATE').length, 0);
  await ground.take(ground.near.close());
});

test('both may change roles with each refresh', async () => {
  const { ground, raw } = await called(['Supported: timer', 'Session-Expires: 600;refresher=uas']);
  const { hop, clock } = ground;
  raw.request('UPDATE', { headers: ['Supported: timer', 'Session-Expires: 600;refresher=uac'] });
  await clock.run(400_000);
  assert.is(hop.requests('UPDATE').length, 0, 'refreshing is the peer’s now');
  raw.request('UPDATE', { headers: ['Supported: timer', 'Session-Expires: 600;refresher=uas'] });
  await clock.run(300_100);
  assert.is(hop.requests('UPDATE').length, 1);
  await ground.take(ground.near.close());
});

test.run();
