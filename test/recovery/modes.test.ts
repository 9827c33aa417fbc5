import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bed, call, finish } from '../engine/bed.ts';
import { host, noted } from '../engine/world.ts';

const test = suite('Modes and policies (RFC 5057 §5.1)');

const healIt = ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'];

async function modeNone() {
  const log: string[] = [];
  const ground = await bed({ hops: 1, stack: { recovery: { mode: 'none' }, application: noted(log) } });
  return { ...ground, seen: () => [...ground.seen(), ...log] };
}

test('in mode none a response that RFC 5057 holds to end the dialog ends it, after its request has failed', async () => {
  for (const [status, reason] of [
    [404, 'unreachable'],
    [408, 'unreachable'],
    [410, 'unreachable'],
    [480, 'unreachable'],
    [481, 'does-not-exist'],
    [501, 'unreachable'],
    [604, 'unreachable'],
  ] as const) {
    const ground = await modeNone();
    const { dialog } = await call(ground);
    ground.hop.script = (request) => {
      if (request.method === 'INFO') ground.hop.reply(request, status);
      return request.method === 'INFO';
    };
    ground.note('info', dialog.request('INFO'));
    await ground.clock.run(10);
    assert.match(ground.seen()[0] ?? '', `info failed ${status}`);
    assert.is(ground.seen()[1], `ended remote ${reason}`);
    await ground.rest();
  }
});

test('in mode none a response that concerns its transaction alone leaves the dialog, and nothing heals', async () => {
  for (const status of [400, 430, 486, 500, 503, 504, 603]) {
    const ground = await modeNone();
    const { dialog } = await call(ground);
    ground.hop.script = (request) => {
      if (request.method === 'INFO') ground.hop.reply(request, status, { headers: healIt });
      return request.method === 'INFO';
    };
    ground.note('info', dialog.request('INFO'));
    await ground.clock.run(10_000);
    assert.is(ground.seen().length, 1, String(status));
    assert.is(ground.hop.requests('UPDATE').length, 0);
    await finish(ground, dialog);
  }
});

test('in mode none no answer ends the dialog by BYE (RFC 3261 §12.2.1.2)', async () => {
  const ground = await modeNone();
  const { dialog } = await call(ground);
  ground.hop.script = ({ method }) => method === 'INFO';
  ground.note('info', dialog.request('INFO'));
  await ground.clock.run(32_100);
  assert.equal(ground.seen(), ['info failed 408 local', 'ended local unreachable']);
  assert.is(ground.hop.requests('BYE').length, 1);
  await ground.rest();
});

test('policy rfc3261 heals by the route set as it is, and never rewrites it', async () => {
  const ground = await bed({ hops: 1, stack: { recovery: { routeSet: 'rfc3261' } } });
  const { dialog, raw } = await call(ground);
  const { hop, other, take, clock } = ground;
  hop.recordRoute = [`<${other.uri};lr>`];
  let fails = 1;
  hop.script = (request) => {
    if (request.method !== 'INFO' || fails-- <= 0) return false;
    hop.reply(request, 430, { headers: healIt });
    return true;
  };
  await take(dialog.request('INFO'));
  assert.is(hop.requests('UPDATE').length, 1);
  assert.is(hop.last('UPDATE').header('Route'), `<${hop.uri};lr>`);
  assert.is(hop.last('INFO').header('Route'), `<${hop.uri};lr>`);
  raw.request('UPDATE', { headers: ['Supported: ms-dialog-route-set-update', `Record-Route: <${other.uri};lr>`] });
  await clock.run(10);
  assert.is(hop.responses('UPDATE')[0]?.status, 200);
  await take(dialog.request('INFO'));
  assert.is(hop.last('INFO').header('Route'), `<${hop.uri};lr>`);
  await finish(ground, dialog);
});

test('policy rfc3261 heals a dead hop’s dialogs when it is back, by nobody else', async () => {
  const ground = await bed({ stack: { recovery: { routeSet: 'rfc3261' } } });
  const { dialog } = await call(ground);
  const { network, other, clock } = ground;
  network.partition({ host, port: 5060 }, { host, port: 5070 });
  await clock.run(20_000);
  assert.is(other.requests('UPDATE').length, 0);
  network.heal({ host, port: 5060 }, { host, port: 5070 });
  await clock.run(500);
  assert.is((await ground.take(dialog.routeStatus())).status, 'healthy');
  await finish(ground, dialog);
});

test('policy rfc3261 takes the target of a heal, for that is what RFC 3261 has a refresh for', async () => {
  const ground = await bed({ hops: 1, stack: { recovery: { routeSet: 'rfc3261' } } });
  const { dialog } = await call(ground);
  const { hop, take } = ground;
  let fails = 1;
  hop.script = (request) => {
    if (request.method === 'UPDATE') hop.reply(request, 200, { headers: ['Contact: <sip:moved@10.0.0.1>'] });
    else if (request.method !== 'INFO' || fails-- <= 0) return false;
    else hop.reply(request, 430, { headers: healIt });
    return true;
  };
  await take(dialog.request('INFO'));
  assert.is(hop.last('INFO').requestUri, 'sip:moved@10.0.0.1');
  await finish(ground, dialog);
});

test('the option tag is on every request but ACK and CANCEL, and on every 2xx', async () => {
  const ground = await bed({ hops: 1, stack: { application: { onRequest: (request) => request.respond(200) } } });
  const { dialog, raw } = await call(ground);
  const { hop, take, clock } = ground;
  for (const method of ['INFO', 'MESSAGE', 'OPTIONS', 'UPDATE', 'INVITE', 'FOO']) await take(dialog.request(method));
  for (const method of ['INFO', 'UPDATE', 'OPTIONS', 'INVITE']) raw.request(method);
  await clock.run(10);
  const [ok] = hop.responses('INVITE');
  if (ok !== undefined) raw.acknowledge(ok);
  await take(dialog.bye());
  for (const { method, status, text } of hop.received) {
    const has = /^Supported: .*ms-dialog-route-set-update/m.test(text);
    if (status === 0) assert.is(has, method !== 'ACK', method);
    else if (status >= 200 && status < 300) assert.ok(has, `${status} ${method}`);
  }
  await ground.rest();
});

test.run();
