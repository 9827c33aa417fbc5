import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StackOptions } from '../../core/index.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import { farAnswer, host } from '../engine/world.ts';

const test = suite('Session timers and recovery (RFC 4028 §10; figure 3)');

const resilient = 'Supported: timer, ms-dialog-route-set-update';

/** A bed whose far end agrees on 600 s and on who refreshes. */
async function timed(
  refresher: 'uac' | 'uas',
  stack: Partial<StackOptions> = {},
  allow = 'INVITE, UPDATE',
): Promise<Bed> {
  const ground = await bed({ hops: 1, stack });
  const timer = [`Session-Expires: 600;refresher=${refresher}`, 'Require: timer'];
  ground.hop.capabilities = [`Allow: ${allow}`, resilient, ...timer];
  return ground;
}

test('we refresh by an UPDATE without a body at half the interval, by the route set, again and again', async () => {
  const ground = await timed('uac');
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  await clock.run(299_900);
  assert.is(hop.requests('UPDATE').length, 0);
  await clock.run(200);
  const update = hop.last('UPDATE');
  assert.is(update.header('Session-Expires'), '600;refresher=uac');
  assert.is(update.header('Route'), `<${hop.uri};lr>`);
  assert.is(update.body, '');
  await clock.run(600_000);
  assert.is(hop.requests('UPDATE').length, 3);
  assert.equal(ground.seen(), []);
  await finish(ground, dialog);
});

test('where the peer does not allow UPDATE we refresh by re-INVITE with the unchanged offer, and acknowledge', async () => {
  const ground = await timed('uac', {}, 'INVITE, ACK');
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  const [invite] = hop.requests('INVITE');
  await clock.run(300_100);
  const [, refresh] = hop.requests('INVITE');
  assert.is(refresh?.body, invite?.body);
  assert.is(refresh?.header('Session-Expires'), '600;refresher=uac');
  assert.is(hop.last('ACK').cseq, refresh?.cseq);
  await finish(ground, dialog);
});

test('without a session description of ours the re-INVITE asks for an offer, which its ACK answers', async () => {
  const ground = await timed('uac', {}, 'INVITE, ACK');
  const { dialog } = await call(ground, { body: '' });
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.accept(request, { body: farAnswer });
    return request.method === 'INVITE';
  };
  await clock.run(300_100);
  assert.is(hop.requests('INVITE').length, 2);
  assert.is(hop.last('INVITE').body, '');
  assert.match(hop.last('ACK').body, 'v=0');
  hop.script = () => false;
  await finish(ground, dialog);
});

test('a peer that refreshes keeps the session, one that does not is sent a BYE 32 s before the end', async () => {
  const ground = await timed('uas');
  ground.hop.capabilities = ground.hop.capabilities.filter((line) => line !== resilient);
  const { raw } = await call(ground);
  const { hop, clock } = ground;
  await clock.run(500_000);
  raw.request('UPDATE', { headers: ['Supported: timer', 'Session-Expires: 600;refresher=uac'] });
  await clock.run(567_900);
  assert.is(hop.requests('BYE').length, 0);
  await clock.run(200);
  assert.is(hop.requests('BYE').length, 1);
  assert.equal(ground.seen(), ['ended local session-expired']);
  await ground.rest();
});

test('a 422, a 488 or a 491 to a refresh is followed by another one before the session ends', async () => {
  for (const status of [422, 488, 491]) {
    const ground = await timed('uac');
    const { dialog } = await call(ground);
    const { hop, clock } = ground;
    hop.script = (request) => {
      if (request.method === 'UPDATE') hop.reply(request, status);
      return request.method === 'UPDATE';
    };
    await clock.run(301_000);
    assert.is(hop.requests('UPDATE').length, 1, String(status));
    hop.script = () => false;
    await clock.run(260_000);
    assert.is(hop.requests('UPDATE').length, 2, String(status));
    assert.equal(ground.seen(), []);
    await finish(ground, dialog);
  }
});

