import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { finish } from '../engine/bed.ts';
import type { Sip } from '../engine/raw-peer.ts';
import { host, noted, obliging } from '../engine/world.ts';
import { optionTag, trustBed } from './trust-bed.ts';

const test = suite('Whom a route is taken from');

const ownRoute = `<sip:${host}:5070;lr>`;
const otherRoute = `<sip:${host}:5080;lr>`;

test('Q5: a listed hop’s refresh rewrites the route: the yardstick for all that follows', async () => {
  const ground = await trustBed();
  const response = await ground.refresh([otherRoute]);
  assert.is(response.status, 200);
  assert.equal(response.all('Record-Route'), [otherRoute]);
  assert.is(await ground.generation(), 1);
  assert.is(await ground.route(), otherRoute);
  await finish(ground, ground.dialog);
});

test('Q5: a stranger’s refresh with the right tags is answered by RFC 3261: the target is taken, the route set is not', async () => {
  const ground = await trustBed();
  const { stranger, strangers } = ground;
  const response = await ground.refresh([strangers], { by: stranger, contact: 'sip:moved@10.0.0.9' });
  assert.is(response.status, 200);
  assert.equal(response.all('Record-Route'), [strangers]);
  assert.is(await ground.route(), ownRoute);
  assert.is(ground.hop.last('INFO').requestUri, 'sip:moved@10.0.0.9');
  assert.is(await ground.generation(), 0);
  assert.is(stranger.requests('INFO').length, 0);
  await finish(ground, ground.dialog);
});

test('Q5: a re-INVITE of a stranger’s gains no more than its UPDATE does', async () => {
  const ground = await trustBed();
  const { stranger, strangers, raw } = ground;
  const response = await ground.refresh([strangers], { by: stranger, method: 'INVITE' });
  assert.is(response.status, 200);
  raw.request('ACK', { cseq: response.cseq, by: stranger });
  await ground.clock.run(5);
  assert.is(await ground.route(), ownRoute);
  await finish(ground, ground.dialog);
});

test('Q5: a stranger’s refresh ends no recovery and no heal', async () => {
  const ground = await trustBed();
  const { hop, stranger, strangers, clock, take, dialog } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 503);
    return request.method === 'INFO' || request.method === 'UPDATE';
  };
  ground.note('info', dialog.request('INFO'));
  await clock.run(5);
  for (const recordRoute of [[strangers], [ownRoute], []]) {
    assert.is((await ground.refresh(recordRoute, { by: stranger })).status, 200);
    const { status, generation } = await take(dialog.routeStatus());
    assert.equal([status, generation], ['recovering', 0]);
  }
  hop.script = () => false;
  hop.accept(hop.last('UPDATE'));
  await clock.run(5);
  assert.is((await take(dialog.routeStatus())).healedBy, 'local');
  assert.is(await ground.route(), ownRoute);
  await finish(ground, dialog);
});

test('Q5: wrong tags are 481, from a listed hop as well', async () => {
  const ground = await trustBed();
  const { raw } = ground;
  assert.is((await ground.refresh([otherRoute], { toTag: 'guessed' })).status, 481);
  const { local } = raw;
  Object.assign(raw, { local: local.replace(/tag=.*/, 'tag=guessed') });
  assert.is((await ground.refresh([otherRoute])).status, 481);
  Object.assign(raw, { local: local.replace(/;tag=.*/, '') });
  assert.is((await ground.refresh([otherRoute])).status, 481);
  assert.is(await ground.route(), ownRoute);
  await finish(ground, ground.dialog);
});

test('Q5: an old CSeq is 500, and so is an equal one by another way: no refresh is replayed', async () => {
  const ground = await trustBed();
  const { raw } = ground;
  raw.cseq = 10;
  assert.is((await ground.refresh([otherRoute])).status, 200);
  assert.is((await ground.refresh([ownRoute])).status, 200);
  for (const cseq of [11, 12, 1]) assert.is((await ground.refresh([otherRoute], { cseq })).status, 500, String(cseq));
  assert.is(await ground.route(), ownRoute);
  assert.is(await ground.generation(), 2);
  await finish(ground, ground.dialog);
});

