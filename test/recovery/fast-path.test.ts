import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import type { RawPeer, Sip } from '../engine/raw-peer.ts';
import { farAnswer, host, nearOffer, noted } from '../engine/world.ts';

const test = suite('The fast path: 430 Dialog-Route-Set-Update (figure 1)');

const healIt = ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'];

/** Answers that many INFOs with a 430 that asks for a heal, and then as a good peer. */
function losesState(peer: RawPeer, times: number, onUpdate: (request: Sip) => boolean = () => false): void {
  let left = times;
  peer.script = (request) => {
    if (request.method === 'UPDATE') return onUpdate(request);
    if (request.method !== 'INFO' || left === 0) return false;
    left--;
    peer.reply(request, 430, { headers: healIt });
    return true;
  };
}

test('Q11: the request is healed for and sent again, without an event: the same but for CSeq, branch, Route and target', async () => {
  const ground = await bed({ hops: 1 });
  const { hop, other, log, take } = ground;
  const { dialog } = await call(ground);
  await ground.clock.run(40_000); // the ACK of the call is of no interest any more
  losesState(hop, 1, (request) => {
    hop.recordRoute = [`<${other.uri};lr>`];
    hop.accept(request);
    return true;
  });
  ground.note('info', dialog.request('INFO', { headers: { 'X-Own': 'x' }, contentType: 'text/plain', body: 'hello' }));
  await ground.clock.run(20);
  assert.equal(log, [
    'near > hop INFO',
    'hop > near 430 INFO',
    'near > hop UPDATE',
    'hop > near 200 UPDATE',
    'near > other INFO',
    'other > near 200 INFO',
    'info 200',
  ]);
  const [first, again] = [hop.last('INFO'), other.last('INFO')];
  assert.equal([first.cseq, hop.last('UPDATE').cseq, again.cseq], [2, 3, 4]);
  assert.is.not(first.header('Via'), again.header('Via'));
  assert.equal([first.header('Route'), again.header('Route')], [`<${hop.uri};lr>`, `<${other.uri};lr>`]);
  for (const name of ['X-Own', 'Content-Type', 'From', 'To', 'Call-ID'])
    assert.is(first.header(name), again.header(name), name);
  assert.is(again.body, 'hello');
  const { healedRequests } = await take(ground.near.counts());
  assert.is(healedRequests, 1);
  await finish(ground, dialog);
});

test('all requests of the dialog wait for the one heal, and go in their order', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  losesState(hop, 2, () => true);
  for (const name of ['a', 'b']) ground.note(name, dialog.request('INFO', { headers: { 'X-Name': name } }));
  await clock.run(10);
  for (const name of ['c', 'd']) ground.note(name, dialog.request('INFO', { headers: { 'X-Name': name } }));
  await clock.run(10);
  assert.is(hop.requests('INFO').length, 2);
  assert.is(hop.requests('UPDATE').length, 1);
  hop.accept(hop.last('UPDATE'));
  await clock.run(10);
  assert.equal(
    hop
      .requests('INFO')
      .slice(2)
      .map((request) => request.header('X-Name')),
    ['a', 'b', 'c', 'd'],
  );
  assert.equal(ground.seen(), ['a 200', 'b 200', 'c 200', 'd 200']);
  await finish(ground, dialog);
});

test('a request that is refused for glare after its heal is not tried once more beyond the 4 s', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  let offers = 0;
  hop.script = (request) => {
    if (request.method !== 'UPDATE') return false;
    if (request.body !== '') hop.reply(request, offers++ === 0 ? 430 : 491, { headers: healIt });
    return true;
  };
  ground.note('update', dialog.request('UPDATE', { body: nearOffer }));
  await clock.run(2000);
  hop.accept(hop.last('UPDATE'));
  await clock.run(10_000);
  assert.is(offers, 2);
  assert.equal(
    ground.seen(),
    ['update failed 491 intermediary because of 430'],
    'and its route, which is healed, is not told as broken',
  );
  hop.script = () => false;
  await finish(ground, dialog);
});

test('nor does one wait longer than that for an offer of the peer’s that has come meanwhile', async () => {
  let answer = (): void => undefined;
  const application = noted([], {
    onRequest: (request) => {
      answer = () => void request.respond(200, { body: nearOffer });
    },
  });
  const ground = await bed({ hops: 1, stack: { application } });
  const { dialog, raw } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'UPDATE' && request.body !== '') hop.reply(request, 430, { headers: healIt });
    return request.method === 'UPDATE';
  };
  ground.note('update', dialog.request('UPDATE', { body: nearOffer }));
  await clock.run(1900);
  raw.request('UPDATE', { body: 'v=0\r\no=far 1 2 IN IP4 10.0.0.1\r\ns=-\r\n' });
  await clock.run(100);
  hop.accept(hop.last('UPDATE'));
  await clock.run(3000);
  answer();
  await clock.run(7000);
  assert.is(hop.requests('UPDATE').filter(({ body }) => body !== '').length, 1);
  assert.equal(ground.seen(), ['update failed 491 local']);
  hop.script = () => false;
  await finish(ground, dialog);
});

