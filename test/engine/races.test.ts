import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog, IncomingCall } from '../../core/index.ts';
import { type Bed, bed, call, finish } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import type { Sip } from './raw-peer.ts';
import { farAnswer, host, nearOffer, noted, obliging, world } from './world.ts';

const test = suite('Races inside dialogs (RFC 5407)');

const newOffer = 'v=0\r\no=near 1 2 IN IP4 10.0.0.1\r\ns=-\r\n';
const newFarOffer = 'v=0\r\no=far 1 2 IN IP4 10.0.0.1\r\ns=-\r\n';

function statuses({ hop }: Bed, method: string): number[] {
  return hop.responses(method).map(({ status }) => status);
}

function last(messages: readonly Sip[]): Sip {
  const message = messages.at(-1);
  if (message === undefined) throw new Error('nothing has come');
  return message;
}

interface Moratorium extends Bed {
  readonly raw: RawDialog;
  readonly answered: Promise<Dialog>;
}

/** A call of the raw peer's that we have answered 200, and whose ACK is lost. */
async function moratorium(offer: string): Promise<Moratorium> {
  let answered: Promise<Dialog> | undefined;
  const log: string[] = [];
  const application = noted(log, {
    onCall: (incoming: IncomingCall) => {
      answered = incoming.answer({ body: nearOffer });
    },
    onRequest: (request) => request.respond(200, { body: newOffer }),
    onSessionChanged: (_dialog, body) => void log.push(`session ${new TextDecoder().decode(body).slice(5, 12)}`),
  });
  const ground = await bed({ stack: { application } });
  const raw = RawDialog.toward(ground.hop, ground.nearPort, 'moratorium');
  raw.request('INVITE', { body: offer, headers: [`Record-Route: <${ground.hop.uri};lr>`] });
  await ground.clock.run(10);
  raw.remote = last(ground.hop.responses('INVITE')).header('To');
  if (answered === undefined) throw new Error('the call did not come in');
  ground.log.length = 0;
  return { ...ground, raw, answered, seen: () => [...ground.seen(), ...log] };
}

test('§3.1.4: a re-INVITE that overtakes the ACK of the first INVITE is answered 200, and both ACKs are taken', async () => {
  const ground = await moratorium(farAnswer);
  const { raw, clock, hop, take } = ground;
  raw.request('INVITE', { body: newFarOffer });
  await clock.run(10);
  const ok = last(hop.responses('INVITE'));
  assert.equal([ok.status, ok.cseq, ok.body], [200, 2, newOffer]);
  const dialog = await take(ground.answered);
  const before = hop.responses('INVITE').filter(({ cseq }) => cseq === 1).length;
  await clock.run(1000);
  assert.is(hop.responses('INVITE').filter(({ cseq }) => cseq === 1).length, before, 'its 2xx is not repeated');
  raw.request('ACK', { cseq: 1 });
  raw.request('ACK', { cseq: 2 });
  await clock.run(40_000);
  assert.equal(ground.seen(), []);
  await finish(ground, dialog);
});

test('§3.1.4: should the ACK of the second not come either, that is as with any re-INVITE: the route is healed', async () => {
  const ground = await moratorium(farAnswer);
  const { raw, clock, hop } = ground;
  hop.script = ({ method }) => method === 'INVITE';
  raw.request('INVITE', { body: newFarOffer });
  await clock.run(33_000);
  assert.equal(ground.seen(), ['recovering']);
  hop.script = () => false;
  await clock.run(70_000);
  await finish(ground, await ground.answered);
});

test('§3.1.5: where our 2xx carried an offer a re-INVITE or an UPDATE with one is answered 491 until the ACK brings the answer', async () => {
  for (const method of ['INVITE', 'UPDATE']) {
    const ground = await moratorium('');
    const { raw, clock, hop, take } = ground;
    raw.request(method, { body: newFarOffer });
    await clock.run(10);
    assert.is(last(hop.responses(method)).status, 491);
    if (method === 'INVITE') raw.request('ACK', { cseq: 2, branch: hop.branch() });
    raw.request('UPDATE');
    await clock.run(10);
    assert.is(last(hop.responses('UPDATE')).status, 200, 'without an offer it is none of that');
    raw.request('ACK', { cseq: 1, body: farAnswer });
    const dialog = await take(ground.answered);
    raw.request(method, { body: newFarOffer });
    await clock.run(10);
    assert.is(last(hop.responses(method)).status, 200);
    if (method === 'INVITE') raw.request('ACK', { cseq: raw.cseq });
    await clock.run(10);
    await finish(ground, dialog);
  }
});

