import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { IncomingRequest } from '../../core/index.ts';
import { type Bed, bed, call, finish } from './bed.ts';
import { farAnswer, host, nearOffer, noted } from './world.ts';

const test = suite('re-INVITE and UPDATE (RFC 3261 §14, RFC 3311 §5)');

const newOffer = 'v=0\r\no=near 1 2 IN IP4 10.0.0.1\r\ns=-\r\n';
const newFarOffer = 'v=0\r\no=far 1 2 IN IP4 10.0.0.1\r\ns=-\r\n';

interface AskedBed extends Bed {
  readonly asked: IncomingRequest[];
}

async function asking(): Promise<AskedBed> {
  const asked: IncomingRequest[] = [];
  const application = { ...noted([]), onRequest: (request: IncomingRequest) => void asked.push(request) };
  return { ...(await bed({ stack: { application } })), asked };
}

function statuses({ hop }: Bed, method: string): number[] {
  return hop.responses(method).map(({ status }) => status);
}

test('a re-INVITE of ours changes the session: it is acknowledged, and what was offered is what a refresh repeats', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  const { take, hop, clock } = ground;
  const { body } = await take(dialog.request('INVITE', { body: newOffer }));
  await clock.run(5);
  assert.is(new TextDecoder().decode(body), farAnswer);
  assert.is(hop.last('INVITE').body, newOffer);
  assert.is(hop.last('INVITE').header('Session-Expires'), '');
  assert.is(hop.last('ACK').cseq, hop.last('INVITE').cseq);
  raw.request('INVITE', { body: farAnswer });
  await clock.run(5);
  assert.is(hop.responses('INVITE').at(-1)?.body, newOffer);
  raw.acknowledge(hop.responses('INVITE')[0] ?? hop.last(''));
  await finish(ground, dialog);
});

test('a re-INVITE of ours without an offer answers the one that it brings with our session as it is, each time the 2xx comes', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const { hop, take, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.accept(request, { body: newFarOffer });
    return request.method === 'INVITE';
  };
  const { body } = await take(dialog.request('INVITE'));
  await clock.run(5);
  assert.is(new TextDecoder().decode(body), newFarOffer);
  assert.equal([hop.last('ACK').body, hop.last('ACK').header('Content-Type')], [nearOffer, 'application/sdp']);
  hop.accept(hop.last('INVITE'), { body: newFarOffer });
  await clock.run(5);
  assert.is(hop.last('ACK').body, nearOffer);
  hop.script = () => false;
  await finish(ground, dialog);
});

for (const [when, options] of [
  ['its hop has fallen silent', { protocol: 'tcp' }],
  ['its dialog has ended', {}],
] as const) {
  test(`the offer of a 2xx that comes once ${when} is answered all the same, each time it comes`, async () => {
    const ground = await bed(options);
    const { dialog } = await call(ground);
    const { hop, clock, network, note } = ground;
    hop.script = ({ method }) => method === 'INVITE';
    note('invite', dialog.request('INVITE'));
    await clock.run(10);
    if (options.protocol === 'tcp') {
      network.pause({ host, port: hop.port });
      await clock.run(5_000);
      network.resume({ host, port: hop.port });
    } else {
      note('bye', dialog.bye());
      await clock.run(10);
    }
    assert.is(ground.seen().filter((line) => line.startsWith('invite failed')).length, 1);
    const { cseq } = hop.last('INVITE');
    for (const count of [1, 2]) {
      hop.accept(hop.last('INVITE'), { body: newFarOffer });
      await clock.run(5);
      const acks = hop.requests('ACK').filter((ack) => ack.cseq === cseq);
      assert.is(acks.length, count);
      assert.equal([acks.at(-1)?.body, acks.at(-1)?.header('Content-Type')], [nearOffer, 'application/sdp']);
    }
    hop.script = () => false;
    if (options.protocol === 'tcp') await finish(ground, dialog);
    else await ground.rest();
  });
}

test('the answer to such a late offer is our session as it is then, and the program hears of the peer’s; a text is none', async () => {
  const sessions: string[] = [];
  const application = {
    ...noted([]),
    onSessionChanged: (_dialog: unknown, body: Uint8Array) => void sessions.push(new TextDecoder().decode(body)),
  };
  for (const [type, answer, told] of [
    ['application/sdp', newOffer, [newFarOffer]],
    ['text/plain', '', []],
  ] as const) {
    sessions.length = 0;
    const ground = await bed({ protocol: 'tcp', stack: { application } });
    const { dialog } = await call(ground);
    const { hop, clock, network, take } = ground;
    hop.script = ({ method }) => method === 'INVITE';
    ground.note('invite', dialog.request('INVITE'));
    await clock.run(10);
    network.pause({ host, port: hop.port });
    await clock.run(5_000);
    network.resume({ host, port: hop.port });
    await clock.run(3_000);
    const late = hop.requests('INVITE')[1] ?? hop.last('INVITE');
    await take(dialog.request('UPDATE', { body: newOffer }));
    hop.accept(late, { body: newFarOffer, headers: [`Content-Type: ${type}`] });
    await clock.run(5);
    assert.equal([hop.last('ACK').cseq, hop.last('ACK').body], [late.cseq, answer]);
    assert.equal(sessions, told);
    hop.script = () => false;
    await finish(ground, dialog);
  }
});