test('Q5: a refresh that comes again, branch and all, gets the same response and changes nothing a second time', async () => {
  const ground = await trustBed();
  const { hop, raw } = ground;
  const branch = hop.branch();
  await ground.refresh([otherRoute], { branch });
  await ground.refresh([ownRoute]);
  raw.cseq--;
  const again = await ground.refresh([otherRoute], { branch, cseq: raw.cseq });
  assert.equal(again.all('Record-Route'), [otherRoute], 'the stored response');
  assert.is(await ground.generation(), 2);
  assert.is(await ground.route(), ownRoute);
  raw.cseq++;
  await finish(ground, ground.dialog);
});

test('Q5: what is no SIP URI of a loose router is no route', async () => {
  for (const recordRoute of [
    [`<sip:${host}:5080>`],
    [otherRoute, `<sip:${host}:6666>`],
    [`<sip:${host}:5080;lrx>`],
    ['<tel:+15551234>'],
    ['<http://example.com/;lr>'],
    ['<mailto:a@b;lr>'],
    [`sip:${host}:5080;lr`],
    [otherRoute, 'nonsense'],
    ['<>'],
    [`<sip:${host}:5080;lr`],
    [`<sip:;lr>`],
    ['<sip:a b;lr>'],
  ]) {
    const ground = await trustBed();
    const { status } = await ground.refresh(recordRoute);
    assert.is(status, 200, recordRoute.join());
    assert.is(await ground.route(), ownRoute, recordRoute.join());
    assert.is(await ground.generation(), 0);
    await finish(ground, ground.dialog);
  }
});

test('Q5: 30 URIs are a route, 31 are not, and neither is what would fill our memory', async () => {
  const many = (count: number, padding = ''): string[] =>
    Array.from({ length: count }, (_, index) => `<sip:${host}:5080;lr;x=${padding}${index}>`);
  for (const [recordRoute, taken] of [
    [many(30), true],
    [many(31), false],
    [many(64), false],
    [many(65), false],
    [many(20, 'x'.repeat(2500)), false],
    [many(1, 'x'.repeat(40_000)), false],
  ] as const) {
    const ground = await trustBed();
    assert.is((await ground.refresh([...recordRoute])).status, 200);
    assert.is(await ground.generation(), taken ? 1 : 0, `${recordRoute.length} of ${recordRoute[0]?.length}`);
    assert.is(await ground.route(), taken ? recordRoute.join(', ') : ownRoute);
    await finish(ground, ground.dialog);
  }
});

test('Q5: a refresh without the option tag is RFC 3261’s, from a listed hop as well', async () => {
  const ground = await trustBed();
  ground.raw.request('UPDATE', { headers: [`Record-Route: ${otherRoute}`] });
  await ground.clock.run(5);
  assert.is(await ground.route(), ownRoute);
  await finish(ground, ground.dialog);
});

test('Q5: naming the hop in Via, so that it gets the response, makes nobody the hop', async () => {
  const ground = await trustBed();
  const { raw, stranger, strangers, hop, clock } = ground;
  const via = `SIP/2.0/UDP ${host}:5070;branch=${stranger.branch()}`;
  raw.request('UPDATE', { by: stranger, via, headers: [optionTag, `Record-Route: ${strangers}`] });
  await clock.run(5);
  assert.is(hop.responses('UPDATE')[0]?.status, 200, 'it went to where Via says (§18.2.2)');
  assert.is(await ground.route(), ownRoute);
  assert.is(await ground.generation(), 0);
  await finish(ground, ground.dialog);
});

test('Q5: a hop that is taken off the list is a stranger from then on', async () => {
  const ground = await trustBed();
  ground.near.setHops([`sip:${host}:5080`]);
  await ground.refresh([otherRoute]);
  assert.is(await ground.route(), ownRoute);
  await finish(ground, ground.dialog);
});