test('it is sent again twice at most, then the 430 is the sender’s and the route is broken', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  losesState(ground.hop, 3);
  ground.note('info', dialog.request('INFO'));
  await ground.clock.run(50);
  assert.is(ground.hop.requests('INFO').length, 3);
  assert.is(ground.hop.requests('UPDATE').length, 3, 'one each time, and one for the broken route');
  assert.equal(ground.seen(), ['info failed 430 intermediary', 'recovering', 'healthy']);
  await finish(ground, dialog);
});

test('heal and sending again share 4 s; past that the 430 is the sender’s, and the same heal goes on', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  losesState(hop, 1, () => true);
  const fromMs = clock.nowMs();
  ground.note('info', dialog.request('INFO'));
  await clock.run(3990);
  assert.equal(ground.seen(), []);
  await clock.run(30);
  assert.equal(ground.seen(), ['info failed 430 intermediary', 'recovering']);
  assert.is(fromMs + 4020, clock.nowMs());
  const { attempt, nextAttemptAtMs } = await ground.take(dialog.routeStatus());
  assert.equal([attempt, nextAttemptAtMs], [0, undefined], 'the heal is still under way');
  hop.accept(hop.last('UPDATE'));
  await clock.run(10);
  assert.is(new Set(hop.requests('UPDATE').map(({ cseq }) => cseq)).size, 1);
  assert.equal(ground.seen().slice(2), ['healthy']);
  assert.is(hop.requests('INFO').length, 1, 'never sent again on the slow path');
  await finish(ground, dialog);
});

test('the 4 s run on while the request is out again; its route is healed, and only its hop is asked whether it lives', async () => {
  for (const lives of [true, false]) {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    const { hop, clock } = ground;
    let infos = 0;
    hop.script = (request) => {
      if (request.method !== 'INFO') return false;
      if (infos++ === 0) hop.reply(request, 430, { headers: healIt });
      return true;
    };
    ground.note('info', dialog.request('INFO'));
    await clock.run(3900);
    assert.equal(ground.seen(), []);
    hop.answersProbes = lives;
    await clock.run(200);
    assert.equal(ground.seen(), ['info failed 430 intermediary']);
    await clock.run(2_000);
    assert.equal(ground.seen().slice(1), lives ? [] : ['recovering']);
    hop.answersProbes = true;
    hop.script = () => false;
    await clock.run(5_000);
    assert.equal(ground.seen().slice(2), lives ? [] : ['healthy']);
    await finish(ground, dialog);
  }
});

test('the 4 s of one that is out again leave another’s quick heal alone, and those that wait behind it', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  const infos = (name: string): Sip[] => hop.requests('INFO').filter((info) => info.header('X-Name') === name);
  let heals = 0;
  hop.script = (request) => {
    if (request.method === 'UPDATE') return heals++ > 0;
    if (request.header('X-Name') !== 'again') return false;
    if (infos('again').length === 1) hop.reply(request, 430, { headers: healIt });
    return true;
  };
  ground.note('again', dialog.request('INFO', { headers: { 'X-Name': 'again' } }));
  await clock.run(1500);
  ground.note('invite', dialog.request('INVITE', { body: nearOffer }));
  await clock.run(10);
  for (let copy = 0; copy < 3; copy++) {
    hop.accept(hop.last('INVITE')); // as if its ACK were lost
    await clock.run(300);
  }
  assert.is(heals > 1, true);
  ground.note('behind', dialog.request('INFO', { headers: { 'X-Name': 'behind' } }));
  await clock.run(1700);
  assert.equal(ground.seen(), ['invite 200', 'again failed 430 intermediary']);
  assert.is(infos('behind').length, 0);
  hop.script = () => false;
  await clock.run(5000);
  assert.is(infos('behind').length, 1);
  await finish(ground, dialog);
});

