import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog, IncomingCall, InviteOptions } from '../../core/index.ts';
import { type Bed, bed } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import type { Sip } from './raw-peer.ts';
import { farAnswer, host, nearOffer, noted } from './world.ts';

const test = suite('Early dialogs (RFC 3261 §12.1, §12.3, §13.2.2.4)');

const target = `sip:bob@${host}:5070`;

interface Ringing extends Bed {
  readonly invite: Sip;
  readonly early: (Dialog | undefined)[];
}

/** A call of ours whose far end does what the test says. */
async function ringing(options: InviteOptions = {}, hops = 2): Promise<Ringing> {
  const early: (Dialog | undefined)[] = [];
  const ground = await bed({ hops });
  ground.hop.script = ({ method }) => method === 'INVITE';
  const onProvisional = (_response: unknown, dialog?: Dialog): void => void early.push(dialog);
  ground.note('call', ground.near.invite(target, { body: nearOffer, onProvisional, ...options }));
  await ground.clock.run(5);
  return { ...ground, invite: ground.hop.last('INVITE'), early };
}

function ring({ hop, invite }: Ringing, toTag: string, headers: readonly string[] = []): void {
  hop.reply(invite, 180, {
    toTag,
    headers: [`Contact: <${hop.uri}>`, `Record-Route: <${hop.uri};lr>`, 'Allow: INVITE, UPDATE, INFO', ...headers],
  });
}

const tagOf = (request: Sip): string => /;tag=(.*)$/.exec(request.header('To'))?.[1] ?? '';

test('a provisional response with a To tag makes one, each tag its own; one without, and 100, make none', async () => {
  const ground = await ringing();
  const { hop, invite, clock, early } = ground;
  hop.reply(invite, 100);
  hop.reply(invite, 183, { toTag: '' });
  for (const toTag of ['one', 'two', 'one']) ring(ground, toTag);
  await clock.run(10);
  assert.equal(
    early.map((dialog) => dialog !== undefined),
    [false, true, true, true],
  );
  assert.is(early[1]?.id, early[3]?.id);
  assert.is.not(early[1]?.id, early[2]?.id);
  assert.is((await ground.take(ground.near.counts())).dialogs, 2);
  hop.reply(invite, 486);
  await clock.run(10);
  assert.is((await ground.take(ground.near.counts())).dialogs, 0, 'a non-2xx final response ends them (§12.3)');
  ground.note('info', early[1]?.request('INFO') ?? Promise.reject());
  await clock.run(10);
  assert.is(ground.seen().at(-1), 'info failed SIP_DIALOG_ENDED');
  await ground.rest();
});

test('requests inside it go by its route set, each with the next CSeq, and the 2xx confirms it', async () => {
  const ground = await ringing();
  const { hop, invite, clock, early, other } = ground;
  ring(ground, 'one');
  await clock.run(10);
  ground.note('info', early[0]?.request('INFO') ?? Promise.reject());
  await clock.run(10);
  const info = hop.last('INFO');
  assert.equal([tagOf(info), info.cseq, info.header('Route')], ['one', 2, `<${hop.uri};lr>`]);
  hop.reply(invite, 200, {
    toTag: 'one',
    headers: [`Record-Route: <${other.uri};lr>`, 'Contact: <sip:bob@phone.example>'],
  });
  await clock.run(10);
  assert.equal(ground.seen(), ['info 200', 'call done']);
  const ack = other.last('ACK');
  assert.equal([ack.cseq, ack.requestUri, ack.header('Route')], [1, 'sip:bob@phone.example', `<${other.uri};lr>`]);
  ground.note('second', early[0]?.request('INFO') ?? Promise.reject());
  await clock.run(10);
  const second = other.last('INFO');
  assert.equal([second.cseq, second.requestUri], [3, 'sip:bob@phone.example'], 'the route set of the 2xx (§13.2.2.4)');
  await ground.take(ground.near.close());
});

test('a 2xx without Record-Route leaves the confirmed dialog without a route set', async () => {
  const ground = await ringing();
  ring(ground, 'one');
  await ground.clock.run(10);
  ground.hop.reply(ground.invite, 200, { toTag: 'one', headers: [`Contact: <${ground.hop.uri}>`] });
  await ground.clock.run(10);
  assert.is(ground.hop.last('ACK').header('Route'), '');
  await ground.take(ground.near.close());
});

test('the branches that did not answer end 64*T1 after the first 2xx', async () => {
  const ground = await ringing();
  const { hop, invite, clock } = ground;
  for (const toTag of ['one', 'two', 'three']) ring(ground, toTag);
  await clock.run(10);
  hop.accept(invite, { toTag: 'two' });
  await clock.run(31_000);
  assert.is((await ground.take(ground.near.counts())).dialogs, 3);
  hop.accept(invite, { toTag: 'three' });
  await clock.run(10);
  assert.equal(hop.requests('BYE').map(tagOf), ['three'], 'a second answer is not wanted');
  await clock.run(1500);
  assert.is((await ground.take(ground.near.counts())).dialogs, 1);
  assert.equal(ground.seen(), ['call done', 'ended local bye']);
  await ground.take(ground.near.close());
});

