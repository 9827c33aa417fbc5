import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog, IncomingCall, InviteOptions, StackOptions } from '../../core/index.ts';
import { type Bed, bed } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import type { Sip } from './raw-peer.ts';
import { farAnswer, host, nearOffer, noted } from './world.ts';

const test = suite('Reliable provisional responses (RFC 3262)');

const target = `sip:bob@${host}:5070`;

interface Inviting extends Bed {
  readonly invite: Sip;
  readonly heard: { status: number; dialog: Dialog | undefined }[];
  ring(status: number, rseq: number, options?: { toTag?: string; body?: string; allow?: string }): void;
}

/** A call of ours whose far end does what the test says. */
async function inviting(options: InviteOptions = { body: nearOffer }): Promise<Inviting> {
  const heard: { status: number; dialog: Dialog | undefined }[] = [];
  const ground = await bed();
  const { hop } = ground;
  hop.script = ({ method }) => method === 'INVITE';
  const onProvisional = ({ status }: { status: number }, dialog?: Dialog): void => void heard.push({ status, dialog });
  ground.note('call', ground.near.invite(target, { onProvisional, ...options }));
  await ground.clock.run(5);
  const invite = hop.last('INVITE');
  return {
    ...ground,
    invite,
    heard,
    ring: (status, rseq, { toTag = 'one', body = '', allow = 'INVITE, UPDATE, PRACK' } = {}) =>
      hop.reply(invite, status, {
        toTag,
        body,
        headers: [
          'Require: 100rel',
          `RSeq: ${rseq}`,
          `Contact: <${hop.uri}>`,
          `Record-Route: <${hop.uri};lr>`,
          `Allow: ${allow}`,
        ],
      }),
  };
}

const racks = ({ hop }: Bed): string[] => hop.requests('PRACK').map((prack) => prack.header('RAck'));

test('each is acknowledged by a PRACK in its early dialog, in order, each once', async () => {
  const ground = await inviting();
  const { hop, clock, ring, heard, invite } = ground;
  assert.match(invite.header('Supported'), '100rel');
  assert.match(invite.header('Allow'), 'PRACK');
  ring(183, 71);
  await clock.run(10);
  ring(183, 71);
  ring(180, 73);
  ring(180, 70);
  ring(180, 72);
  await clock.run(10);
  assert.equal(racks(ground), ['71 1 INVITE', '72 1 INVITE']);
  assert.equal(
    heard.map(({ status }) => status),
    [183, 180],
    'a repetition, a gap and an old one are not heard of (§4)',
  );
  const prack = hop.last('PRACK');
  assert.equal(
    [prack.header('Route'), prack.requestUri, /;tag=one$/.test(prack.header('To')), prack.cseq],
    [`<${hop.uri};lr>`, hop.uri, true, 3],
  );
  hop.accept(invite, { toTag: 'one' });
  await clock.run(10);
  assert.is(ground.seen().at(-1), 'call done');
  await ground.take(ground.near.close());
});

test('each branch of a fork counts by itself', async () => {
  const ground = await inviting();
  const { clock, ring } = ground;
  ring(183, 10);
  ring(183, 500, { toTag: 'two' });
  await clock.run(5);
  ring(180, 501, { toTag: 'two' });
  ring(180, 11);
  await clock.run(5);
  assert.equal(racks(ground), ['10 1 INVITE', '500 1 INVITE', '501 1 INVITE', '11 1 INVITE']);
  ground.hop.reply(ground.invite, 486);
  await ground.rest();
});

test('one without RSeq or without a To tag, and a 100, are not acknowledged', async () => {
  const ground = await inviting();
  const { hop, clock, invite, heard } = ground;
  hop.reply(invite, 100, { headers: ['Require: 100rel', 'RSeq: 1'] });
  hop.reply(invite, 180, { headers: ['Require: 100rel'] });
  hop.reply(invite, 180, { headers: ['Require: 100rel', 'RSeq: 0'] });
  hop.reply(invite, 180, { headers: ['Require: 100rel', 'RSeq: 1'], toTag: '' });
  await clock.run(10);
  assert.equal(racks(ground), []);
  assert.equal(heard, []);
  hop.reply(invite, 486);
  await ground.rest();
});

