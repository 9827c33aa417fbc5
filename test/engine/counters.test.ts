import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RefusalReport, StackCounters } from '../../core/index.ts';
import { trustBed } from '../recovery/trust-bed.ts';
import { type Bed, type BedOptions, bed, call, finish } from './bed.ts';
import { RawPeer } from './raw-peer.ts';
import { host, noted, obliging } from './world.ts';

const test = suite('Counters of a stack');

const strangerPort = 6666;

interface Counted extends Bed {
  readonly stranger: RawPeer;
  readonly reports: RefusalReport[];
}

async function counted(options: BedOptions['stack'] = {}, takesCalls = true): Promise<Counted> {
  const reports: RefusalReport[] = [];
  const log: string[] = [];
  const onRefused = (report: RefusalReport): void => void reports.push(report);
  const application = { ...noted(log, takesCalls ? obliging : {}), onRefused };
  const ground = await bed({ stack: { application, ...options } });
  return { ...ground, stranger: await RawPeer.open(ground, 'stranger', strangerPort), reports };
}

/** What has changed, by name. */
async function changes(ground: Counted, act: () => void | Promise<void>): Promise<Partial<StackCounters>> {
  const before = await ground.take(ground.near.counters());
  await act();
  await ground.clock.run(10);
  const after = await ground.take(ground.near.counters());
  const changed = Object.entries(after).map(([name, value]) => [name, value - before[name as keyof StackCounters]]);
  return Object.fromEntries(changed.filter(([, count]) => count !== 0));
}

let sent = 0;