test('an answer that comes with the ACK of a re-INVITE and is not the last one is told', async () => {
  const ground = await moratorium(farAnswer);
  const { raw, clock, hop, take } = ground;
  raw.request('ACK', { cseq: 1 });
  const dialog = await take(ground.answered);
  for (const body of [farAnswer, newFarOffer]) {
    raw.request('INVITE');
    await clock.run(10);
    assert.is(last(hop.responses('INVITE')).body, nearOffer);
    raw.request('ACK', { cseq: raw.cseq, body });
    await clock.run(10);
  }
  assert.equal(ground.seen(), ['session o=far 1']);
  await finish(ground, dialog);
});

test('§3.1.6: a BYE that overtakes the ACK ends the call, and the ACK that follows is nobody’s', async () => {
  const ground = await moratorium(farAnswer);
  const { raw, clock, hop } = ground;
  ground.note('answer', ground.answered);
  raw.request('BYE');
  await clock.run(10);
  assert.equal(statuses(ground, 'BYE'), [200]);
  const oks = hop.responses('INVITE').length;
  raw.request('ACK', { cseq: 1 });
  await clock.run(2000);
  assert.is(hop.responses('INVITE').length, oks, 'the 2xx is not repeated');
  assert.equal(ground.seen(), ['answer failed SIP_DIALOG_ENDED', 'ended remote bye']);
  await ground.rest();
});

test('§3.2.1: BYEs that cross are both answered 200', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  const { hop, clock } = ground;
  hop.script = ({ method }) => method === 'BYE';
  ground.note('bye', dialog.bye());
  await clock.run(2);
  raw.request('BYE');
  await clock.run(10);
  assert.equal(statuses(ground, 'BYE'), [200]);
  hop.accept(hop.last('BYE'));
  await clock.run(10);
  assert.equal(ground.seen(), ['bye done', 'ended remote bye']);
  await ground.rest();
});

for (const method of ['INVITE', 'UPDATE', 'INFO', 'OPTIONS']) {
  test(`§3.2.2: ${method} of the peer’s that crosses our BYE is answered 481`, async () => {
    const ground = await bed({ stack: { application: obliging } });
    const { dialog, raw } = await call(ground);
    const { hop, clock } = ground;
    hop.script = (request) => request.method === 'BYE';
    ground.note('bye', dialog.bye());
    await clock.run(2);
    raw.request(method, { body: method === 'INVITE' ? newFarOffer : '' });
    await clock.run(10);
    assert.equal(statuses(ground, method), [481]);
    if (method === 'INVITE') raw.request('ACK', { cseq: raw.cseq });
    hop.accept(hop.last('BYE'));
    await clock.run(10);
    assert.is(ground.seen()[0], 'bye done');
    await ground.rest();
  });
}

for (const [when, beforeBye] of [
  ['before the answer to our BYE', true],
  ['after it', false],
] as const) {
  test(`§3.2.3: the 2xx of a re-INVITE that comes once we have sent BYE, ${when}, is acknowledged, each time it comes`, async () => {
    const ground = await bed();
    const { dialog } = await call(ground);
    const { hop, clock } = ground;
    hop.script = ({ method }) => method === 'BYE' || method === 'INVITE';
    ground.note('ours', dialog.request('INVITE', { body: newOffer }));
    await clock.run(5);
    const invite = hop.last('INVITE');
    ground.note('bye', dialog.bye());
    await clock.run(5);
    const acks = hop.requests('ACK').length;
    if (beforeBye) hop.accept(invite);
    else hop.accept(hop.last('BYE'));
    await clock.run(10);
    if (beforeBye) hop.accept(hop.last('BYE'));
    else hop.accept(invite);
    await clock.run(10);
    assert.is(hop.requests('ACK').length, acks + 1);
    const ack = hop.last('ACK');
    assert.equal([ack.cseq, ack.header('Route')], [invite.cseq, invite.header('Route')]);
    hop.accept(invite);
    await clock.run(10);
    assert.is(hop.requests('ACK').length, acks + 2);
    assert.equal(ground.seen().slice(-1), ['ended local bye']);
    await ground.rest();
  });
}

