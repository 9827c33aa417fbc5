import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bed, call, finish } from '../engine/bed.ts';
import { host, noted } from '../engine/world.ts';

const test = suite('Passive recovery: the far end mends, as with UCMA 2.0');

const waitForIt = ['P-Dialog-Recovery-Action: Wait-For-Session-Update'];
const healIt = ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'];

async function passiveBed(hops = 1) {
  const log: string[] = [];
  const ground = await bed({ hops, stack: { recovery: { passive: true }, application: noted(log) } });
  return { ...ground, seen: () => [...ground.seen(), ...log] };
}

test('a 430 that says wait fails the request and changes the status; no heal of ours is sent until the far end heals', async () => {
  const ground = await passiveBed();
  const { dialog, raw } = await call(ground);
  const { hop, other, clock, take } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 430, { headers: waitForIt });
    return request.method === 'INFO';
  };
  ground.note('info', dialog.request('INFO'));
  await clock.run(3_600_000);
  assert.equal(ground.seen(), ['info failed 430 intermediary', 'recovering']);
  assert.is(hop.requests('UPDATE').length, 0);
  const status = await take(dialog.routeStatus());
  assert.equal([status.attempt, status.nextAttemptAtMs], [0, undefined]);
  raw.request('UPDATE', { headers: ['Supported: ms-dialog-route-set-update', `Record-Route: <${other.uri};lr>`] });
  await clock.run(10);
  assert.is(ground.seen()[2], 'healthy');
  assert.is((await take(dialog.routeStatus())).healedBy, 'remote');
  hop.script = () => false;
  await take(dialog.request('INFO'));
  assert.is(other.last('INFO').header('Route'), `<${other.uri};lr>`);
  await finish(ground, dialog);
});

test('silence, hop trouble and a dead hop are left to the far end as well, also when the hop is back', async () => {
  for (const how of ['silence', '503', 'dead hop'] as const) {
    const ground = await passiveBed();
    const { dialog, raw } = await call(ground);
    const { hop, clock, network } = ground;
    hop.script = (request) => {
      if (how === '503' && request.method === 'INFO') hop.reply(request, 503);
      return request.method === 'INFO';
    };
    const ends = [
      { host, port: 5060 },
      { host, port: 5070 },
    ] as const;
    if (how === 'dead hop') network.partition(...ends);
    else dialog.request('INFO').catch(() => undefined);
    await clock.run(40_000);
    network.heal(...ends);
    await clock.run(100_000);
    assert.equal(ground.seen(), ['recovering'], how);
    assert.is(hop.requests('UPDATE').length, 0, how);
    hop.script = () => false;
    raw.request('UPDATE', { headers: ['Supported: ms-dialog-route-set-update', `Record-Route: <${hop.uri};lr>`] });
    await clock.run(10);
    assert.equal(ground.seen(), ['recovering', 'healthy'], how);
    await finish(ground, dialog);
  }
});

test('what a server says that only we can mend is healed all the same: the fast path stays', async () => {
  const ground = await passiveBed();
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  let fails = 1;
  hop.script = (request) => {
    if (request.method !== 'INFO' || fails-- <= 0) return false;
    hop.reply(request, 430, { headers: healIt });
    return true;
  };
  ground.note('info', dialog.request('INFO'));
  await clock.run(20);
  assert.equal(ground.seen(), ['info 200']);
  await finish(ground, dialog);
});

test('a heal that a server had asked for is tried on by the schedule, but for an answer that says wait', async () => {
  for (const [headers, heals] of [
    [healIt, 5],
    [waitForIt, 1],
  ] as const) {
    const ground = await passiveBed();
    const { dialog, raw } = await call(ground);
    const { hop, clock } = ground;
    let first = true;
    hop.script = (request) => {
      if (request.method !== 'INFO' && request.method !== 'UPDATE') return false;
      hop.reply(request, 430, { headers: first ? healIt : headers });
      first = false;
      return true;
    };
    ground.note('info', dialog.request('INFO'));
    await clock.run(31_000);
    assert.equal(ground.seen(), ['info failed 430 intermediary because of 430', 'recovering']);
    const sent = hop.requests('UPDATE').length;
    assert.ok(heals === 1 ? sent === 1 : sent >= heals, `${sent}`);
    hop.script = () => false;
    raw.request('UPDATE', { headers: ['Supported: ms-dialog-route-set-update', `Record-Route: <${hop.uri};lr>`] });
    await clock.run(10);
    await finish(ground, dialog);
  }
});

test('a 481 is tried by a heal, for only that tells whether the dialog is gone', async () => {
  const ground = await passiveBed();
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 481);
    return request.method === 'INFO';
  };
  ground.note('info', dialog.request('INFO'));
  await clock.run(20);
  assert.equal(ground.seen(), ['info failed 481 remote', 'recovering', 'healthy']);
  await finish(ground, dialog);
});

test('the program’s own heal() heals, and one that fails is not repeated', async () => {
  const ground = await passiveBed();
  const { dialog } = await call(ground);
  const { hop, clock, note } = ground;
  let broken = true;
  hop.script = (request) => {
    if (!broken || request.method === 'BYE') return false;
    hop.reply(request, 430, { headers: waitForIt });
    return true;
  };
  dialog.request('INFO').catch(() => undefined);
  await clock.run(60_000);
  note('heal', dialog.heal());
  await clock.run(60_000);
  assert.is(hop.requests('UPDATE').length, 1);
  broken = false;
  note('heal', dialog.heal());
  await clock.run(10);
  assert.equal(ground.seen(), ['heal failed 430 intermediary', 'heal healthy', 'recovering', 'healthy']);
  await finish(ground, dialog);
});

test.run();
