import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog, IncomingCall } from '../../core/index.ts';
import { type Bed, bed } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import { farAnswer, nearOffer, noted } from './world.ts';

const test = suite('Calls that come in (RFC 3261 §13.3, §9.2)');

interface CalledBed extends Bed {
  readonly calls: IncomingCall[];
  readonly raw: RawDialog;
}

/** A stack that a raw peer calls; the program does nothing by itself. */
async function called(): Promise<CalledBed> {
  const calls: IncomingCall[] = [];
  const log: string[] = [];
  const application = {
    ...noted(log),
    onCall: (call: IncomingCall) => {
      calls.push(call);
      call.signal.addEventListener('abort', () => log.push('gave up'));
    },
  };
  const ground = await bed({ stack: { application } });
  const raw = RawDialog.toward(ground.hop, ground.nearPort, 'call-1');
  const seen = (): string[] => [...ground.seen(), ...log];
  return { ...ground, calls, raw, seen };
}

const headers = ['Allow: INVITE, UPDATE', 'Supported: timer', 'Record-Route: <sip:10.0.0.1:5070;lr>;x=y'];

function only<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new Error(`${items.length} items, not one`);
  return item;
}

async function answered(ground: CalledBed, own: readonly string[] = headers): Promise<Dialog> {
  const { raw, clock, hop, calls, take } = ground;
  raw.request('INVITE', { headers: own, body: nearOffer });
  await clock.run(5);
  const promise = only(calls).answer({ body: farAnswer });
  await clock.run(5);
  raw.acknowledge(only(hop.responses('INVITE').filter(({ status }) => status === 200)));
  const dialog = await take(promise);
  ground.log.length = 0;
  return dialog;
}

test('the program sees what the INVITE says', async () => {
  const ground = await called();
  ground.raw.request('INVITE', { headers: [...headers, 'Subject: lunch'], body: nearOffer });
  await ground.clock.run(5);
  const call = only(ground.calls);
  assert.is(call.requestUri, 'sip:10.0.0.1:5060');
  assert.is(call.callId, 'call-1');
  assert.match(call.from, '<sip:10.0.0.1:5070>;tag=');
  assert.is(call.headers.find(({ name }) => name === 'Subject')?.value, 'lunch');
  assert.is(new TextDecoder().decode(call.body), nearOffer);
  call.refuse(486);
  await ground.rest();
});

test('an answer is a 200 with Record-Route, Contact and the session timer; its dialog begins with the ACK', async () => {
  const ground = await called();
  const dialog = await answered(ground);
  const ok = only(ground.hop.responses('INVITE'));
  assert.equal(ok.all('Record-Route'), ['<sip:10.0.0.1:5070;lr>;x=y']);
  assert.is(ok.header('Contact'), '<sip:10.0.0.1:5060>');
  assert.is(ok.header('Session-Expires'), '1800;refresher=uac');
  assert.is(ok.header('Require'), 'timer');
  assert.match(ok.header('Supported'), 'ms-dialog-route-set-update');
  assert.match(ok.header('To'), /;tag=[0-9a-v]{26}$/);
  assert.is(ok.body, farAnswer);
  assert.is(dialog.callId, 'call-1');
  await ground.take(dialog.bye());
  await ground.rest();
});

test('our requests in its dialog go by its Record-Route to its Contact', async () => {
  const ground = await called();
  const dialog = await answered(ground, [...headers, 'Record-Route: <sip:10.0.0.9;lr>']);
  ground.note('info', dialog.request('INFO'));
  await ground.clock.run(10);
  const info = ground.hop.last('INFO');
  assert.is(info.requestUri, 'sip:10.0.0.1:5070');
  assert.is(info.header('Route'), '<sip:10.0.0.1:5070;lr>, <sip:10.0.0.9;lr>');
  assert.is(info.header('From'), ground.raw.remote);
  assert.is(info.header('To'), ground.raw.local);
  assert.is(info.cseq, 1);
  await ground.take(dialog.bye());
  await ground.rest();
});