test('Q5: trust dialog-tags takes a route from whoever knows the tags, and no other rule is loosened', async () => {
  const ground = await trustBed({ stack: { recovery: { trust: 'dialog-tags' } } });
  const { stranger, strangers, raw } = ground;
  for (const recordRoute of [[`<${stranger.uri}>`], ['<tel:1>']]) await ground.refresh(recordRoute, { by: stranger });
  assert.is((await ground.refresh([strangers], { by: stranger, toTag: 'guessed' })).status, 481);
  assert.is((await ground.refresh([strangers], { by: stranger, cseq: 1 })).status, 500);
  assert.is(await ground.route(), ownRoute);
  raw.cseq++;
  await ground.refresh([strangers], { by: stranger });
  assert.is(await ground.route(), strangers);
  await finish(ground, ground.dialog);
});

test('Q5: a secure dialog stays secure: neither route nor target goes from sips to sip', async () => {
  const secure = `<sips:${host}:5070;lr>`;
  const ground = await trustBed({ stack: { application: obliging } });
  const { hop, near, take, raw, clock } = ground;
  await take(ground.dialog.bye());
  hop.recordRoute = [secure];
  const dialog = await take(near.invite(`sip:bob@${host}:5070`));
  await clock.run(5);
  Object.assign(raw, {
    callId: dialog.callId,
    local: `${hop.last('INVITE').header('To')};tag=raw`,
    remote: hop.last('INVITE').header('From'),
  });
  const contact = `sips:bob@${host}`;
  const info = async (): Promise<Sip> => {
    await take(dialog.request('INFO'));
    return hop.last('INFO');
  };
  assert.is((await ground.refresh([secure], { contact })).status, 200);
  for (const recordRoute of [[ownRoute], [secure, otherRoute], [otherRoute, secure]]) {
    assert.is((await ground.refresh(recordRoute, { contact })).status, 200);
    assert.equal((await info()).all('Route'), [secure], recordRoute.join());
  }
  const refused = await ground.refresh([secure], { contact: `sip:bob@${host}` });
  assert.match(refused.text, /^SIP\/2\.0 400 Contact Must Be a SIPS URI/);
  assert.is((await info()).requestUri, contact);
  const longer = [secure, `<SIPS:${host}:5080;lr>`];
  await ground.refresh(longer, { contact });
  assert.equal((await info()).all('Route'), [longer.join(', ')]);
  // Our own heal is held to the same.
  hop.recordRoute = [ownRoute];
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 503);
    return request.method === 'INFO';
  };
  ground.note('info', dialog.request('INFO'));
  await clock.run(5);
  assert.is((await take(dialog.routeStatus())).status, 'recovering');
  hop.recordRoute = [secure];
  hop.capabilities = [...hop.capabilities, `Contact: <${contact}>`];
  hop.script = (request) => {
    if (request.method !== 'UPDATE') return false;
    hop.reply(request, 200, { headers: [`Record-Route: ${secure}`, `Contact: <${contact}>`, optionTag] });
    return true;
  };
  await clock.run(3000);
  assert.is((await take(dialog.routeStatus())).status, 'healthy');
  assert.equal((await info()).all('Route'), [secure]);
  await finish(ground, dialog);
});

test('Q5: a refresh whose Contact is no SIP URI is refused, and leaves target and route', async () => {
  const ground = await trustBed();
  for (const contact of ['tel:+1555', 'http://example.com', 'mailto:a@b']) {
    const { text } = await ground.refresh([otherRoute], { contact });
    assert.match(text, /^SIP\/2\.0 400 Contact Is No SIP URI/);
    assert.is(await ground.route(), ownRoute);
    assert.is(ground.hop.last('INFO').requestUri, ground.hop.uri, contact);
  }
  await finish(ground, ground.dialog);
});