test('a refresh that the peer has no method for goes on by re-INVITE', async () => {
  for (const status of [405, 501]) {
    const ground = await timed('uac');
    const { dialog } = await call(ground);
    const { hop, clock } = ground;
    hop.script = (request) => {
      if (request.method === 'UPDATE') hop.reply(request, status);
      return request.method === 'UPDATE';
    };
    await clock.run(300_100);
    assert.is(hop.requests('INVITE').length, 2, String(status));
    assert.equal(ground.seen(), []);
    hop.script = () => false;
    await finish(ground, dialog);
  }
});

test('422 to a refresh of ours: the next one follows at once and asks for the interval that it names', async () => {
  const ground = await timed('uac');
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    const isShort = request.method === 'UPDATE' && request.header('Session-Expires').startsWith('600');
    if (isShort) hop.reply(request, 422, { headers: ['Min-SE: 1000'] });
    return isShort;
  };
  hop.capabilities = hop.capabilities.map((line) => line.replace('600', '1000'));
  await clock.run(300_100);
  assert.equal(
    hop.requests('UPDATE').map((update) => [update.header('Session-Expires'), update.header('Min-SE')]),
    [
      ['600;refresher=uac', ''],
      ['1000;refresher=uac', '1000'],
    ],
  );
  await clock.run(499_000);
  assert.is(hop.requests('UPDATE').length, 2);
  await clock.run(2000);
  assert.is(hop.requests('UPDATE').length, 3, 'half of the longer interval later');
  await finish(ground, dialog);
});

test('422 to a heal raises what the next heal asks for, at once', async () => {
  const ground = await timed('uac');
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    const isShort = request.method === 'UPDATE' && request.header('Min-SE') === '';
    if (isShort) hop.reply(request, 422, { headers: ['Min-SE: 1000'] });
    if (request.method === 'INFO') hop.reply(request, 503);
    return isShort || request.method === 'INFO';
  };
  dialog.request('INFO').catch(() => undefined);
  await clock.run(50);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  hop.script = () => false;
  await finish(ground, dialog);
});

test('a refresh that is refused again and again is tried four times, and the session ended when it expires', async () => {
  for (const mode of ['none', 'maximum'] as const) {
    const ground = await timed('uac', { recovery: { mode } });
    ground.hop.capabilities = ground.hop.capabilities.filter((line) => line !== resilient);
    await call(ground);
    const { hop, clock } = ground;
    hop.script = (request) => {
      if (request.method === 'UPDATE') hop.reply(request, 488);
      return request.method === 'UPDATE';
    };
    await clock.run(599_900);
    assert.is(hop.requests('UPDATE').length, 4);
    assert.is(hop.requests('BYE').length, 0);
    await clock.run(200);
    assert.is(hop.requests('BYE').length, 1);
    assert.equal(ground.seen(), ['ended local session-expired']);
    await ground.rest();
  }
});

test('a refresh of ours that meets an offer of the peer’s is tried again as RFC 3261 §14.1 has it', async () => {
  const ground = await timed('uac', {}, 'INVITE, ACK');
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  let refusals = 1;
  hop.script = (request) => {
    if (request.method !== 'INVITE' || refusals-- <= 0) return false;
    hop.reply(request, 491);
    return true;
  };
  await clock.run(302_000);
  assert.is(hop.requests('INVITE').length, 2);
  await clock.run(2100);
  assert.is(hop.requests('INVITE').length, 3);
  await clock.run(296_000);
  assert.is(hop.requests('INVITE').length, 3);
  await finish(ground, dialog);
});

test('refreshes that cross are both answered, and the session goes on for a full interval', async () => {
  const ground = await timed('uac');
  const { dialog, raw } = await call(ground);
  const { hop, clock } = ground;
  hop.script = ({ method }) => method === 'UPDATE';
  await clock.run(300_100);
  raw.request('UPDATE', { headers: ['Supported: timer', 'Session-Expires: 600;refresher=uas'] });
  await clock.run(10);
  assert.is(hop.responses('UPDATE')[0]?.status, 200);
  hop.script = () => false;
  hop.accept(hop.last('UPDATE'));
  await clock.run(299_000);
  assert.is(hop.requests('UPDATE').length, 1);
  await clock.run(2000);
  assert.is(hop.requests('UPDATE').length, 2);
  assert.equal(ground.seen(), []);
  await finish(ground, dialog);
});