test('the peer may send requests inside it: INFO, OPTIONS, an UPDATE that changes its target', async () => {
  const ground = await ringing({}, 0);
  const { hop, other, invite, clock, early } = ground;
  ring(ground, 'one');
  await clock.run(10);
  const raw = RawDialog.ofInvite(hop, invite, 'one');
  raw.request('INFO');
  raw.request('OPTIONS');
  raw.request('UPDATE', { contact: `sip:moved@${host}:${other.port}` });
  raw.request('UPDATE', { body: farAnswer });
  raw.request('INVITE');
  await clock.run(10);
  assert.equal(
    ['INFO', 'OPTIONS', 'UPDATE', 'INVITE'].map((method) => hop.responses(method).map(({ status }) => status)),
    [[200], [200], [200, 491], [491]],
    'our offer is pending (RFC 3311 §5.2), and so is our INVITE (RFC 3261 §14.2)',
  );
  ground.note('info', early[0]?.request('INFO') ?? Promise.reject());
  await clock.run(10);
  assert.is(hop.last('INFO').requestUri, `sip:moved@${host}:${other.port}`);
  hop.reply(invite, 486);
  await clock.run(10);
  await ground.rest();
});

test('a 2xx to an UPDATE from before the call was answered does not end the session timer that the call has agreed on', async () => {
  const ground = await ringing();
  const { hop, invite, clock, early } = ground;
  ring(ground, 'one');
  await clock.run(10);
  hop.script = ({ method }) => method === 'UPDATE';
  ground.note('update', early[0]?.request('UPDATE') ?? Promise.reject());
  await clock.run(10);
  hop.accept(invite, { toTag: 'one', headers: ['Session-Expires: 90;refresher=uac', 'Require: timer'] });
  await clock.run(10);
  hop.script = () => false;
  hop.capabilities = [...hop.capabilities, 'Session-Expires: 90;refresher=uac', 'Require: timer'];
  hop.reply(hop.last('UPDATE'), 200, { headers: [`Contact: <${hop.uri}>`] });
  await clock.run(10);
  assert.equal(ground.seen(), ['call done', 'update 200']);
  const before = hop.requests('UPDATE').length;
  await clock.run(46_000);
  assert.is(hop.requests('UPDATE').length, before + 1);
  await ground.take(ground.near.close());
});

test('neither a re-INVITE nor an offer leaves it before the INVITE is answered', async () => {
  const ground = await ringing();
  const { hop, clock, early } = ground;
  ring(ground, 'one');
  await clock.run(10);
  ground.note('re-invite', early[0]?.request('INVITE', { body: nearOffer }) ?? Promise.reject());
  ground.note('offer', early[0]?.request('UPDATE', { body: nearOffer }) ?? Promise.reject());
  ground.note('update', early[0]?.request('UPDATE') ?? Promise.reject());
  await clock.run(10);
  assert.equal(ground.seen(), ['re-invite failed 491 local', 'offer failed 491 local', 'update 200']);
  hop.accept(ground.invite, { toTag: 'one' });
  await clock.run(10);
  ground.note('re-invite', early[0]?.request('INVITE', { body: nearOffer }) ?? Promise.reject());
  await clock.run(1);
  hop.accept(hop.last('INVITE'));
  await clock.run(10);
  assert.is(ground.seen().at(-1), 're-invite 200');
  await ground.take(ground.near.close());
});

test('the caller ends one branch by BYE, and the call goes on by the others', async () => {
  const ground = await ringing();
  const { hop, invite, clock, early } = ground;
  for (const toTag of ['one', 'two']) ring(ground, toTag);
  await clock.run(10);
  await ground.take(early[0]?.bye() ?? Promise.reject());
  assert.equal(hop.requests('BYE').map(tagOf), ['one']);
  hop.accept(invite, { toTag: 'two' });
  await clock.run(10);
  assert.equal(ground.seen(), ['ended local bye', 'call done']);
  await ground.take(ground.near.close());
});

test('a branch that answers as its BYE is under way, or after it, is acknowledged and not the call', async () => {
  for (const crossing of [true, false]) {
    const ground = await ringing();
    const { hop, invite, clock, early } = ground;
    ring(ground, 'one');
    await clock.run(10);
    hop.script = ({ method }) => method === 'INVITE' || (crossing && method === 'BYE');
    ground.note('bye', early[0]?.bye() ?? Promise.reject());
    await clock.run(crossing ? 1 : 10);
    hop.accept(invite, { toTag: 'one' });
    await clock.run(10);
    assert.equal(hop.requests('ACK').map(tagOf), ['one']);
    assert.ok(ground.seen().includes('call failed SIP_ABORTED'), ground.log.join('\n'));
    assert.is(hop.requests('BYE').length, crossing ? 1 : 2);
    await ground.rest();
  }
});