test('Q5: a heal’s 2xx is taken from the hop that was asked alone, though another has its branch', async () => {
  for (const forger of ['stranger', 'other'] as const) {
    const ground = await trustBed();
    const { hop, dialog, clock, take } = ground;
    const by = ground[forger];
    hop.script = (request) => {
      if (request.method === 'INFO') hop.reply(request, 503);
      return request.method === 'INFO' || request.method === 'UPDATE';
    };
    ground.note('info', dialog.request('INFO'));
    await clock.run(5);
    const heal = hop.last('UPDATE');
    by.recordRoute = [ground.strangers];
    for (const status of [200, 481, 430, 604]) {
      if (status === 200) by.accept(heal);
      else by.reply(heal, status);
      await clock.run(5);
      const { status: now, attempt } = await take(dialog.routeStatus());
      assert.equal([now, attempt], ['recovering', 0], `${forger} ${status}`);
    }
    hop.script = () => false;
    hop.accept(heal);
    await clock.run(5);
    assert.is((await take(dialog.routeStatus())).status, 'healthy');
    assert.is(await ground.route(), ownRoute);
    await finish(ground, dialog);
  }
});

test('Q5: a heal’s 2xx that names what is no route of loose routers heals nothing', async () => {
  for (const recordRoute of [[`<sip:${host}:6666>`], ['<tel:1;lr>'], ['nonsense'], Array(31).fill(otherRoute)]) {
    const ground = await trustBed();
    const { hop, dialog, clock, take } = ground;
    hop.recordRoute = recordRoute;
    hop.script = (request) => {
      if (request.method === 'INFO') hop.reply(request, 503);
      return request.method === 'INFO';
    };
    ground.note('info', dialog.request('INFO'));
    await clock.run(5);
    const { status, attempt } = await take(dialog.routeStatus());
    assert.equal([status, attempt], ['recovering', 1], recordRoute.join());
    hop.recordRoute = [ownRoute];
    await clock.run(3000);
    hop.script = () => false;
    assert.is(await ground.route(), ownRoute);
    await finish(ground, dialog);
  }
});

test('Q5: a forged response needs the branch: without it, nothing is heard', async () => {
  const ground = await trustBed();
  const { hop, stranger, dialog, clock, nearPort } = ground;
  hop.script = ({ method }) => method === 'INFO';
  ground.note('info', dialog.request('INFO'));
  await clock.run(5);
  const info = hop.last('INFO');
  const branch = /branch=(z9hG4bK\S+)/.exec(info.header('Via'))?.[1] ?? '';
  for (const forged of ['z9hG4bKguess', `${branch.slice(0, -1)}_`, branch.slice(0, 12), '']) {
    const text = info.text
      .replace(/^INFO .*\r\n/, 'SIP/2.0 430 Flow Failed\r\nP-Dialog-Recovery-Action: Dialog-Route-Set-Update\r\n')
      .replace(branch, forged);
    stranger.send(nearPort, text);
  }
  await clock.run(5);
  assert.equal(ground.seen(), []);
  assert.is(hop.requests('UPDATE').length, 0);
  hop.accept(info);
  await clock.run(5);
  assert.equal(ground.seen(), ['info 200']);
  await finish(ground, dialog);
});

test('Q5: a forged 430 with the branch costs one heal by our own hop, and moves no route', async () => {
  for (const action of [
    'Dialog-Route-Set-Update',
    'Registration-Route-Set-Update, Dialog-Route-Set-Update',
    'Registration-Route-Set-Update',
    'Wait-For-Session-Update',
  ]) {
    const ground = await trustBed();
    const { hop, stranger, strangers, dialog, clock, take } = ground;
    hop.script = ({ method }) => method === 'INFO';
    ground.note('info', dialog.request('INFO'));
    await clock.run(5);
    const headers = [`P-Dialog-Recovery-Action: ${action}`, `Record-Route: ${strangers}`, `Contact: <${stranger.uri}>`];
    hop.script = () => false;
    for (let times = 0; times < 50; times++) stranger.reply(hop.last('INFO'), 430, { headers });
    await clock.run(10_000);
    assert.is(hop.requests('UPDATE').length, 1, action);
    assert.is(stranger.requests('UPDATE').length + stranger.requests('INFO').length, 0);
    assert.is((await take(dialog.routeStatus())).status, 'healthy');
    assert.is(await ground.route(), ownRoute);
    assert.is(hop.last('INFO').requestUri, hop.uri);
    await finish(ground, dialog);
  }
});