test('a PRACK is repeated by its transaction alone', async () => {
  const ground = await inviting();
  const { hop, clock, ring } = ground;
  hop.script = ({ method }) => method === 'INVITE' || method === 'PRACK';
  ring(183, 1);
  await clock.run(5);
  for (let i = 0; i < 3; i++) ring(183, 1);
  await clock.run(100);
  assert.is(hop.requests('PRACK').length, 1);
  await clock.run(500);
  assert.is(hop.requests('PRACK').length, 2, 'Timer E');
  hop.reply(ground.invite, 486);
  await clock.run(40_000);
  await ground.rest();
});

test('a PRACK that a younger request overtook is sent once more, three times at most', async () => {
  const ground = await inviting();
  const { hop, clock, ring, heard } = ground;
  hop.script = (request) => {
    if (request.method === 'PRACK') hop.reply(request, 500);
    return request.method === 'INVITE' || request.method === 'PRACK';
  };
  ring(183, 1);
  await clock.run(5);
  assert.is(hop.requests('PRACK').length, 1, 'nothing overtook it');

  hop.script = ({ method }) => method === 'INVITE' || method === 'PRACK';
  ring(180, 2);
  await clock.run(5);
  const early = heard[1]?.dialog;
  for (let overtaken = 1; overtaken <= 4; overtaken++) {
    const prack = hop.last('PRACK');
    ground.note('info', early?.request('INFO') ?? Promise.reject());
    await clock.run(5);
    assert.ok(prack.cseq < hop.last('INFO').cseq);
    hop.reply(prack, 500);
    await clock.run(5);
  }
  assert.equal(racks(ground), ['1 1 INVITE', '2 1 INVITE', '2 1 INVITE', '2 1 INVITE', '2 1 INVITE']);
  assert.is(new Set(hop.requests('PRACK').map(({ cseq }) => cseq)).size, 5);
  hop.reply(ground.invite, 486);
  await clock.run(40_000);
  await ground.rest();
});

test('an answer in one settles the offer: the caller may then offer anew by UPDATE (§5, RFC 3311 §5.1)', async () => {
  const ground = await inviting();
  const { clock, ring, heard, hop, invite } = ground;
  ring(183, 1, { body: farAnswer });
  await clock.run(10);
  ground.note('update', heard[0]?.dialog?.request('UPDATE', { body: nearOffer }) ?? Promise.reject());
  await clock.run(10);
  assert.equal(ground.seen(), ['update 200']);
  hop.accept(invite, { toTag: 'one', body: '' });
  await clock.run(10);
  assert.is(ground.seen().at(-1), 'call done');
  await ground.take(ground.near.close());
});

test('an offer in one is answered in the PRACK, and the ACK of the 2xx is then without a body', async () => {
  const offers: string[] = [];
  const ground = await inviting({
    answerOffer: (offer) => {
      offers.push(new TextDecoder().decode(offer));
      return { body: nearOffer };
    },
  });
  const { clock, ring, hop, invite } = ground;
  assert.is(invite.body, '');
  ring(183, 1, { body: farAnswer });
  await clock.run(10);
  assert.equal(offers, [farAnswer]);
  const prack = hop.last('PRACK');
  assert.equal([prack.body, prack.header('Content-Type')], [nearOffer, 'application/sdp']);
  hop.accept(invite, { toTag: 'one', body: farAnswer });
  await clock.run(10);
  assert.is(hop.last('ACK').body, '');
  assert.equal(offers.length, 1);
  await ground.take(ground.near.close());
});

test('a call without an offer, whose program cannot answer one, does not offer to take them', async () => {
  const ground = await inviting({});
  assert.not.match(ground.invite.header('Supported'), '100rel');
  ground.ring(183, 1);
  await ground.clock.run(10);
  assert.equal(racks(ground), []);
  assert.is(ground.heard.length, 1, 'it is an ordinary one');
  ground.hop.reply(ground.invite, 486);
  await ground.rest();
});