test('a second re-INVITE of ours fails with 491 while the first is pending, also while that waits for a heal', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  ground.hop.script = (request) => {
    if (request.method === 'INVITE')
      ground.hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] });
    return request.method === 'INVITE' || request.method === 'UPDATE';
  };
  ground.note('first', dialog.request('INVITE', { body: newOffer }));
  ground.note('second', dialog.request('INVITE', { body: newOffer }));
  await ground.clock.run(10);
  ground.note('third', dialog.request('INVITE', { body: newOffer }));
  await ground.clock.run(10);
  assert.equal(ground.seen(), ['second failed 491 local', 'third failed 491 local']);
  assert.is(ground.hop.requests('INVITE').length, 2);
  ground.hop.script = () => false;
  ground.hop.accept(ground.hop.last('UPDATE'));
  await ground.clock.run(10);
  assert.equal(ground.seen().slice(2), ['first 200']);
  await finish(ground, dialog);
});

test('a peer’s new offer is the program’s to answer', async () => {
  const ground = await asking();
  const { dialog, raw } = await call(ground);
  const { clock, hop } = ground;
  for (const method of ['UPDATE', 'INVITE']) {
    raw.request(method, { body: newFarOffer.replace('2', method) });
    await clock.run(5);
    assert.is(ground.asked.length, 1, method);
    assert.is(ground.asked[0]?.method, method);
    ground.asked.pop()?.respond(200, { body: newOffer });
    await clock.run(5);
    const ok = hop.responses(method)[0];
    assert.is(ok?.status, 200);
    assert.is(ok?.body, newOffer);
    assert.is(ok?.header('Contact'), '<sip:10.0.0.1:5060>');
    if (method === 'INVITE') raw.acknowledge(ok ?? hop.last(''));
  }
  await finish(ground, dialog);
});

test('a peer’s unchanged offer, and a refresh without one, are answered by the stack with our last description', async () => {
  const ground = await asking();
  const { dialog, raw } = await call(ground);
  const { clock, hop } = ground;
  raw.request('UPDATE');
  raw.request('UPDATE', { body: farAnswer });
  raw.request('INVITE', { body: farAnswer });
  await clock.run(5);
  raw.acknowledge(hop.responses('INVITE')[0] ?? hop.last(''));
  raw.request('INVITE');
  await clock.run(5);
  assert.equal(
    hop.responses('UPDATE').map(({ body }) => body),
    ['', nearOffer],
  );
  assert.equal(
    hop.responses('INVITE').map(({ body }) => body),
    [nearOffer, nearOffer],
  );
  assert.is(ground.asked.length, 0);
  raw.acknowledge(hop.responses('INVITE')[1] ?? hop.last(''));
  await finish(ground, dialog);
});

test('a refused offer leaves the session as it was', async () => {
  const ground = await asking();
  const { dialog, raw } = await call(ground);
  const { clock, hop } = ground;
  raw.request('INVITE', { body: newFarOffer });
  await clock.run(5);
  ground.asked.pop()?.respond(488);
  await clock.run(5);
  raw.request('ACK', { cseq: raw.cseq, branch: hop.branch() });
  raw.request('INVITE', { body: farAnswer });
  await clock.run(5);
  assert.equal(statuses(ground, 'INVITE').slice(0, 2), [488, 200]);
  assert.is(ground.asked.length, 0, 'the old description is still the last');
  raw.acknowledge(hop.responses('INVITE').find(({ status }) => status === 200) ?? hop.last(''));
  await finish(ground, dialog);
});