for (const method of ['UPDATE', 'INVITE'] as const) {
  test(`what a 2xx to an ${method} says that comes after the 4 s holds all the same: target and session`, async () => {
    const ground = await bed({ hops: 1 });
    const { dialog, raw } = await call(ground);
    const { hop, clock } = ground;
    const newOffer = `${nearOffer}t=0 0\r\n`;
    const sent: Sip[] = [];
    let heals = 0;
    hop.script = (request) => {
      if (request.method === 'UPDATE' && request.body === '') return heals++ > 0;
      if (request.body !== newOffer) return false;
      if (sent.every(({ cseq }) => cseq !== request.cseq)) sent.push(request);
      if (sent.length === 1) hop.reply(request, 430, { headers: healIt });
      else if (method === 'INVITE') hop.reply(request, 100);
      return true;
    };
    ground.note('ours', dialog.request(method, { body: newOffer }));
    await clock.run(4100);
    assert.equal(ground.seen(), ['ours failed 430 intermediary']);
    assert.is(hop.requests('CANCEL').length, method === 'INVITE' ? 1 : 0);
    ground.note('early', dialog.request('UPDATE', { body: nearOffer }));
    await clock.run(10);
    assert.is(ground.seen().at(-1), 'early failed 491 local', 'its offer is still out');
    const late = sent[1] ?? hop.last(method);
    hop.reply(late, 200, { headers: [`Contact: <sip:moved@${host}:${hop.port}>`], body: farAnswer });
    await clock.run(10);
    if (method === 'INVITE') assert.is(hop.last('ACK').cseq, late.cseq);
    ground.note('info', dialog.request('INFO'));
    await clock.run(10);
    assert.is(hop.last('INFO').requestUri, `sip:moved@${host}:${hop.port}`);
    raw.request('INVITE');
    await clock.run(10);
    assert.is(hop.responses('INVITE').at(-1)?.body, newOffer);
    raw.acknowledge(hop.responses('INVITE').at(-1) ?? hop.last(''));
    hop.script = () => false;
    await clock.run(70_000);
    assert.equal(ground.seen().slice(-1), ['info 200']);
    await finish(ground, dialog);
  });
}

test('a route that another request finds broken meanwhile: who waits for the heal is told before the program hears of the break', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.header('X-Name') === 'waits') hop.reply(request, 430, { headers: healIt });
    return true;
  };
  ground.note('fails', dialog.request('INFO'));
  ground.note('waits', dialog.request('INFO', { headers: { 'X-Name': 'waits' } }));
  await clock.run(500);
  assert.equal(ground.seen(), []);
  const unanswered = hop.requests('INFO').find((request) => request.header('X-Name') === '');
  if (unanswered !== undefined) hop.reply(unanswered, 503);
  await clock.run(100);
  assert.equal(ground.seen(), ['fails failed 503 intermediary', 'waits failed 430 intermediary', 'recovering']);
  hop.accept(hop.last('UPDATE'));
  hop.script = () => false;
  await clock.run(3000);
  assert.is(ground.seen().at(-1), 'healthy');
  await finish(ground, dialog);
});

test('those that came behind it are sent as the route is when its time is over', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  losesState(hop, 1, () => true);
  ground.note('first', dialog.request('INFO'));
  await clock.run(1000);
  ground.note('behind', dialog.request('INFO'));
  await clock.run(3100);
  assert.equal(ground.seen().sort(), ['behind 200', 'first failed 430 intermediary', 'recovering']);
  hop.accept(hop.last('UPDATE'));
  await clock.run(10);
  await finish(ground, dialog);
});

test('nor do they go before one that had waited with them, was sent, and waits for the heal again', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  const names = (): readonly string[] => hop.requests('INFO').map((info) => info.header('X-Name'));
  losesState(hop, 1, () => true);
  for (let copy = 0; copy < 3; copy++) {
    hop.accept(hop.last('INVITE')); // as if its ACK were lost: that asks for a heal
    await clock.run(300);
  }
  ground.note('first', dialog.request('INFO', { headers: { 'X-Name': 'first' } }));
  await clock.run(3900);
  ground.note('behind', dialog.request('INFO', { headers: { 'X-Name': 'behind' } }));
  await clock.run(4050);
  assert.equal(names(), ['first']);
  hop.accept(hop.last('UPDATE'));
  await clock.run(10);
  assert.equal(names(), ['first', 'first', 'behind']);
  assert.equal(ground.seen(), ['first 200', 'behind 200']);
  await finish(ground, dialog);
});

test('those behind one that is given up are not left to wait', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  losesState(hop, 1, () => true);
  const giveUp = new AbortController();
  ground.note('first', dialog.request('INFO', { signal: giveUp.signal }));
  await clock.run(10);
  ground.note('behind', dialog.request('INFO'));
  await clock.run(10);
  giveUp.abort();
  await clock.run(10);
  assert.equal(ground.seen(), ['first failed SIP_ABORTED', 'behind 200']);
  hop.accept(hop.last('UPDATE'));
  await clock.run(10);
  await finish(ground, dialog);
});