test('Q10: a PRACK whose heal fails is given up, also when who else waited for it has gone; none follows the 2xx', async () => {
  const ground = await inviting();
  const { hop, clock, ring, heard } = ground;
  hop.script = (request) => {
    if (request.method === 'PRACK')
      hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] });
    return true;
  };
  ring(183, 1);
  await clock.run(10);
  const dialog = heard[0]?.dialog as Dialog;
  const enough = new AbortController();
  dialog.request('INFO', { signal: enough.signal }).catch(() => undefined);
  await clock.run(10);
  enough.abort();
  await clock.run(40_000);
  hop.script = () => false;
  hop.accept(ground.invite, { body: farAnswer, toTag: 'one' });
  await clock.run(10);
  await ground.take(dialog.heal());
  await clock.run(10);
  assert.is(hop.requests('PRACK').length, 1);
  await ground.take(dialog.bye());
  await ground.rest();
});

test('Q10: a PRACK that meets a lost route heals its early dialog once, by UPDATE, and is sent again', async () => {
  const ground = await inviting();
  const { hop, clock, ring } = ground;
  const refusals: number[] = [];
  hop.script = (request) => {
    if (request.method === 'PRACK') {
      refusals.push(request.cseq);
      hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] });
    }
    return request.method === 'INVITE' || request.method === 'PRACK';
  };
  ring(183, 1);
  await clock.run(100);
  assert.equal(refusals, [2, 4], 'sent again with a new CSeq, and then no more');
  assert.equal([hop.requests('UPDATE').length, hop.last('UPDATE').cseq, hop.last('UPDATE').body], [1, 3, '']);
  assert.equal(racks(ground), ['1 1 INVITE', '1 1 INVITE']);
  assert.equal(ground.seen(), [], 'nobody is told of a route status');
  hop.reply(ground.invite, 486);
  await ground.rest();
});

test('Q10, Q15: where the peer has no UPDATE an early dialog is not healed: no re-INVITE, and the INVITE fails by its own rules', async () => {
  const ground = await inviting();
  const { hop, clock, ring, heard } = ground;
  hop.script = (request) => {
    if (request.method === 'PRACK' || request.method === 'INFO')
      hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] });
    return request.method !== 'BYE';
  };
  ring(183, 1, { allow: 'INVITE, PRACK' });
  await clock.run(10);
  ground.note('info', heard[0]?.dialog?.request('INFO') ?? Promise.reject());
  await clock.run(10_000);
  assert.equal(ground.seen(), ['info failed 430 intermediary']);
  assert.equal([hop.requests('UPDATE').length, hop.requests('INVITE').length, hop.requests('PRACK').length], [0, 1, 1]);
  hop.reply(ground.invite, 504);
  await clock.run(10);
  assert.is(ground.seen().at(-1), 'call failed 504 intermediary');
  await ground.rest();
});

test('Q15: a request inside an early dialog heals it by UPDATE, where the peer allows that', async () => {
  const ground = await inviting();
  const { hop, clock, ring, heard } = ground;
  ring(183, 1);
  await clock.run(10);
  let refused = false;
  hop.script = (request) => {
    const refuses = request.method === 'INFO' && !refused;
    if (refuses) {
      refused = true;
      hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] });
    }
    return refuses || request.method === 'INVITE';
  };
  ground.note('info', heard[0]?.dialog?.request('INFO') ?? Promise.reject());
  await clock.run(100);
  assert.equal(ground.seen(), ['info 200']);
  assert.is(hop.requests('UPDATE').length, 1);
  hop.reply(ground.invite, 486);
  await clock.run(10);
  await ground.rest();
});

