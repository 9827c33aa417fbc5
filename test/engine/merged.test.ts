import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog, IncomingCall } from '../../core/index.ts';
import { type Bed, bed } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import type { Sip } from './raw-peer.ts';
import { farAnswer, host } from './world.ts';

const test = suite('Merged requests (RFC 3261 §8.2.2.2)');

interface Called extends Bed {
  readonly calls: IncomingCall[];
  readonly raw: RawDialog;
}

async function called(hops = 2): Promise<Called> {
  const calls: IncomingCall[] = [];
  const log: string[] = [];
  const onCall = (call: IncomingCall): void => {
    calls.push(call);
    call.signal.addEventListener('abort', () => log.push(`call ${calls.indexOf(call)} is over`));
  };
  const ground = await bed({ hops, stack: { application: { onCall } } });
  const raw = RawDialog.toward(ground.hop, ground.nearPort, 'call-1');
  return { ...ground, calls, raw, seen: () => [...ground.seen(), ...log] };
}

test('a copy of an INVITE by another path is answered 482, while the first one is under way and after', async () => {
  const ground = await called();
  const { raw, hop, other, clock, calls } = ground;
  raw.request('INVITE', { cseq: 1, branch: 'z9hG4bK-one' });
  await clock.run(5);
  raw.request('INVITE', { cseq: 1, branch: 'z9hG4bK-two', by: other });
  raw.request('INVITE', { cseq: 1, branch: 'z9hG4bK-one' });
  await clock.run(5);
  assert.is(calls.length, 1);
  assert.equal(
    other.responses('INVITE').map(({ status }) => status),
    [482],
  );
  raw.request('ACK', { cseq: 1, branch: 'z9hG4bK-two', by: other });
  calls[0]?.refuse(486);
  await clock.run(5);
  raw.request('ACK', { cseq: 1, branch: 'z9hG4bK-one' });
  raw.request('INVITE', { cseq: 1, branch: 'z9hG4bK-three' });
  await clock.run(5);
  assert.is(hop.responses('INVITE').at(-1)?.status, 482, 'the first one is still there to be repeated (Timer I)');
  assert.match(hop.responses('INVITE').at(-1)?.header('To') ?? '', ';tag=');
  raw.request('ACK', { cseq: 1, branch: 'z9hG4bK-three' });
  await ground.rest();
});

test('the same INVITE with a higher CSeq, as a caller sends it that was challenged, is another request', async () => {
  const ground = await called();
  const { raw, clock, calls } = ground;
  for (const cseq of [1, 2]) raw.request('INVITE', { cseq });
  await clock.run(5);
  assert.is(calls.length, 2);
  for (const call of calls) call.refuse(486);
  await ground.rest();
});

test('a copy of another request outside dialogs is answered as the first was, of which nothing is kept', async () => {
  const ground = await called();
  const { raw, hop, clock } = ground;
  raw.request('SUBSCRIBE', { cseq: 1 });
  raw.request('SUBSCRIBE', { cseq: 1 });
  await clock.run(5);
  assert.equal(
    hop.responses('SUBSCRIBE').map(({ status }) => status),
    [405, 405],
  );
  await ground.rest();
});

test('a caller that was answered 503 may try again by another path', async () => {
  const ground = await called();
  const { raw, hop, other, clock, calls } = ground;
  raw.request('INVITE', { cseq: 1, branch: 'z9hG4bK-one' });
  await clock.run(5);
  calls[0]?.refuse(503);
  await clock.run(5);
  raw.request('INVITE', { cseq: 1, branch: 'z9hG4bK-two', by: other });
  await clock.run(5);
  assert.is(calls.length, 2);
  calls[1]?.refuse(486);
  await clock.run(5);
  raw.request('ACK', { cseq: 1, branch: 'z9hG4bK-one' });
  raw.request('ACK', { cseq: 1, branch: 'z9hG4bK-two', by: other });
  assert.is(hop.responses('INVITE').at(-1)?.status, 503);
  await ground.rest();
});

test('when the hop of the first one is dead, its caller tries another: the copy takes its place', async () => {
  const ground = await called();
  const { raw, other, clock, calls, network } = ground;
  raw.request('INVITE', { cseq: 1, branch: 'z9hG4bK-one' });
  await clock.run(5);
  calls[0]?.ring();
  await clock.run(1000);
  network.kill({ host, port: 5070 });
  await clock.run(3000);
  raw.request('INVITE', { cseq: 1, branch: 'z9hG4bK-two', by: other });
  await clock.run(5);
  assert.equal(ground.seen(), ['call 0 is over']);
  assert.is(calls.length, 2);
  raw.request('INVITE', { cseq: 1, branch: 'z9hG4bK-three', by: other });
  await clock.run(5);
  assert.equal(
    other.responses('INVITE').map(({ status }) => status),
    [482],
  );
  calls[1]?.refuse(486);
  await clock.run(5);
  for (const branch of ['z9hG4bK-two', 'z9hG4bK-three']) raw.request('ACK', { cseq: 1, branch, by: other });
  await ground.rest();
});

test('a call that was acknowledged is not begun anew by a copy, although its hop is dead: whoever replays it gets 482', async () => {
  const ground = await called();
  const { raw, hop, other, clock, calls, network, near, take } = ground;
  raw.request('INVITE', { cseq: 1, branch: 'z9hG4bK-one' });
  await clock.run(5);
  const answered = calls[0]?.answer({ body: farAnswer });
  await clock.run(5);
  raw.acknowledge(hop.responses('INVITE').at(-1) as Sip);
  const dialog = await take(answered as Promise<Dialog>);
  network.kill({ host, port: 5070 });
  await clock.run(3000);
  raw.remote = `<sip:${host}:${ground.nearPort}>`;
  raw.request('INVITE', { cseq: 1, branch: 'z9hG4bK-two', by: other });
  await clock.run(5);
  assert.equal(
    other.responses('INVITE').map(({ status }) => status),
    [482],
  );
  assert.is(calls.length, 1);
  assert.is((await take(near.counts())).dialogs, 1);
  void dialog.bye();
  await ground.rest();
});

test('nothing is remembered once its transaction has ended', async () => {
  const ground = await called();
  const { raw, clock, calls } = ground;
  raw.request('INVITE', { cseq: 1, branch: 'z9hG4bK-one' });
  await clock.run(5);
  calls[0]?.refuse(486);
  await clock.run(5);
  raw.request('ACK', { cseq: 1, branch: 'z9hG4bK-one' });
  await clock.run(6000);
  raw.request('INVITE', { cseq: 1, branch: 'z9hG4bK-two' });
  await clock.run(5);
  assert.is(calls.length, 2);
  calls[1]?.refuse(486);
  await clock.run(5);
  raw.request('ACK', { cseq: 1, branch: 'z9hG4bK-two' });
  await ground.rest();
});

test.run();