test('figure 3: a refresh that finds the route broken starts healing; the application sees the two events and no failure', async () => {
  const ground = await timed('uac');
  const { dialog } = await call(ground);
  const { hop, log, clock } = ground;
  await clock.run(299_000);
  log.length = 0;
  const waitForIt = ['P-Dialog-Recovery-Action: Wait-For-Session-Update'];
  hop.script = (request) => {
    if (request.method === 'UPDATE' && request.header('Route') !== '') hop.reply(request, 430, { headers: waitForIt });
    return request.method === 'UPDATE' && request.header('Route') !== '';
  };
  await clock.run(2000);
  assert.equal(log, [
    'near > hop UPDATE',
    'hop > near 430 UPDATE',
    'recovering',
    'near > hop UPDATE',
    'hop > near 200 UPDATE',
    'healthy',
  ]);
  hop.script = () => false;
  await clock.run(298_000);
  assert.is(hop.requests('UPDATE').length, 2);
  await clock.run(3000);
  assert.is(hop.requests('UPDATE').length, 3, 'a full interval after the heal');
  await finish(ground, dialog);
});

test('a 430 that asks for a heal is healed without any event, and the heal is the refresh', async () => {
  const ground = await timed('uac');
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    const isRefresh = request.method === 'UPDATE' && request.header('Route') !== '';
    if (isRefresh) hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] });
    return isRefresh;
  };
  await clock.run(301_000);
  assert.equal(ground.seen(), []);
  assert.equal(
    hop.requests('UPDATE').map((request) => request.header('Route') === ''),
    [false, true],
  );
  await clock.run(290_000);
  assert.is(hop.requests('UPDATE').length, 2);
  await finish(ground, dialog);
});

test('a heal that puts a refresh right is told of, as a broken route, when it has no answer within 4 s', async () => {
  const ground = await timed('uac');
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method !== 'UPDATE') return false;
    if (request.header('Route') !== '')
      hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] });
    return true;
  };
  await clock.run(303_900);
  assert.equal(ground.seen(), []);
  await clock.run(200);
  assert.equal(ground.seen(), ['recovering']);
  const { cause, causeStatus } = await ground.take(dialog.routeStatus());
  assert.equal([cause, causeStatus], ['response', 430]);
  hop.script = () => false;
  await clock.run(4000);
  assert.equal(ground.seen(), ['recovering', 'healthy'], 'by the copy of the heal that was under way');
  await clock.run(10_000);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  await finish(ground, dialog);
});

test('the 4 s of a refresh end with its heal: a heal for a request that comes after that has 4 s of its own', async () => {
  const ground = await timed('uac');
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  const asksToHeal = { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] };
  let infos = 0;
  hop.script = (request) => {
    if (request.method === 'INFO' && infos++ === 0) hop.reply(request, 430, asksToHeal);
    else if (request.method !== 'UPDATE') return false;
    else if (request.header('Route') !== '') hop.reply(request, 430, asksToHeal);
    else if (infos === 0) hop.reply(request, 400);
    return true;
  };
  await clock.run(303_000);
  assert.is(hop.requests('UPDATE').length, 2);
  ground.note('info', dialog.request('INFO'));
  await clock.run(2000);
  assert.equal(ground.seen(), []);
  hop.script = () => false;
  await clock.run(2000);
  assert.equal(ground.seen(), ['info 200']);
  await finish(ground, dialog);
});

test('a request that comes while a refresh is healed waits for it, but no longer than 4 s', async () => {
  const ground = await timed('uac');
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method !== 'UPDATE') return false;
    if (request.header('Route') !== '') {
      hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] });
    }
    return true;
  };
  await clock.run(300_100);
  ground.note('info', dialog.request('INFO'));
  await clock.run(3900);
  assert.is(hop.requests('INFO').length, 0);
  await clock.run(200);
  assert.equal(ground.seen(), ['recovering', 'info 200']);
  hop.script = () => false;
  await clock.run(1000);
  await finish(ground, dialog);
});