test('Q15: a heal that an early dialog does not survive says nothing of its INVITE', async () => {
  const ground = await inviting();
  const { hop, clock, ring, heard, invite } = ground;
  ring(183, 1);
  await clock.run(10);
  hop.script = (request) => {
    if (request.method === 'INFO')
      hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] });
    if (request.method === 'UPDATE') hop.reply(request, 481);
    return request.method !== 'BYE';
  };
  ground.note('info', heard[0]?.dialog?.request('INFO') ?? Promise.reject());
  await clock.run(100);
  assert.equal(ground.seen(), ['info failed 481 remote because of 430']);
  hop.script = () => false;
  hop.accept(invite, { toTag: 'one' });
  await clock.run(10);
  assert.is(ground.seen().at(-1), 'call done');
  await ground.take(ground.near.close());
});

interface Called extends Bed {
  readonly call: IncomingCall;
  readonly raw: RawDialog;
  /** What the raw caller got for its INVITE. */
  responses(): string[];
}

const supporting = ['Allow: INVITE, UPDATE, PRACK', 'Supported: 100rel', 'Record-Route: <sip:10.0.0.1:5070;lr>'];

async function called(
  headers: readonly string[] = supporting,
  body = nearOffer,
  options: Partial<StackOptions> = {},
): Promise<Called> {
  const calls: IncomingCall[] = [];
  const log: string[] = [];
  const ground = await bed({
    stack: {
      application: {
        ...noted(log),
        onCall: (call) => {
          calls.push(call);
          call.signal.addEventListener('abort', () => log.push('gave up'));
        },
        onRequest: (request) => {
          log.push(`asked ${request.method} ${new TextDecoder().decode(request.body).slice(0, 8)}`);
          request.respond(200, { body: farAnswer });
        },
        onSessionChanged: (_dialog, session) =>
          log.push(`session ${new TextDecoder().decode(session).slice(5, 11).trim()}`),
      },
      ...options,
    },
  });
  const raw = RawDialog.toward(ground.hop, ground.nearPort, 'call-1');
  raw.request('INVITE', { headers, body, branch: 'z9hG4bK-call' });
  await ground.clock.run(5);
  const [call] = calls;
  assert.ok(call);
  const responses = (): string[] =>
    ground.hop.responses('INVITE').map(({ status, all }) => `${status} ${all('RSeq').length}`);
  return { ...ground, call, raw, responses, seen: () => [...ground.seen(), ...log] };
}

function prack({ raw, hop }: Called, options: { rack?: string; body?: string } = {}): void {
  const ring = hop.responses('INVITE').findLast(({ status }) => status < 200);
  raw.remote = ring?.header('To') ?? '';
  const { rack = `${ring?.header('RSeq')} 1 INVITE`, body = '' } = options;
  raw.request('PRACK', { headers: [`RAck: ${rack}`], body });
}

test('ours is repeated from T1 on, doubling without a cap, until its PRACK, which is answered 200', async () => {
  const ground = await called();
  const { hop, clock, call } = ground;
  assert.ok(call.supportsReliable);
  call.ring(183, { reliable: true });
  await clock.run(500 + 1000 + 2000 + 4000 + 8000 + 100);
  assert.is(hop.responses('INVITE').length, 6);
  const [ring] = hop.responses('INVITE');
  assert.is(ring?.header('Require'), '100rel');
  assert.ok(Number(ring?.header('RSeq')) >= 1 && Number(ring?.header('RSeq')) < 2 ** 31);
  assert.is(ring?.header('Record-Route'), '<sip:10.0.0.1:5070;lr>');
  assert.ok(ring?.header('Contact'));
  assert.is(new Set(hop.responses('INVITE').map(({ text }) => text)).size, 1);
  prack(ground);
  await clock.run(20_000);
  assert.is(hop.responses('INVITE').length, 6);
  assert.is(hop.responses('PRACK')[0]?.status, 200);
  call.refuse(486);
  await clock.run(10);
  ground.raw.request('ACK', { cseq: 1, branch: 'z9hG4bK-call' });
  await ground.rest();
});