for (const theirs of ['INVITE', 'UPDATE with an offer', 'UPDATE']) {
  const [method = ''] = theirs.split(' ');
  const body = theirs === 'UPDATE' ? '' : newFarOffer;
  for (const ours of ['INVITE', 'UPDATE with an offer', 'UPDATE']) {
    const glare = theirs === 'UPDATE' || ours === 'UPDATE' ? 200 : 491;
    test(`a peer’s ${theirs} that crosses our ${ours} is answered ${glare}`, async () => {
      const ground = await asking();
      const { dialog, raw } = await call(ground);
      const { clock, hop, note } = ground;
      hop.script = () => true;
      note('ours', dialog.request(ours.split(' ', 1)[0] ?? '', ours === 'UPDATE' ? {} : { body: newOffer }));
      await clock.run(5);
      raw.request(method, { body });
      await clock.run(5);
      ground.asked.pop()?.respond(200, { body: newOffer });
      await clock.run(5);
      assert.equal(statuses(ground, method), [glare]);
      hop.script = () => false;
      const [pending] = hop.received.filter(({ status, cseq }) => status === 0 && cseq === 2);
      hop.accept(pending ?? hop.last(''));
      if (method === 'INVITE') {
        const [response] = hop.responses('INVITE');
        if (response?.status === 200) raw.acknowledge(response);
      }
      await clock.run(5);
      assert.equal(ground.seen(), ['ours 200']);
      await finish(ground, dialog);
    });
  }
}

test('a second refresh of the peer, before the first was answered, is answered 500 with Retry-After', async () => {
  for (const [first, second] of [
    ['INVITE', 'INVITE'],
    ['UPDATE', 'UPDATE'],
    ['INVITE', 'UPDATE'],
    ['UPDATE', 'INVITE'],
  ] as const) {
    const ground = await asking();
    const { dialog, raw } = await call(ground);
    const { clock, hop } = ground;
    raw.request(first, { body: newFarOffer });
    await clock.run(5);
    raw.request(second, { body: newFarOffer.replace('2', '3') });
    await clock.run(5);
    const [refused] = hop.responses(second);
    assert.is(refused?.status, 500, `${first} ${second}`);
    assert.match(refused?.header('Retry-After') ?? '', /^([0-9]|10)$/);
    ground.asked.pop()?.respond(200, { body: newOffer });
    await clock.run(5);
    const ok = hop.responses(first).find(({ status }) => status === 200);
    if (first === 'INVITE' && ok !== undefined) raw.acknowledge(ok);
    await finish(ground, dialog);
  }
});

test('a re-INVITE of ours that meets an unacknowledged one of the peer’s fails with 491 at once', async () => {
  const ground = await asking();
  const { dialog, raw } = await call(ground);
  raw.request('INVITE', { body: farAnswer });
  await ground.clock.run(5);
  ground.note('ours', dialog.request('INVITE', { body: newOffer }));
  await ground.clock.run(5);
  assert.equal(ground.seen(), ['ours failed 491 local']);
  raw.acknowledge(ground.hop.responses('INVITE')[0] ?? ground.hop.last(''));
  await finish(ground, dialog);
});

test('a re-INVITE that asks for too short a session is answered 422', async () => {
  const ground = await asking();
  const { dialog, raw } = await call(ground);
  raw.request('UPDATE', { headers: ['Supported: timer', 'Session-Expires: 89'] });
  await ground.clock.run(5);
  assert.equal(statuses(ground, 'UPDATE'), [422]);
  assert.is(ground.hop.responses('UPDATE')[0]?.header('Min-SE'), '90');
  await finish(ground, dialog);
});

test('a re-INVITE that is given up is cancelled, and acknowledged if it is answered all the same', async () => {
  for (const answer of [487, 200]) {
    const ground = await bed();
    const { dialog } = await call(ground);
    const { clock, hop, log } = ground;
    hop.script = (request) => {
      if (request.method === 'INVITE') hop.reply(request, 180);
      return request.method === 'INVITE';
    };
    const giveUp = new AbortController();
    ground.note('ours', dialog.request('INVITE', { body: newOffer, signal: giveUp.signal }));
    await clock.run(10);
    giveUp.abort();
    await clock.run(10);
    assert.equal(ground.seen(), ['ours failed SIP_ABORTED']);
    assert.is(hop.requests('CANCEL').length, 1, log.join('\n'));
    assert.is(hop.last('CANCEL').header('Via'), hop.last('INVITE').header('Via'));
    assert.is(hop.last('CANCEL').header('Route'), hop.last('INVITE').header('Route'));
    const acks = hop.requests('ACK').length;
    hop.script = () => false;
    if (answer === 200) hop.accept(hop.last('INVITE'));
    else hop.reply(hop.last('INVITE'), answer);
    await clock.run(10);
    assert.is(hop.requests('ACK').length, acks + 1);
    ground.note('next', dialog.request('INVITE', { body: newOffer }));
    await clock.run(10);
    assert.equal(ground.seen().slice(1), ['next 200']);
    await finish(ground, dialog);
  }
});

