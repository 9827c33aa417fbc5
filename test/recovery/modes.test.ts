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

/** What becomes of a dialog when one request in it is answered so; its log, and the BYEs that were sent. */
async function answered(method: string, status: number): Promise<{ seen: string[]; byes: number }> {
  const ground = await modeNone();
  const { dialog } = await call(ground);
  ground.hop.script = (request) => {
    if (request.method === method) ground.hop.reply(request, status, { headers: healIt });
    return request.method === method;
  };
  ground.note('request', dialog.request(method));
  await ground.clock.run(10);
  const outcome = { seen: ground.seen(), byes: ground.hop.requests('BYE').length };
  assert.is(ground.hop.requests('UPDATE').length, method === 'UPDATE' ? 1 : 0, 'nothing heals');
  if (outcome.seen.length === 1) await finish(ground, dialog);
  else await ground.rest();
  return outcome;
}

test('in mode none what ends the dialog ends it at once, after its request has failed', async () => {
  for (const status of [404, 410, 416, 482, 483, 484, 485, 502, 604]) {
    for (const method of ['INFO', 'OPTIONS']) {
      // Probes are OPTIONS as well, but have no tag.
      const { seen, byes } = await answered(method, status);
      assert.match(seen[0] ?? '', `request failed ${status}`);
      assert.equal([seen[1], byes], ['ended remote unreachable', 0], `${status} ${method}`);
    }
  }
});

test('in mode none what ends the INVITE usage ends it by BYE (RFC 3261 §12.2.1.2)', async () => {
  for (const [status, reason, method] of [
    [408, 'unreachable', 'INFO'],
    [480, 'unreachable', 'UPDATE'],
    [481, 'does-not-exist', 'INFO'],
    [481, 'does-not-exist', 'INVITE'],
    [405, 'unreachable', 'INVITE'],
    [501, 'unreachable', 'INVITE'],
  ] as const) {
    const { seen, byes } = await answered(method, status);
    assert.match(seen[0] ?? '', `request failed ${status}`);
    assert.equal([seen[1], byes], [`ended local ${reason}`, 1], `${status} ${method}`);
  }
});

test('in mode none a response that concerns its transaction alone leaves the dialog, and nothing heals', async () => {
  for (const [method, ...statuses] of [
    ['INFO', 400, 405, 422, 430, 486, 489, 491, 500, 501, 503, 504, 603],
    ['UPDATE', 405, 501],
    ['OPTIONS', 408, 480, 481],
    ['MESSAGE', 408, 480, 481, 501],
    ['FOO', 501, 481],
  ] as const) {
    for (const status of statuses) {
      const { seen, byes } = await answered(method, status);
      assert.is(seen.length, 1, `${status} ${method}`);
      assert.is(byes, 0);
    }
  }
});

test('in mode none no answer to what belongs to no usage leaves the dialog (RFC 5057 §5.2)', async () => {
  for (const method of ['OPTIONS', 'MESSAGE', 'FOO']) {
    const ground = await modeNone();
    const { dialog } = await call(ground);
    ground.hop.script = (request) => request.method === method;
    ground.note('request', dialog.request(method));
    await ground.clock.run(33_000);
    assert.equal(ground.seen(), ['request failed 408 local'], method);
    await finish(ground, dialog);
  }
});

test('in mode none a refresh that is answered 481 or 408 ends the session by BYE, and one that the peer has no method for does not', async () => {
  for (const [status, byes] of [
    [408, 1],
    [481, 1],
    [405, 0],
  ] as const) {
    const ground = await modeNone();
    ground.hop.capabilities = ['Allow: INVITE, UPDATE', 'Session-Expires: 600;refresher=uac', 'Require: timer'];
    const { dialog } = await call(ground);
    const { hop, clock } = ground;
    hop.script = (request) => {
      if (request.method === 'UPDATE') hop.reply(request, status);
      return request.method === 'UPDATE';
    };
    await clock.run(300_100);
    assert.is(hop.requests('BYE').length, byes, String(status));
    if (byes === 0) {
      assert.is(hop.requests('INVITE').length, 2, 'by re-INVITE instead');
      await finish(ground, dialog);
    } else {
      await ground.rest();
    }
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

test('in mode none the option tag is offered nowhere: a server then answers 481 where it has lost its state', async () => {
  const ground = await modeNone();
  const { dialog, raw } = await call(ground);
  const { hop, take, clock } = ground;
  for (const method of ['INFO', 'UPDATE', 'INVITE']) await take(dialog.request(method));
  for (const method of ['INFO', 'UPDATE', 'OPTIONS']) raw.request(method);
  await clock.run(10);
  await take(dialog.bye());
  for (const { method, status, text } of hop.received) {
    assert.not.match(text, 'ms-dialog-route-set-update');
    if (status === 0 && method !== 'ACK') assert.match(text, 'Supported: timer');
  }
  await ground.rest();
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