test('without a PRACK in 64*T1 the INVITE is refused with 504, and the program hears of it', async () => {
  const ground = await called();
  ground.call.ring(183, { reliable: true });
  await ground.clock.run(31_900);
  assert.is(ground.hop.responses('INVITE').at(-1)?.status, 183);
  await ground.clock.run(200);
  assert.is(ground.hop.responses('INVITE').at(-1)?.status, 504);
  assert.equal(ground.seen(), ['gave up']);
  ground.raw.request('ACK', { cseq: 1, branch: 'z9hG4bK-call' });
  await ground.rest();
});

test('the next one waits for the PRACK of the one before, and its RSeq is one higher', async () => {
  const ground = await called();
  const { hop, clock, call } = ground;
  for (const status of [180, 181, 183]) call.ring(status, { reliable: true });
  await clock.run(100);
  assert.equal(ground.responses(), ['180 1']);
  prack(ground);
  await clock.run(10);
  prack(ground);
  await clock.run(10);
  assert.equal(ground.responses(), ['180 1', '181 1', '183 1']);
  const rseqs = hop.responses('INVITE').map((ring) => Number(ring.header('RSeq')));
  assert.equal(
    rseqs.map((rseq) => rseq - (rseqs[0] ?? 0)),
    [0, 1, 2],
  );
  prack(ground);
  call.refuse(486);
  await clock.run(10);
  ground.raw.request('ACK', { cseq: 1, branch: 'z9hG4bK-call' });
  await ground.rest();
});

test('a PRACK that matches nothing unacknowledged is answered 481', async () => {
  const ground = await called();
  const { hop, clock, call } = ground;
  call.ring(183, { reliable: true });
  await clock.run(10);
  const rseq = Number(hop.responses('INVITE')[0]?.header('RSeq'));
  for (const rack of [`${rseq + 1} 1 INVITE`, `${rseq} 2 INVITE`, `${rseq} 1 UPDATE`, 'nonsense', ''])
    prack(ground, { rack });
  prack(ground);
  prack(ground);
  await clock.run(10);
  assert.equal(
    hop.responses('PRACK').map(({ status }) => status),
    [481, 481, 481, 481, 481, 200, 481],
  );
  call.refuse(486);
  await clock.run(10);
  ground.raw.request('ACK', { cseq: 1, branch: 'z9hG4bK-call' });
  await ground.rest();
});

test('a caller that requires them gets each provisional response reliably, one that has not heard of them none', async () => {
  const requiring = await called(['Require: 100rel', 'Record-Route: <sip:10.0.0.1:5070;lr>']);
  requiring.call.ring();
  await requiring.clock.run(10);
  assert.equal(requiring.responses(), ['180 1']);
  requiring.call.refuse(486);
  await requiring.clock.run(10);
  requiring.raw.request('ACK', { cseq: 1, branch: 'z9hG4bK-call' });
  await requiring.rest();
  const unaware = await called(['Supported: timer']);
  assert.not(unaware.call.supportsReliable);
  unaware.call.ring(183, { reliable: true });
  await unaware.clock.run(5000);
  assert.equal(unaware.responses(), ['183 0']);
  assert.is(unaware.hop.responses('INVITE')[0]?.header('Require'), '');
  unaware.call.refuse(486);
  await unaware.clock.run(10);
  unaware.raw.request('ACK', { cseq: 1, branch: 'z9hG4bK-call' });
  await unaware.rest();
});

test('the 2xx waits while one with a session description is not acknowledged (§3)', async () => {
  const ground = await called();
  const { clock, call, hop } = ground;
  call.ring(183, { reliable: true, body: farAnswer });
  await clock.run(10);
  ground.note('answer', call.answer());
  ground.note('again', call.answer());
  call.ring(180);
  call.refuse(486);
  await clock.run(300);
  assert.equal(ground.responses(), ['183 1']);
  assert.equal(ground.seen(), ['again failed SIP_ABORTED']);
  prack(ground);
  await clock.run(10);
  assert.equal(
    hop.received.slice(-2).map(({ status, method }) => `${status} ${method}`),
    ['200 PRACK', '200 INVITE'],
  );
  ground.raw.request('ACK', { cseq: 1 });
  await clock.run(10);
  assert.is(ground.seen().includes('answer done'), true);
  ground.raw.request('BYE');
  await ground.rest();
});