test('ringing reaches the caller with the same tag as the answer', async () => {
  const ground = await called();
  ground.raw.request('INVITE', { headers });
  await ground.clock.run(5);
  const call = only(ground.calls);
  call.ring();
  call.ring(183, { body: farAnswer });
  ground.note('answer', call.answer());
  await ground.clock.run(5);
  const responses = ground.hop.responses('INVITE');
  assert.equal(
    responses.map(({ status }) => status),
    [180, 183, 200],
  );
  assert.is(new Set(responses.map((response) => response.header('To'))).size, 1);
  ground.raw.acknowledge(responses[2] ?? responses[0] ?? only([]));
  await ground.clock.run(5);
  ground.raw.request('BYE');
  await ground.rest();
});

test('a program that takes its time is covered by a 100 after 200 ms', async () => {
  const ground = await called();
  ground.raw.request('INVITE', { headers });
  await ground.clock.run(190);
  assert.is(ground.hop.received.length, 0);
  await ground.clock.run(20);
  assert.equal(
    ground.hop.received.map(({ status }) => status),
    [100],
  );
  only(ground.calls).refuse(603);
  await ground.rest();
});

test('a refusal is sent until it is acknowledged', async () => {
  const ground = await called();
  ground.raw.request('INVITE', { headers });
  await ground.clock.run(5);
  only(ground.calls).refuse(486, { headers: { 'Retry-After': '60' } });
  await ground.clock.run(1600);
  const refusals = ground.hop.responses('INVITE');
  assert.equal(
    refusals.map(({ status }) => status),
    [486, 486, 486],
  );
  assert.is(refusals[0]?.header('Retry-After'), '60');
  assert.is(refusals[0]?.header('Contact'), '');
  await ground.rest();
});

test('a 200 is sent until its ACK comes', async () => {
  const ground = await called();
  ground.raw.request('INVITE', { headers });
  await ground.clock.run(5);
  ground.note('answer', only(ground.calls).answer());
  await ground.clock.run(3600);
  const oks = ground.hop.responses('INVITE');
  assert.is(oks.length, 4, 'at once, and after 500, 1,500 and 3,500 ms');
  assert.equal(ground.seen(), []);
  ground.raw.acknowledge(only(oks.slice(0, 1)));
  await ground.clock.run(10_000);
  assert.is(ground.hop.responses('INVITE').length, 4);
  assert.equal(ground.seen(), ['answer done']);
  ground.raw.request('BYE');
  await ground.rest();
});

test('without an ACK the session is ended by BYE, and the answer fails', async () => {
  const ground = await called();
  ground.raw.request('INVITE', { headers });
  await ground.clock.run(5);
  ground.note('answer', only(ground.calls).answer());
  await ground.clock.run(33_000);
  assert.equal(ground.seen(), ['answer failed 408 local', 'ended local no-ack']);
  assert.is(ground.hop.requests('BYE').length, 1);
  await ground.rest();
});

test('a call whose ACK the route has taken with it is not ended, once a heal has shown that the caller has it', async () => {
  const ground = await called();
  const { raw, clock, network, other } = ground;
  raw.request('INVITE', { headers, body: nearOffer });
  await clock.run(5);
  ground.note('answer', only(ground.calls).answer({ body: farAnswer }));
  await clock.run(5);
  network.kill({ host: '10.0.0.1', port: 5070 });
  await clock.run(40_000);
  assert.is(other.requests('UPDATE').length, 1);
  assert.equal(ground.seen(), ['answer done', 'recovering', 'healthy']);
  await ground.take(ground.near.close());
  await ground.clock.runUntilIdle();
});