test('Q5: a forged 430 without an action, or with one that nobody knows, fails its request alone', async () => {
  for (const headers of [[], ['P-Dialog-Recovery-Action: Do-As-I-Say'], ['P-Dialog-Recovery-Action: ']]) {
    const ground = await trustBed();
    const { hop, stranger, dialog, clock } = ground;
    hop.script = ({ method }) => method === 'INFO';
    ground.note('info', dialog.request('INFO'));
    await clock.run(5);
    stranger.reply(hop.last('INFO'), 430, { headers });
    await clock.run(5);
    hop.script = () => false;
    assert.equal(ground.seen(), ['info failed 430 intermediary']);
    assert.is(hop.requests('UPDATE').length, 0);
    await finish(ground, dialog);
  }
});

test('Q5: a forged challenge with the branch costs one repetition by our own hop, and tells its forger nothing', async () => {
  const ground = await trustBed({ stack: { credentials: [{ username: 'bob', password: 'zanzibar' }] } });
  const { hop, stranger, dialog, clock } = ground;
  hop.script = ({ method }) => method === 'INFO';
  ground.note('info', dialog.request('INFO'));
  await clock.run(5);
  for (let times = 0; times < 50; times++) {
    const headers = [`WWW-Authenticate: Digest realm="r${times}", nonce="n${times}", qop="auth"`];
    stranger.reply(hop.requests('INFO')[0] as Sip, 401, { headers });
  }
  await clock.run(5);
  assert.is(hop.requests('INFO').length, 2);
  assert.is(stranger.requests('INFO').length, 0);
  hop.accept(hop.last('INFO'));
  hop.script = () => false;
  await clock.run(5);
  assert.equal(ground.seen(), ['info 200']);
  await finish(ground, dialog);
});

test('Q5: BYE and INFO with the right tags are the peer’s, whoever sent them: so RFC 3261 has it', async () => {
  const log: string[] = [];
  const asked: string[] = [];
  const application = noted(log, {
    onRequest: (request) => {
      asked.push(request.method);
      request.respond(200);
    },
  });
  const ground = await trustBed({ stack: { application } });
  const { raw, stranger, clock } = ground;
  for (const method of ['INFO', 'BYE']) raw.request(method, { by: stranger, toTag: 'guessed' });
  await clock.run(5);
  assert.equal([asked, log], [[], []]);
  for (const method of ['INFO', 'BYE']) {
    raw.request(method, { by: stranger });
    await clock.run(5);
  }
  assert.equal(
    stranger.received.map(({ status, method }) => `${status} ${method}`),
    ['481 INFO', '481 BYE', '200 INFO', '200 BYE'],
  );
  assert.equal([asked, log], [['INFO'], ['ended remote bye']]);
  await ground.rest();
});

test('Q5: a heal that is answered after the peer has brought another route leaves that generation’s failures behind', async () => {
  const ground = await trustBed();
  const { hop, dialog, clock, take } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 503);
    return request.method === 'INFO' || request.method === 'UPDATE';
  };
  ground.note('info', dialog.request('INFO'));
  await clock.run(5);
  assert.is((await ground.refresh([otherRoute])).status, 200);
  assert.is((await take(dialog.routeStatus())).status, 'healthy');
  hop.reply(hop.last('UPDATE'), 604);
  await clock.run(5);
  hop.script = () => false;
  assert.is(await ground.generation(), 1);
  assert.is(await ground.route(), otherRoute);
  await finish(ground, dialog);
});

test.run();