test('a re-INVITE that is given up before any response is cancelled by the first one', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const { clock, hop } = ground;
  hop.script = ({ method }) => method === 'INVITE';
  const giveUp = new AbortController();
  ground.note('ours', dialog.request('INVITE', { body: newOffer, signal: giveUp.signal }));
  await clock.run(10);
  giveUp.abort();
  await clock.run(10);
  assert.is(hop.requests('CANCEL').length, 0);
  hop.reply(hop.last('INVITE'), 100);
  await clock.run(10);
  assert.is(hop.requests('CANCEL').length, 1);
  hop.reply(hop.last('INVITE'), 487);
  await clock.run(10);
  assert.equal(ground.seen(), ['ours failed SIP_ABORTED']);
  await finish(ground, dialog);
});

test('what the 2xx to an UPDATE says holds although the program has given the UPDATE up: target, session and timer', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  const { clock, hop } = ground;
  hop.script = ({ method }) => method === 'UPDATE';
  const giveUp = new AbortController();
  ground.note('ours', dialog.request('UPDATE', { body: newOffer, signal: giveUp.signal }));
  await clock.run(10);
  giveUp.abort();
  await clock.run(10);
  ground.note('early', dialog.request('UPDATE', { body: nearOffer }));
  await clock.run(10);
  assert.equal(ground.seen(), ['ours failed SIP_ABORTED', 'early failed 491 local'], 'its offer is still out');
  hop.reply(hop.last('UPDATE'), 100);
  await clock.run(10);
  assert.is(hop.requests('CANCEL').length, 0, 'only an INVITE is cancelled (RFC 3261 §9.1)');
  hop.script = () => false;
  hop.reply(hop.last('UPDATE'), 200, {
    headers: [`Contact: <sip:moved@${host}:5070>`, 'Session-Expires: 90;refresher=uac', 'Require: timer'],
    body: farAnswer,
  });
  await clock.run(10);
  ground.note('info', dialog.request('INFO'));
  await clock.run(10);
  assert.is(hop.last('INFO').requestUri, `sip:moved@${host}:5070`);
  const before = hop.requests('UPDATE').length;
  await clock.run(46_000);
  assert.is(hop.requests('UPDATE').length, before + 1, 'the timer that it agreed on runs');
  raw.request('INVITE');
  await clock.run(10);
  assert.is(hop.responses('INVITE').at(-1)?.body, newOffer);
  raw.acknowledge(hop.responses('INVITE').at(-1) ?? hop.last(''));
  await clock.run(10);
  await finish(ground, dialog);
});

test('a re-INVITE of the peer’s that is cancelled while the program decides is answered 487, and the program’s answer is late', async () => {
  const ground = await asking();
  const { dialog, raw } = await call(ground);
  const { clock, hop } = ground;
  const branch = hop.branch();
  raw.request('INVITE', { body: newFarOffer, branch });
  await clock.run(5);
  raw.request('CANCEL', { cseq: raw.cseq, branch });
  await clock.run(5);
  assert.equal(statuses(ground, 'CANCEL'), [200]);
  assert.equal(statuses(ground, 'INVITE'), [487]);
  raw.request('ACK', { cseq: raw.cseq, branch });
  ground.asked.pop()?.respond(200, { body: newOffer });
  await clock.run(5);
  assert.equal(statuses(ground, 'INVITE'), [487]);
  raw.request('INVITE', { body: farAnswer });
  await clock.run(5);
  assert.equal(statuses(ground, 'INVITE').slice(1), [200], 'nothing of it is left');
  raw.request('ACK', { cseq: raw.cseq });
  await finish(ground, dialog);
});

test('a refresh whose Contact cannot be a target is answered 400, and changes nothing', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  const { clock, hop, take } = ground;
  for (const contact of ['sip:b c@10.0.0.7', 'sip:', 'no uri']) {
    raw.request('UPDATE', { contact });
    await clock.run(5);
    assert.is(statuses(ground, 'UPDATE').at(-1), 400, contact);
  }
  await take(dialog.request('INFO'));
  assert.is(hop.last('INFO').requestUri, hop.uri);
  await finish(ground, dialog);
});

test('the route set of a dialog is never rewritten by an ordinary refresh of ours', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  ground.hop.recordRoute = [`<${ground.other.uri};lr>`];
  await ground.take(dialog.request('UPDATE'));
  await ground.take(dialog.request('INVITE', { body: newOffer }));
  await ground.take(dialog.request('INFO'));
  assert.is(ground.hop.last('INFO').header('Route'), `<sip:${host}:5070;lr>`);
  await finish(ground, dialog);
});

test.run();