test('a caller who gives up is answered 487, and the program hears of it', async () => {
  const ground = await called();
  const { raw, hop, clock } = ground;
  raw.request('INVITE', { headers, branch: 'z9hG4bK-one' });
  await clock.run(300);
  raw.request('CANCEL', { branch: 'z9hG4bK-one', cseq: 1 });
  await clock.run(5);
  assert.equal(
    hop.received.map(({ status, method }) => `${status} ${method}`),
    ['100 INVITE', '200 CANCEL', '487 INVITE'],
  );
  assert.equal(ground.seen(), ['gave up']);
  assert.ok(only(ground.calls).signal.aborted);
  const [, cancelled, terminated] = hop.received;
  assert.is(cancelled?.header('To'), terminated?.header('To'), 'one tag in both (§9.2)');
  ground.note('answer', only(ground.calls).answer());
  only(ground.calls).ring();
  only(ground.calls).refuse(486);
  await clock.run(5);
  assert.is(ground.seen()[0], 'answer failed SIP_ABORTED');
  assert.is(hop.received.length, 3);
  await ground.rest();
});

test('a CANCEL after the answer is answered 200 and changes nothing; one for nothing is answered 481', async () => {
  const ground = await called();
  const { raw, hop, clock } = ground;
  raw.request('INVITE', { headers, branch: 'z9hG4bK-one' });
  await clock.run(5);
  ground.note('answer', only(ground.calls).answer());
  await clock.run(5);
  raw.request('CANCEL', { branch: 'z9hG4bK-one', cseq: 1 });
  raw.request('CANCEL', { branch: 'z9hG4bK-other', cseq: 1 });
  await clock.run(5);
  assert.equal(
    hop.responses('CANCEL').map(({ status }) => status),
    [200, 481],
  );
  raw.acknowledge(only(hop.responses('INVITE')));
  await clock.run(5);
  assert.equal(ground.seen(), ['answer done']);
  raw.request('BYE');
  await ground.rest();
});

test('an INVITE that is sent again is one call', async () => {
  const ground = await called();
  const invite = { headers, branch: 'z9hG4bK-one', cseq: 1 };
  for (let i = 0; i < 3; i++) ground.raw.request('INVITE', invite);
  await ground.clock.run(5);
  only(ground.calls).refuse(486);
  await ground.clock.run(5);
  ground.raw.request('INVITE', invite);
  await ground.clock.run(5);
  assert.is(ground.calls.length, 1);
  await ground.rest();
});

test('a call is answered or refused once', async () => {
  const ground = await called();
  const { raw, clock, hop } = ground;
  raw.request('INVITE', { headers });
  await clock.run(5);
  const call = only(ground.calls);
  ground.note('first', call.answer());
  ground.note('second', call.answer());
  call.refuse(486);
  call.ring();
  await clock.run(5);
  raw.acknowledge(only(hop.responses('INVITE')));
  await clock.run(5);
  assert.equal(ground.seen(), ['second failed SIP_ABORTED', 'first done']);
  raw.request('BYE');
  await ground.rest();
});

test('without a handler it is refused with 480', async () => {
  const ground = await bed({ stack: { application: {} } });
  RawDialog.toward(ground.hop, ground.nearPort, 'call-1').request('INVITE', { headers });
  await ground.clock.run(5);
  assert.is(only(ground.hop.received).status, 480);
  await ground.rest();
});

test('what an INVITE must not lack or be is refused', async () => {
  const ground = await called();
  const { hop, clock } = ground;
  const refusals: [string, readonly string[]][] = [
    ['420', ['Require: 100rel, timer, foo, bar']],
    ['415', ['Content-Encoding: gzip']],
    ['420', ['Require: timer', 'Require: foo']],
    ['422', ['Supported: timer', 'Session-Expires: 60']],
    ['400', ['Record-Route: sip:no-brackets']],
    ['415', ['Content-Encoding: identity', 'Content-Encoding: gzip']],
  ];
  for (const [index, [status, own]] of refusals.entries()) {
    RawDialog.toward(hop, ground.nearPort, `call-${index}`).request('INVITE', { headers: own, body: nearOffer });
    await clock.run(5);
    assert.is(String(hop.received[index]?.status), status, own.join());
  }
  assert.equal(
    hop.received.map((response) => response.header('Unsupported')),
    ['foo, bar', '', 'foo', '', '', ''],
  );
  assert.is(hop.received[1]?.header('Accept-Encoding'), 'identity');
  assert.is(hop.received[3]?.header('Min-SE'), '90');
  assert.is(ground.calls.length, 0);
  await ground.rest();
});