test('a branch that has been ended and answers all the same gets a BYE with a CSeq that it has not seen', async () => {
  const ground = await ringing();
  const { hop, invite, clock, early } = ground;
  ring(ground, 'one');
  await clock.run(10);
  await ground.take(early[0]?.request('INFO') ?? Promise.reject());
  await ground.take(early[0]?.bye() ?? Promise.reject());
  hop.accept(invite, { toTag: 'one' });
  await clock.run(10);
  const numbers = [...hop.requests('INFO'), ...hop.requests('BYE')].map((sip) =>
    Number.parseInt(sip.header('CSeq'), 10),
  );
  assert.is(numbers.length, 3);
  assert.equal(
    numbers,
    [...new Set(numbers)].sort((a, b) => a - b),
    'each higher than the one before (§12.2.1.1)',
  );
  await ground.rest();
});

test('a branch that answers while its BYE is still owed has one BYE to come, not two', async () => {
  const ground = await ringing({}, 1);
  const { hop, invite, clock, early } = ground;
  ring(ground, 'one');
  await clock.run(10);
  hop.script = (request) => {
    if (request.method === 'BYE') hop.reply(request, 503);
    return request.method === 'INVITE' || request.method === 'BYE';
  };
  await ground.take(early[0]?.bye() ?? Promise.reject());
  await clock.run(10);
  assert.is((await ground.take(ground.near.counts())).owedByes, 1);
  hop.accept(invite, { toTag: 'one' });
  await clock.run(10);
  assert.is((await ground.take(ground.near.counts())).owedByes, 1);
  hop.script = () => false;
  await clock.run(60_000);
  const numbers = hop.requests('BYE').map((sip) => Number.parseInt(sip.header('CSeq'), 10));
  assert.equal(
    numbers,
    [...numbers].sort((a, b) => a - b),
    'none of the old dialog’s after one of the new one’s',
  );
  await ground.rest();
});

test('early dialogs of a call are bounded, and so are those of a full table', async () => {
  const ground = await ringing();
  const { hop, invite, clock, early } = ground;
  for (let i = 0; i < 40; i++) ring(ground, `branch-${i}`);
  await clock.run(10);
  assert.is((await ground.take(ground.near.counts())).dialogs, 16);
  assert.is(early.filter((dialog) => dialog === undefined).length, 24);
  hop.accept(invite, { toTag: 'branch-30' });
  await clock.run(10);
  assert.is(ground.seen().at(-1), 'call done');
  await clock.run(33_000);
  assert.is((await ground.take(ground.near.counts())).dialogs, 1);
  await ground.take(ground.near.close());
});

test('Q15: an early dialog whose hop dies is not healed: its call fails at once, for once more it would ring twice, or be merged (§8.2.2.2)', async () => {
  const ground = await ringing();
  const { other, clock, network, early } = ground;
  ring(ground, 'one');
  await clock.run(1000);
  network.kill({ host, port: 5070 });
  await clock.run(10);
  ground.note('info', early[0]?.request('INFO') ?? Promise.reject());
  await clock.run(3000);
  assert.equal(
    ground.seen().sort(),
    ['call failed 503 local', 'info failed 503 local'],
    'nobody is told of a route status',
  );
  assert.equal(
    other.received.map(({ method }) => method).filter((method) => method !== 'OPTIONS'),
    ['BYE'],
    'no second INVITE, no UPDATE, no CANCEL of what is gone: who rings, or has answered, is told by BYE (§15)',
  );
  await ground.rest();
});

test('Q15: with no other hop the call fails at once when the hop of its early dialog dies', async () => {
  const ground = await ringing({}, 1);
  ring(ground, 'one');
  await ground.clock.run(1000);
  ground.network.kill({ host, port: 5070 });
  await ground.clock.run(3000);
  assert.equal(ground.seen(), ['call failed 503 local']);
  await ground.rest();
});

test('Q15: a hop of early dialogs alone is probed, so that one which goes silent does not leave the caller ringing', async () => {
  const ground = await ringing({}, 1);
  ring(ground, 'one');
  await ground.clock.run(1000);
  ground.network.pause({ host, port: 5070 });
  await ground.clock.run(3000);
  assert.equal(ground.seen(), ['call failed 503 local']);
  ground.network.resume({ host, port: 5070 });
  await ground.rest();
});