test('a re-INVITE of ours that the peer’s BYE ends has its 487, 481 or 2xx acknowledged all the same', async () => {
  for (const status of [487, 481, 200]) {
    const ground = await bed();
    const { dialog, raw } = await call(ground);
    const { hop, clock } = ground;
    hop.script = ({ method }) => method === 'INVITE';
    ground.note('ours', dialog.request('INVITE', { body: newOffer }));
    await clock.run(5);
    const invite = hop.last('INVITE');
    const acks = hop.requests('ACK').length;
    raw.request('BYE');
    await clock.run(5);
    assert.equal(ground.seen(), ['ours failed SIP_DIALOG_ENDED', 'ended remote bye']);
    if (status === 200) hop.accept(invite);
    else hop.reply(invite, status);
    await clock.run(10);
    assert.is(hop.requests('ACK').length, acks + 1, String(status));
    assert.is(hop.last('ACK').cseq, invite.cseq);
    await ground.rest();
  }
});

test('a re-INVITE whose dialog has ended and that is never answered is forgotten', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, 180);
    return request.method === 'INVITE';
  };
  ground.note('ours', dialog.request('INVITE', { body: newOffer }));
  await clock.run(5);
  raw.request('BYE');
  await ground.rest();
});

test('a refresh or a heal by re-INVITE whose dialog ends meanwhile is acknowledged as well', async () => {
  for (const what of ['refresh', 'heal']) {
    const ground = await bed({ hops: 1 });
    const { hop, clock } = ground;
    const timer = ['Session-Expires: 600;refresher=uac', 'Require: timer'];
    hop.capabilities = ['Allow: INVITE, ACK, BYE', 'Supported: timer', ...(what === 'refresh' ? timer : [])];
    const { dialog, raw } = await call(ground);
    hop.script = (request) => {
      if (request.method === 'INFO') hop.reply(request, 503);
      return request.method === 'INFO' || request.method === 'INVITE';
    };
    if (what === 'heal') dialog.request('INFO').catch(() => undefined);
    await clock.run(what === 'heal' ? 10 : 300_010);
    const invite = hop.last('INVITE');
    assert.match(invite.header('To'), ';tag=');
    const acks = hop.requests('ACK').length;
    raw.request('BYE');
    await clock.run(10);
    hop.accept(invite);
    await clock.run(10);
    assert.is(hop.requests('ACK').length, acks + 1, what);
    await ground.rest();
  }
});

test('§3.3.1: re-INVITEs that cross are answered 491 on both sides; the caller’s comes through last', async () => {
  const ground = world();
  const calls: Dialog[] = [];
  const far = await ground.stack('far', 5070, {
    application: {
      onCall: (incoming) => void incoming.answer({ body: farAnswer }).then((dialog) => calls.push(dialog)),
      onRequest: (request) => request.respond(200, { body: farAnswer }),
    },
  });
  const near = await ground.stack('near', 5060, {
    application: { onRequest: (request) => request.respond(200, { body: nearOffer }) },
  });
  const dialog = await ground.take(near.invite(`sip:bob@${host}:5070`, { body: nearOffer }));
  await ground.clock.run(10);
  ground.log.length = 0;
  ground.note('caller', dialog.request('INVITE', { body: newOffer }));
  for (const each of calls) ground.note('callee', each.request('INVITE', { body: newFarOffer }));
  await ground.clock.run(10);
  assert.equal(ground.log.filter((line) => line.includes('491')).sort(), [
    'far > near 491 INVITE',
    'near > far 491 INVITE',
  ]);
  await ground.clock.run(2000);
  assert.equal(ground.seen(), ['callee 200']);
  await ground.clock.run(2100);
  assert.equal(ground.seen(), ['callee 200', 'caller 200']);
  await ground.take(dialog.bye());
  assert.ok(far);
  await ground.rest();
});