test('a body has to describe a session, in a part of it or by itself, or may be ignored: else 415 with Accept (§8.2.3)', async () => {
  const ground = await called();
  const { hop, clock, nearPort } = ground;
  const odd = 'Content-Type: application/unknown';
  for (const [index, [status, ...own]] of [
    [415, odd],
    [415, 'c: text/plain;charset=utf-8'],
    [415, 'Content-Type: application/sdpx'],
    [415, odd, 'Content-Disposition: session;handling=required'],
    [415, odd, 'Content-Disposition: session;handling=optionally'],
    [undefined, odd, 'Content-Disposition: x ; handling = Optional'],
    [undefined, 'Content-Type: multipart/mixed;boundary=x'],
    [undefined, 'Content-Type: APPLICATION / SDP ;x=y', 'Content-Encoding: Identity'],
  ].entries()) {
    hop.received.length = 0;
    const calls = ground.calls.length;
    RawDialog.toward(hop, nearPort, `call-${index}`).request('INVITE', { headers: own as string[], body: nearOffer });
    await clock.run(5);
    assert.is(hop.received[0]?.status, status, own.join());
    assert.is(hop.received[0]?.header('Accept'), status && 'application/sdp, multipart/*');
    assert.is(ground.calls.length - calls, status === undefined ? 1 : 0);
  }
  for (const call of ground.calls) call.refuse(486);
  await ground.rest();
});

test('a re-INVITE or an UPDATE whose body describes no session is refused by 415, and changes nothing', async () => {
  const ground = await called();
  const dialog = await answered(ground);
  const { raw, hop, clock, take } = ground;
  for (const method of ['INVITE', 'UPDATE']) {
    raw.request(method, { headers: ['Content-Type: text/html'], body: 'x', contact: 'sip:moved@10.0.0.9' });
    await clock.run(5);
    assert.is(hop.responses(method).at(-1)?.status, 415);
    if (method === 'INVITE') raw.request('ACK', { cseq: raw.cseq, branch: 'z9hG4bK-ack' });
  }
  await take(dialog.request('INFO'));
  assert.is(hop.last('INFO').requestUri, hop.uri);
  await take(dialog.bye());
  await ground.rest();
});

test('a tel URI or a service (RFC 5031) may be called; of other schemes we know nothing: 416 (§8.2.2.1)', async () => {
  const ground = await called();
  const { hop, clock, nearPort } = ground;
  for (const [requestUri, status] of [
    ['tel:+1-201-555-0123', undefined],
    ['urn:service:sos', undefined],
    ['http://example.com', 416],
  ] as const) {
    RawDialog.toward(hop, nearPort, requestUri).request('INVITE', { requestUri });
    await clock.run(5);
    assert.is(hop.received.at(-1)?.status, status);
  }
  assert.equal(
    ground.calls.map((incoming) => incoming.requestUri),
    ['tel:+1-201-555-0123', 'urn:service:sos'],
  );
  for (const incoming of ground.calls) incoming.refuse(486);
  await ground.rest();
});

test('beyond the dialogs that there is room for it is refused with 503', async () => {
  const ground = await bed({ stack: { limits: { dialogs: 1, transactions: 100 } } });
  const dialog = await ground.take(ground.near.invite('sip:bob@10.0.0.1:5070'));
  RawDialog.toward(ground.hop, ground.nearPort, 'call-1').request('INVITE', { headers });
  await ground.clock.run(5);
  assert.is(only(ground.hop.responses('INVITE')).status, 503);
  await ground.take(dialog.bye());
  await ground.rest();
});

test.run();