const headers = ['Allow: INVITE, UPDATE, INFO', 'Supported: timer', 'Record-Route: <sip:10.0.0.1:5070;lr>'];

interface Called extends Bed {
  readonly call: IncomingCall;
  readonly raw: RawDialog;
}

/** A call that comes in and rings. */
async function called(): Promise<Called> {
  const calls: IncomingCall[] = [];
  const log: string[] = [];
  const ground = await bed({
    stack: {
      application: {
        ...noted(log, { onRequest: (request) => request.respond(200) }),
        onCall: (call) => {
          calls.push(call);
          call.signal.addEventListener('abort', () => log.push('gave up'));
        },
      },
    },
  });
  const raw = RawDialog.toward(ground.hop, ground.nearPort, 'call-1');
  raw.request('INVITE', { headers, body: nearOffer, branch: 'z9hG4bK-call' });
  await ground.clock.run(5);
  const [call] = calls;
  assert.ok(call);
  call.ring();
  await ground.clock.run(5);
  raw.remote = ground.hop.responses('INVITE').at(-1)?.header('To') ?? '';
  return { ...ground, call, raw, seen: () => [...ground.seen(), ...log] };
}

test('as callee: what the caller sends inside it is understood, and the 2xx confirms the same dialog', async () => {
  const ground = await called();
  const { hop, raw, clock, call } = ground;
  raw.request('INFO');
  raw.request('UPDATE');
  raw.request('UPDATE', { body: nearOffer });
  raw.request('INVITE', { body: nearOffer });
  await clock.run(10);
  assert.equal(
    ['INFO', 'UPDATE'].map((method) => hop.responses(method).map(({ status }) => status)),
    [[200], [200, 500]],
    'the offer of the INVITE has no answer yet (RFC 3311 §5.2)',
  );
  assert.equal(
    hop.responses('INVITE').map(({ status, cseq }) => `${status} ${cseq}`),
    ['180 1', '500 5'],
    'a second INVITE before the first is answered (RFC 3261 §14.2)',
  );
  assert.match(hop.responses('INVITE').at(-1)?.header('Retry-After') ?? '', /^\d+$/);
  const answered = call.answer({ body: farAnswer });
  await clock.run(5);
  const ok = hop.responses('INVITE').at(-1);
  assert.is(ok?.status, 200);
  assert.is(ok?.header('To'), raw.remote, 'the tag that it rang with');
  raw.request('ACK', { cseq: 1 });
  const dialog = await ground.take(answered);
  assert.is((await ground.take(ground.near.counts())).dialogs, 1);
  await ground.take(dialog.bye());
  await ground.rest();
});

test('as callee: BYE from the caller is answered 200, and the INVITE 487 (§15.1.2)', async () => {
  const ground = await called();
  ground.raw.request('BYE');
  await ground.clock.run(10);
  assert.equal(
    ground.hop.received.slice(-2).map(({ status, method }) => `${status} ${method}`),
    ['200 BYE', '487 INVITE'],
  );
  assert.equal(ground.seen(), ['gave up']);
  await ground.rest();
});

test('as callee: CANCEL, a refusal of ours, and closing the stack leave no early dialog', async () => {
  for (const [how, status] of [
    ['cancel', 487],
    ['refuse', 486],
    ['close', 503],
  ] as const) {
    const ground = await called();
    if (how === 'cancel') ground.raw.request('CANCEL', { branch: 'z9hG4bK-call', cseq: 1 });
    if (how === 'refuse') ground.call.refuse(486);
    if (how === 'close') await ground.take(ground.near.close());
    await ground.clock.run(10);
    assert.is(ground.hop.responses('INVITE').at(-1)?.status, status, how);
    ground.raw.request('INFO');
    await ground.clock.run(10);
    if (how !== 'close') {
      assert.is(ground.hop.responses('INFO').at(-1)?.status, 481);
      await ground.rest();
    }
  }
});

test('as callee: a program that ends it by bye() refuses the call with 480, for a callee has no BYE (§15)', async () => {
  const calls: IncomingCall[] = [];
  const ground = await bed({
    stack: {
      application: {
        onCall: (call) => {
          calls.push(call);
          call.ring();
        },
        onRequest: (request) => {
          request.respond(200);
          void request.dialog.bye();
        },
      },
    },
  });
  const raw = RawDialog.toward(ground.hop, ground.nearPort, 'call-1');
  raw.request('INVITE', { headers, body: nearOffer });
  await ground.clock.run(5);
  raw.remote = ground.hop.responses('INVITE').at(-1)?.header('To') ?? '';
  raw.request('INFO');
  await ground.clock.run(10);
  assert.is(ground.hop.requests('BYE').length, 0);
  assert.is(ground.hop.responses('INVITE').at(-1)?.status, 480);
  await ground.rest();
});

test.run();
