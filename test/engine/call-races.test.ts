import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog, IncomingCall } from '../../core/index.ts';
import { type Bed, bed } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import { farAnswer, nearOffer, noted } from './world.ts';

const test = suite('Races of setting up a call, as callee (RFC 5407 §3.1, §3.2; RFC 3261 §13.3.1.4, §15)');

interface Called extends Bed {
  readonly call: IncomingCall;
  readonly raw: RawDialog;
  readonly early: Dialog[];
}

async function called(): Promise<Called> {
  const calls: IncomingCall[] = [];
  const early: Dialog[] = [];
  const log: string[] = [];
  const ground = await bed({
    stack: {
      application: {
        ...noted(log),
        onCall: (call) => void calls.push(call),
        onRequest: (request) => {
          early.push(request.dialog);
          request.respond(200);
        },
      },
    },
  });
  const raw = RawDialog.toward(ground.hop, ground.nearPort, 'call-1');
  raw.request('INVITE', { headers: ['Allow: INVITE, UPDATE'], body: nearOffer, branch: 'z9hG4bK-call' });
  await ground.clock.run(5);
  const [call] = calls;
  assert.ok(call);
  return { ...ground, call, raw, early, seen: () => [...ground.seen(), ...log] };
}

/** In Moratorium: the 2xx is out, its ACK has not come. */
async function answered(): Promise<Called> {
  const ground = await called();
  ground.note('answer', ground.call.answer({ body: farAnswer }));
  await ground.clock.run(5);
  ground.raw.remote = ground.hop.responses('INVITE').at(-1)?.header('To') ?? '';
  return ground;
}

const statuses = ({ hop }: Bed, method: string): number[] => hop.responses(method).map(({ status }) => status);

test('§3.1.1: the INVITE is repeated after its 2xx: it is absorbed, and the 2xx goes on by its own timer', async () => {
  const ground = await answered();
  ground.raw.request('INVITE', { cseq: 1, body: nearOffer, branch: 'z9hG4bK-call' });
  await ground.clock.run(600);
  assert.equal(statuses(ground, 'INVITE'), [200, 200]);
  ground.raw.request('ACK', { cseq: 1 });
  ground.raw.request('BYE');
  await ground.clock.run(10);
  await ground.rest();
});

test('§3.1.2: a CANCEL that crosses the 2xx is answered 200 and changes nothing: ACK and BYE follow', async () => {
  const ground = await answered();
  const { raw, clock } = ground;
  raw.request('CANCEL', { cseq: 1, branch: 'z9hG4bK-call' });
  raw.request('ACK', { cseq: 1 });
  raw.request('BYE');
  await clock.run(10);
  assert.equal(
    [statuses(ground, 'CANCEL'), statuses(ground, 'INVITE'), statuses(ground, 'BYE')],
    [[200], [200], [200]],
  );
  assert.equal(ground.seen(), ['answer done', 'ended remote bye']);
  await ground.rest();
});

test('§3.1.3: the BYE of an early dialog that crosses the 2xx ends it, with or without the ACK', async () => {
  for (const acknowledged of [true, false]) {
    const ground = await called();
    ground.call.ring();
    ground.note('answer', ground.call.answer({ body: farAnswer }));
    await ground.clock.run(5);
    ground.raw.remote = ground.hop.responses('INVITE').at(-1)?.header('To') ?? '';
    ground.raw.request('BYE');
    if (acknowledged) ground.raw.request('ACK', { cseq: 1 });
    await ground.clock.run(1000);
    assert.equal([statuses(ground, 'BYE'), statuses(ground, 'INVITE')], [[200], [180, 200]], 'the 2xx is not repeated');
    assert.equal(ground.seen(), ['answer failed SIP_DIALOG_ENDED', 'ended remote bye']);
    await ground.rest();
  }
});

test('§3.1.6: a BYE before the ACK ends the dialog; an ACK that comes after it is dropped', async () => {
  const ground = await answered();
  ground.raw.request('BYE');
  await ground.clock.run(10);
  ground.raw.request('ACK', { cseq: 1 });
  await ground.clock.run(1000);
  assert.equal([statuses(ground, 'BYE'), statuses(ground, 'INVITE')], [[200], [200]]);
  await ground.rest();
});