test('§3.3.2: an UPDATE with an offer and a re-INVITE that cross are answered 491 as well', async () => {
  const ground = await bed({ stack: { application: obliging } });
  const { dialog, raw } = await call(ground);
  const { hop, clock } = ground;
  hop.script = ({ method }) => method === 'UPDATE';
  ground.note('ours', dialog.request('UPDATE', { body: newOffer }));
  await clock.run(2);
  raw.request('INVITE', { body: newFarOffer });
  await clock.run(5);
  assert.equal(statuses(ground, 'INVITE'), [491]);
  raw.request('ACK', { cseq: raw.cseq });
  hop.script = () => false;
  hop.reply(hop.last('UPDATE'), 491);
  await clock.run(100);
  raw.request('INVITE', { body: newFarOffer });
  await clock.run(10);
  assert.equal(statuses(ground, 'INVITE'), [491, 200]);
  raw.request('ACK', { cseq: raw.cseq });
  await clock.run(4000);
  assert.equal(ground.seen(), ['ours 200']);
  await finish(ground, dialog);
});

test('RFC 6141 §4.7: a provisional response that is not reliable does not move the target, the 2xx does', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const { hop, clock, take } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, 183, { headers: ['Contact: <sip:early@10.0.0.7>'] });
    return request.method === 'INVITE';
  };
  ground.note('ours', dialog.request('INVITE', { body: newOffer }));
  await clock.run(5);
  await take(dialog.request('INFO'));
  assert.is(hop.last('INFO').requestUri, hop.uri);
  hop.script = () => false;
  hop.reply(hop.last('INVITE'), 200, { headers: ['Contact: <sip:late@10.0.0.8>'], body: farAnswer });
  await clock.run(5);
  assert.is(hop.last('ACK').requestUri, 'sip:late@10.0.0.8');
  await take(dialog.request('INFO'));
  assert.is(hop.last('INFO').requestUri, 'sip:late@10.0.0.8');
  await finish(ground, dialog);
});

test('RFC 6141 §3.4: a re-INVITE of ours that fails leaves session and target as they were, also after a 183 with a description', async () => {
  const ground = await bed({ stack: { application: obliging } });
  const { dialog, raw } = await call(ground);
  const { hop, clock, take } = ground;
  hop.script = (request) => {
    if (request.method !== 'INVITE') return false;
    hop.reply(request, 183, { headers: ['Contact: <sip:early@10.0.0.7>'], body: newFarOffer });
    hop.reply(request, 488, { headers: ['Contact: <sip:refused@10.0.0.9>'] });
    return true;
  };
  ground.note('ours', dialog.request('INVITE', { body: newOffer }));
  await clock.run(10);
  assert.equal(ground.seen(), ['ours failed 488 remote']);
  hop.script = () => false;
  await take(dialog.request('INFO'));
  assert.is(hop.last('INFO').requestUri, hop.uri);
  raw.request('INVITE', { body: farAnswer });
  await clock.run(10);
  assert.is(last(hop.responses('INVITE')).body, nearOffer, 'the description from before is what a refresh repeats');
  raw.request('ACK', { cseq: raw.cseq });
  await clock.run(10);
  await finish(ground, dialog);
});

test('RFC 6141 §4.8: our Contact is the same in every request and in every response', async () => {
  const ground = await bed({ stack: { application: obliging } });
  const { dialog, raw } = await call(ground);
  const { hop, clock, take } = ground;
  await take(dialog.request('UPDATE'));
  raw.request('UPDATE');
  raw.request('INVITE', { body: farAnswer });
  await clock.run(10);
  const contacts = [hop.requests('INVITE'), hop.requests('UPDATE'), hop.responses('UPDATE'), hop.responses('INVITE')];
  assert.equal(new Set(contacts.flat().map((message) => message.header('Contact'))).size, 1);
  raw.request('ACK', { cseq: raw.cseq });
  await finish(ground, dialog);
});

test.run();