test('a refresh that is due while a heal is under way is not sent: the heal is the refresh', async () => {
  const ground = await timed('uac');
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  const action = { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] };
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 430, action);
    return true;
  };
  await clock.run(299_000);
  ground.note('info', dialog.request('INFO'));
  await clock.run(2000);
  const numbers = (): ReadonlySet<string> => new Set(hop.requests('UPDATE').map((update) => update.header('CSeq')));
  assert.is(numbers().size, 1);
  hop.script = () => false;
  await clock.run(2500);
  assert.equal(ground.seen(), ['info 200']);
  await clock.run(290_000);
  assert.is(numbers().size, 1);
  await clock.run(20_000);
  assert.is(numbers().size, 2);
  await finish(ground, dialog);
});

test('a refresh whose heal the far end refuses is tried again in time', async () => {
  const ground = await timed('uac');
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method !== 'UPDATE') return false;
    if (request.header('Route') === '') hop.reply(request, 488);
    else hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] });
    return true;
  };
  await clock.run(301_000);
  assert.is(hop.requests('UPDATE').length, 2);
  assert.equal(ground.seen(), []);
  hop.script = () => false;
  await clock.run(200_000);
  assert.is(hop.requests('UPDATE').length, 3);
  await finish(ground, dialog);
});

test('Q13: while the route is broken the session neither expires nor refreshes; it goes on with a full interval', async () => {
  for (const refresher of ['uac', 'uas'] as const) {
    const ground = await timed(refresher);
    await call(ground);
    const { hop, clock, network } = ground;
    await clock.run(280_000);
    network.partition({ host, port: 5060 }, { host, port: 5070 });
    await clock.run(3_000_000);
    assert.equal(ground.seen(), ['recovering'], refresher);
    network.heal({ host, port: 5060 }, { host, port: 5070 });
    await clock.run(1000);
    assert.equal(ground.seen(), ['recovering', 'healthy'], refresher);
    const updates = hop.requests('UPDATE').length;
    await clock.run(290_000);
    assert.is(hop.requests('UPDATE').length, updates);
    await clock.run(280_000);
    if (refresher === 'uac') assert.is(hop.requests('UPDATE').length, updates + 1);
    else assert.equal(ground.seen().slice(2), ['recovering', 'healthy'], 'what did not come may have found no way');
    await ground.take(ground.near.close());
    await clock.runUntilIdle();
  }
});

test('a peer that does not pause may end the call, which is told as what it is', async () => {
  const ground = await timed('uac');
  const { raw } = await call(ground);
  ground.hop.script = (request) => {
    if (request.method === 'UPDATE') ground.hop.reply(request, 500);
    return request.method === 'UPDATE';
  };
  await ground.clock.run(568_000);
  raw.request('BYE');
  await ground.clock.run(10);
  assert.equal(ground.seen(), ['recovering', 'ended remote session-expired']);
  await ground.rest();
});

test('a refresh by re-INVITE that is never answered for good is cancelled', async () => {
  const ground = await timed('uac', {}, 'INVITE, ACK');
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, 180);
    if (request.method === 'CANCEL') {
      hop.reply(request, 200);
      hop.reply(hop.last('INVITE'), 487);
    }
    return true;
  };
  await clock.run(333_000);
  assert.is(hop.requests('CANCEL').length, 1);
  hop.script = () => false;
  await clock.run(200_000);
  assert.is(
    hop.requests('INVITE').filter((request) => request.header('To').includes('tag')).length,
    2,
    'and tried again',
  );
  await finish(ground, dialog);
});

test('in mode none a refresh that finds nobody ends the session by BYE, and a lost flow alone does not', async () => {
  for (const how of ['silence', 'lost'] as const) {
    const ground = await timed('uac', { recovery: { mode: 'none' } });
    await call(ground);
    const { hop, clock, network } = ground;
    hop.script = ({ method }) => method === 'UPDATE';
    if (how === 'lost') network.kill({ host, port: 5070 });
    await clock.run(333_000);
    assert.is(hop.requests('BYE').length, how === 'silence' ? 1 : 0);
    await ground.take(ground.near.close());
    await clock.runUntilIdle();
  }
});

test.run();