/** A request of a stranger's outside any dialog, lines replaced or added. */
function request(method: string, changed: { readonly [name: string]: string } = {}, start?: string): string {
  sent++;
  const lines: { [name: string]: string } = {
    Via: `SIP/2.0/UDP ${host}:${strangerPort};rport;branch=z9hG4bK-${sent}`,
    'Max-Forwards': '70',
    From: `<sip:a@b>;tag=${sent}`,
    To: `<sip:${host}>`,
    'Call-ID': `call-${sent}`,
    CSeq: `1 ${method}`,
    Contact: `<sip:a@${host}:${strangerPort}>`,
    ...changed,
  };
  const head = Object.entries(lines)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`);
  return `${[start ?? `${method} sip:${host}:5060 SIP/2.0`, ...head].join('\r\n')}\r\n\r\n`;
}

test('each refusal of a stranger’s message has its counter, and a report that names counter, reason and source', async () => {
  const ground = await counted();
  const { stranger, reports, nearPort, clock } = ground;
  const odd = `INVITE sip:${host}:5060 SIP/2.0`;
  const response = 'SIP/2.0 200 OK';
  for (const [counter, reason, text] of [
    ['refused400', 'Malformed From', request('OPTIONS', { From: '<sip:a@b' })],
    ['refused400', 'Version Not Supported', request('OPTIONS', {}, `OPTIONS sip:${host} SIP/3.0`)],
    ['refused400', 'Missing Contact', request('INVITE', { Contact: '' })],
    ['refused405', 'Method Not Allowed', request('REGISTER')],
    ['refused405', 'Not Implemented', request('DANCE')],
    ['refused413', 'Too Many Header Fields', request('OPTIONS', { X: Array(300).fill('y').join('\r\nX: ') })],
    ['refused415', 'Unsupported Media Type', `${request('INVITE', { 'Content-Type': 'text/html' })}<html>`],
    ['refused416', 'Unsupported URI Scheme', request('INVITE', {}, odd.replace('sip:', 'tftp:'))],
    ['refused420', 'Bad Extension', request('INVITE', { Require: 'teleport' })],
    ['refused422', 'Session Interval Too Small', request('INVITE', { 'Session-Expires': '1', Supported: 'timer' })],
    ['refused481', 'Call/Transaction Does Not Exist', request('BYE', { To: `<sip:${host}>;tag=guessed` })],
    ['refused481', 'Call/Transaction Does Not Exist', request('INFO')],
    ['refused481', 'Call/Transaction Does Not Exist', request('CANCEL')],
    ['droppedMalformed', 'Malformed Start Line', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['droppedMalformed', 'Malformed From', request('ACK', { From: '<sip:a@b' })],
    ['droppedAcks', 'ACK of No Answer', request('ACK')],
    ['droppedResponses', 'Response to No Request', request('INFO', {}, response)],
  ] as const) {
    reports.length = 0;
    const changed = await changes(ground, () => stranger.send(nearPort, text));
    assert.is(changed[counter], 1, `${counter}: ${JSON.stringify(changed)}`);
    const names = Object.keys(changed).filter((name) => !/^(received|sent)/.test(name));
    assert.equal(names, [counter]);
    assert.equal(
      reports,
      [{ counter, reason, source: { protocol: 'udp', host, port: strangerPort }, count: 1 }],
      counter,
    );
    await clock.run(30_000);
  }
  await ground.rest();
});

test('a flood is told as one report and its size, 10 s later', async () => {
  const ground = await counted();
  const { stranger, reports, nearPort, clock } = ground;
  const changed = await changes(ground, () => {
    for (let count = 0; count < 500; count++) stranger.send(nearPort, request('REGISTER'));
  });
  assert.is(changed.refused405, 500);
  assert.is(changed.receivedRequests, 500);
  assert.is(changed.sentResponses, 500);
  await clock.run(11_000);
  assert.equal(
    reports.map(({ counter, count }) => `${counter} ${count}`),
    ['refused405 1', 'refused405 499'],
  );
  await ground.rest();
});

test('what keeps a NAT’s binding alive is no malformed message', async () => {
  const ground = await counted();
  const changed = await changes(ground, () => {
    ground.stranger.send(ground.nearPort, '\r\n\r\n');
    ground.stranger.send(ground.nearPort, '');
  });
  assert.equal(changed, {});
  await ground.rest();
});

test('a dialog at work refuses nothing: probes, their answers, repetitions and ACKs have no refusal’s counter', async () => {
  const ground = await counted();
  const { hop, near, take, clock, reports } = ground;
  const changed = await changes(ground, async () => {
    const { dialog, raw } = await call(ground);
    await take(dialog.request('INFO'));
    const branch = hop.branch();
    raw.request('INFO', { branch });
    await clock.run(5);
    raw.request('INFO', { branch, cseq: raw.cseq });
    await clock.run(5000);
    assert.ok(ground.probes.count > 10);
    await take(dialog.bye());
  });
  const { receivedRequests, receivedResponses, sentRequests, sentResponses, repeatedRequests, ...others } = changed;
  assert.is(receivedRequests, 2);
  assert.is(repeatedRequests, 1);
  assert.is(sentResponses, 2);
  assert.ok((sentRequests ?? 0) > 10 && (receivedResponses ?? 0) > 10);
  assert.equal(others, {});
  assert.equal(reports, []);
  assert.is((await take(near.counts())).dialogs, 0);
  await ground.rest();
});

test('requests with a CSeq that was there before are old ones that somebody sends again', async () => {
  const ground = await counted();
  const { dialog, raw } = await call(ground);
  raw.request('INFO', { cseq: 7 });
  await ground.clock.run(5);
  const changed = await changes(ground, () => {
    raw.request('INFO', { cseq: 7 });
    raw.request('INFO', { cseq: 3 });
  });
  assert.is(changed.refused500, 2);
  assert.is(ground.reports.at(-1)?.reason, 'CSeq Not Above the Last');
  await finish(ground, dialog);
});

test('a forged 430 is counted as such: it heals nothing', async () => {
  const ground = await counted();
  const { dialog } = await call(ground);
  const { stranger, nearPort } = ground;
  const forged = request('INFO', { 'P-Dialog-Recovery-Action': 'Dialog-Route-Set-Update' }, 'SIP/2.0 430 Flow Failed');
  const changed = await changes(ground, () => stranger.send(nearPort, forged));
  assert.is(changed.droppedResponses, 1);
  assert.is(changed.dropped430, 1);
  assert.is((await ground.take(dialog.routeStatus())).status, 'healthy');
  assert.is(ground.hop.requests('UPDATE').length, 0);
  await finish(ground, dialog);
});

test('a call to a program that takes none is refused at once', async () => {
  const ground = await counted({}, false);
  const changed = await changes(ground, () => ground.stranger.send(ground.nearPort, request('INVITE')));
  assert.is(changed.refused480, 1);
  assert.is(ground.reports.at(-1)?.counter, 'refused480');
  await ground.rest();
});

test('without room for a dialog or a transaction a request counts as refused by 503', async () => {
  const ground = await counted({ limits: { dialogs: 1, transactions: 8 } });
  const { dialog } = await call(ground);
  const one = await changes(ground, () => ground.stranger.send(ground.nearPort, request('INVITE')));
  assert.is(one.refused503, 1);
  await finish(ground, dialog);
});

test('a peer that fills the table with ever new requests has its oldest answers forgotten, and nobody else is refused', async () => {
  const ground = await counted({ limits: { dialogs: 8, transactions: 16 } });
  const { dialog, raw } = await call(ground);
  const { hop } = ground;
  const changed = await changes(ground, () => {
    for (let sent = 0; sent < 100; sent++) raw.request('INFO');
  });
  assert.is(hop.responses('INFO').filter(({ status }) => status === 200).length, 100);
  assert.is(changed.forgottenAnswers, 100 - 16);
  const other = await changes(ground, () => ground.stranger.send(ground.nearPort, request('INVITE')));
  assert.equal([changed.refused503, other.refused503], [undefined, undefined]);
  await finish(ground, dialog);
});

test('Q5: a refresh that may not rewrite the route is counted, and so is what fails to prove that it may', async () => {
  const ground = await trustBed({
    stack: { recovery: { challenge: { realm: 'x', users: { bob: 'zanzibar' } } } },
  });
  const { stranger, strangers, near, take } = ground;
  assert.is((await ground.refresh([strangers], { by: stranger })).status, 401);
  const authorization =
    'Digest realm="x", username="bob", nonce="1", uri="sip:10.0.0.1:5060", qop=auth, nc=00000001, cnonce="c", response="0", algorithm=MD5';
  const headers = [`Authorization: ${authorization}`];
  assert.is((await ground.refresh([strangers], { by: stranger, headers })).status, 401);
  const { refused401, failedProofs, refusedRoutes } = await take(near.counters());
  assert.equal([refused401, failedProofs, refusedRoutes], [2, 1, 0]);
  await finish(ground, ground.dialog);

  const open = await trustBed();
  assert.is((await open.refresh([open.strangers], { by: open.stranger })).status, 200);
  assert.is((await open.refresh([`<sip:${host}:5080;lr>`])).status, 200);
  assert.is((await open.take(open.near.counters())).refusedRoutes, 1);
  await finish(open, open.dialog);
});

test.run();