test('a 430 to a request that was given up leaves the heal to those who wait for it, without a word to them', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  losesState(hop, 1, () => true);
  const giveUp = new AbortController();
  ground.note('update', dialog.request('UPDATE', { signal: giveUp.signal }));
  await clock.run(10);
  giveUp.abort();
  const givenUp = hop.last('UPDATE');
  ground.note('info', dialog.request('INFO'));
  await clock.run(10);
  hop.reply(givenUp, 430, { headers: healIt });
  await clock.run(10);
  assert.equal(ground.seen(), ['update failed SIP_ABORTED']);
  hop.accept(hop.last('UPDATE'));
  await clock.run(10);
  assert.equal(ground.seen(), ['update failed SIP_ABORTED', 'info 200']);
  await finish(ground, dialog);
});

test('the far end’s refusal of the heal is the sender’s error, with the 430 as its cause, and no status event', async () => {
  for (const [status, origin] of [
    [488, 'remote'],
    [603, 'remote'],
    [486, 'intermediary'],
  ] as const) {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    losesState(ground.hop, 1, (request) => {
      ground.hop.reply(request, status);
      return true;
    });
    ground.note('info', dialog.request('INFO'));
    await ground.clock.run(20);
    assert.equal(ground.seen(), [`info failed ${status} ${origin} because of 430`]);
    assert.is((await ground.take(dialog.routeStatus())).status, 'healthy');
    await finish(ground, dialog);
  }
});

test('hop trouble in the heal breaks the route as well: the failure first, then the event, then the schedule', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  losesState(ground.hop, 1, (request) => {
    ground.hop.reply(request, 500);
    return true;
  });
  ground.note('info', dialog.request('INFO'));
  await ground.clock.run(20);
  assert.equal(ground.seen(), ['info failed 500 intermediary because of 430', 'recovering']);
  const { attempt, nextAttemptAtMs = 0 } = await ground.take(dialog.routeStatus());
  assert.is(attempt, 1);
  assert.ok(nextAttemptAtMs - ground.clock.nowMs() > 900, `${nextAttemptAtMs}`);
  ground.hop.script = () => false;
  await ground.clock.run(2000);
  assert.equal(ground.seen().slice(2), ['healthy']);
  await finish(ground, dialog);
});

test('the ladder is walked on the fast path too, and its end is the end of the dialog', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 430, { headers: healIt });
    else hop.reply(request, 481);
    return true;
  };
  ground.note('info', dialog.request('INFO'));
  await ground.clock.run(50);
  assert.equal(ground.seen(), ['info failed 481 remote because of 430', 'ended remote does-not-exist']);
  await ground.rest();
});

test('a late 430 of the route before is answered by sending again on the present one, without another heal', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  const infos: Sip[] = [];
  hop.script = (request) => {
    if (request.method !== 'INFO' || infos.length === 2) return false;
    infos.push(request);
    return true;
  };
  for (const name of ['one', 'two']) ground.note(name, dialog.request('INFO'));
  await clock.run(10);
  for (const [index, info] of infos.entries()) {
    hop.reply(info, 430, { headers: healIt });
    await clock.run(10);
    assert.is(hop.requests('UPDATE').length, 1, `after ${index + 1}`);
  }
  assert.equal(ground.seen(), ['one 200', 'two 200']);
  await finish(ground, dialog);
});

test('a 430 without a recovery action concerns its request alone (RFC 5626)', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  ground.hop.script = (request) => {
    if (request.method === 'INFO') ground.hop.reply(request, 430);
    return request.method === 'INFO';
  };
  ground.note('info', dialog.request('INFO'));
  await ground.clock.run(20);
  assert.equal(ground.seen(), ['info failed 430 intermediary']);
  assert.is(ground.hop.requests('UPDATE').length, 0);
  await finish(ground, dialog);
});

test('the end of the dialog ends what waits for its heal', async () => {
  for (const how of ['peer', 'program'] as const) {
    const ground: Bed = await bed({ hops: 1 });
    const { dialog, raw } = await call(ground);
    losesState(ground.hop, 1, () => true);
    ground.note('info', dialog.request('INFO'));
    await ground.clock.run(10);
    if (how === 'peer') raw.request('BYE');
    else ground.note('bye', dialog.bye());
    await ground.clock.run(10);
    assert.ok(ground.seen().includes('info failed SIP_DIALOG_ENDED'), how);
    await ground.rest();
  }
});

test.run();