test('a 2xx that has waited in vain is never sent: 504, and the answer fails', async () => {
  const ground = await called();
  ground.call.ring(183, { reliable: true, body: farAnswer });
  ground.note('answer', ground.call.answer());
  await ground.clock.run(32_100);
  assert.is(ground.hop.responses('INVITE').at(-1)?.status, 504);
  assert.ok(ground.seen().includes('answer failed SIP_ABORTED'));
  ground.raw.request('ACK', { cseq: 1, branch: 'z9hG4bK-call' });
  await ground.rest();
});

test('without a session description the 2xx does not wait; the PRACK that comes later is answered all the same', async () => {
  const ground = await called();
  const { clock, call, hop, raw } = ground;
  call.ring(180, { reliable: true });
  call.ring(183, { reliable: true });
  await clock.run(10);
  const answered = call.answer({ body: farAnswer });
  await clock.run(10);
  raw.remote = hop.responses('INVITE').at(-1)?.header('To') ?? '';
  raw.request('ACK', { cseq: 1 });
  prack(ground);
  await clock.run(5000);
  assert.equal(ground.responses(), ['180 1', '200 0'], 'no repetition, and no new one (§3)');
  assert.is(hop.responses('PRACK')[0]?.status, 200);
  await ground.take((await ground.take(answered)).bye());
  await ground.rest();
});

test('CANCEL ends one that is not acknowledged', async () => {
  const ground = await called();
  ground.call.ring(183, { reliable: true, body: farAnswer });
  await ground.clock.run(10);
  ground.raw.request('CANCEL', { branch: 'z9hG4bK-call', cseq: 1 });
  await ground.clock.run(10);
  assert.equal(ground.responses(), ['183 1', '487 0']);
  prack(ground);
  await ground.clock.run(10);
  assert.is(ground.hop.responses('PRACK')[0]?.status, 481);
  ground.raw.request('ACK', { cseq: 1, branch: 'z9hG4bK-call' });
  await ground.rest();
});

test('an answer in one settles the offer: the caller may offer anew, by UPDATE or in the PRACK (§5)', async () => {
  const ground = await called();
  const { clock, call, hop, raw } = ground;
  call.ring(183, { reliable: true, body: farAnswer });
  await clock.run(10);
  prack(ground, { body: `${nearOffer}a=again\r\n` });
  await clock.run(10);
  assert.is(hop.responses('PRACK')[0]?.status, 200);
  assert.is(hop.responses('PRACK')[0]?.body, farAnswer);
  raw.request('UPDATE', { body: `${nearOffer}a=later\r\n` });
  await clock.run(10);
  assert.is(hop.responses('UPDATE')[0]?.status, 200);
  call.refuse(486);
  await clock.run(10);
  raw.request('ACK', { cseq: 1, branch: 'z9hG4bK-call' });
  await ground.rest();
});

test('an offer of ours, to a call without one, is answered in the PRACK, which the program hears of', async () => {
  const ground = await called(supporting, '');
  const { clock, call, hop, raw } = ground;
  call.ring(183, { reliable: true, body: farAnswer });
  await clock.run(10);
  raw.remote = hop.responses('INVITE')[0]?.header('To') ?? '';
  raw.request('UPDATE', { body: nearOffer });
  await clock.run(10);
  assert.is(hop.responses('UPDATE')[0]?.status, 491, 'our offer is pending');
  prack(ground, { body: nearOffer });
  await clock.run(10);
  assert.equal(ground.seen(), ['session o=near']);
  const answered = call.answer();
  await clock.run(10);
  raw.request('ACK', { cseq: 1 });
  await ground.take((await ground.take(answered)).bye());
  await ground.rest();
});

test.run();