test('§15: our BYE waits for the ACK of our 2xx', async () => {
  const ground = await answered();
  const { raw, hop, clock } = ground;
  raw.request('INFO');
  await clock.run(10);
  ground.note('bye', ground.early[0]?.bye() ?? Promise.reject());
  await clock.run(1000);
  assert.is(hop.requests('BYE').length, 0);
  raw.request('ACK', { cseq: 1 });
  await clock.run(10);
  assert.is(hop.requests('BYE').length, 1);
  assert.equal(ground.seen(), ['answer done', 'bye done', 'ended local bye']);
  await ground.rest();
});

test('§15: our BYE goes out when no ACK has come, and is over when the peer ends first', async () => {
  const ground = await answered();
  ground.raw.request('INFO');
  await ground.clock.run(10);
  ground.note('bye', ground.early[0]?.bye() ?? Promise.reject());
  await ground.clock.run(33_000);
  assert.is(ground.hop.requests('BYE').length, 1);
  assert.equal(ground.seen().slice(0, 2), ['answer failed 408 local', 'bye done']);
  await ground.rest();
  const other = await answered();
  other.raw.request('INFO');
  await other.clock.run(10);
  other.note('bye', other.early[0]?.bye() ?? Promise.reject());
  other.raw.request('BYE');
  await other.clock.run(10);
  assert.is(other.hop.requests('BYE').length, 0);
  assert.ok(other.seen().includes('bye done'));
  await other.rest();
});

test('§3.2.4: an ACK that comes after we gave up, or while our BYE is under way, changes nothing', async () => {
  const ground = await answered();
  const { hop, raw, clock } = ground;
  hop.script = ({ method }) => method === 'BYE';
  await clock.run(32_100);
  assert.is(hop.requests('BYE').length, 1);
  raw.request('ACK', { cseq: 1 });
  await clock.run(10);
  hop.reply(hop.last('BYE'), 200);
  await clock.run(10);
  raw.request('ACK', { cseq: 1 });
  await clock.run(10);
  assert.equal(ground.seen(), ['answer failed 408 local', 'ended local no-ack']);
  await ground.rest();
});

test('§3.2.1: BYE crosses BYE: both are answered 200', async () => {
  const ground = await answered();
  const { hop, raw, clock } = ground;
  raw.request('INFO');
  raw.request('ACK', { cseq: 1 });
  await clock.run(10);
  hop.script = ({ method }) => method === 'BYE';
  ground.note('bye', ground.early[0]?.bye() ?? Promise.reject());
  await clock.run(10);
  raw.request('BYE');
  await clock.run(10);
  assert.equal(statuses(ground, 'BYE'), [200]);
  hop.reply(hop.last('BYE'), 200);
  await clock.run(10);
  assert.ok(ground.seen().includes('bye done'));
  await ground.rest();
});

test('an ACK with another To tag, or another sequence number, acknowledges nothing', async () => {
  const ground = await answered();
  const { raw, clock } = ground;
  raw.request('ACK', { cseq: 1, toTag: 'another' });
  raw.request('ACK', { cseq: 2 });
  await clock.run(600);
  assert.equal(statuses(ground, 'INVITE'), [200, 200]);
  assert.equal(ground.seen(), []);
  raw.request('ACK', { cseq: 1 });
  await clock.run(10);
  assert.equal(ground.seen(), ['answer done']);
  raw.request('BYE', { cseq: 3 });
  await clock.run(10);
  await ground.rest();
});

test('an ACK by another way than the call came by is as good as any', async () => {
  const ground = await answered();
  ground.raw.request('ACK', { cseq: 1, by: ground.other });
  await ground.clock.run(600);
  assert.equal(statuses(ground, 'INVITE'), [200]);
  assert.equal(ground.seen(), ['answer done']);
  ground.raw.request('BYE');
  await ground.clock.run(10);
  await ground.rest();
});

test('an UPDATE that overtakes the ACK gives the dialog another route: the ACK confirms it by whichever way it comes', async () => {
  const ground = await answered();
  const { raw, other, clock } = ground;
  raw.request('UPDATE', {
    by: other,
    headers: ['Supported: ms-dialog-route-set-update', `Record-Route: <${other.uri};lr>`],
  });
  await clock.run(10);
  assert.is(other.responses('UPDATE')[0]?.status, 200);
  raw.request('ACK', { cseq: 1 });
  await clock.run(600);
  assert.equal(statuses(ground, 'INVITE'), [200]);
  assert.ok(ground.seen().includes('answer done'));
  raw.request('BYE', { by: other });
  await clock.run(10);
  await ground.rest();
});

test.run();
