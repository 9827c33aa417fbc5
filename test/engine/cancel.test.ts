import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Bed, bed } from './bed.ts';
import type { Sip } from './raw-peer.ts';
import { host, nearOffer } from './world.ts';

const test = suite('Calls that are given up (RFC 3261 §9.1)');

const invited = ({ near, note }: Bed): AbortController => {
  const giveUp = new AbortController();
  note('call', near.invite(`sip:bob@${host}:5070`, { body: nearOffer, signal: giveUp.signal }));
  return giveUp;
};

/** A far end that rings, and answers a CANCEL as it should. */
function ringing({ hop }: Bed, status = 180): { invite: () => Sip } {
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, status);
    if (request.method === 'CANCEL') {
      hop.reply(request, 200);
      hop.reply(hop.last('INVITE'), 487);
    }
    return request.method === 'INVITE' || request.method === 'CANCEL';
  };
  return { invite: () => hop.last('INVITE') };
}

test('a call that rings is cancelled by a CANCEL that is the INVITE in all that identifies it', async () => {
  const ground = await bed();
  const { hop, clock } = ground;
  ringing(ground);
  const giveUp = invited(ground);
  await clock.run(1000);
  giveUp.abort();
  await clock.run(100);
  assert.equal(ground.log, [
    'near > hop INVITE',
    'hop > near 180 INVITE',
    'near > hop CANCEL',
    'hop > near 200 CANCEL',
    'hop > near 487 INVITE',
    'call failed SIP_ABORTED',
    'near > hop ACK',
  ]);
  const [invite, cancel] = [hop.last('INVITE'), hop.last('CANCEL')];
  assert.is(cancel.requestUri, invite.requestUri);
  for (const name of ['Via', 'Route', 'From', 'To', 'Call-ID', 'Max-Forwards'])
    assert.is(cancel.header(name), invite.header(name), name);
  assert.is(cancel.header('CSeq'), '1 CANCEL');
  assert.is(cancel.header('Supported'), '');
  await ground.rest();
});

test('before any response it waits for the first one, and then goes', async () => {
  const ground = await bed();
  const { hop, clock, log } = ground;
  hop.script = (request) => request.method === 'INVITE';
  const giveUp = invited(ground);
  await clock.run(100);
  giveUp.abort();
  await clock.run(100);
  assert.equal(log, ['near > hop INVITE']);
  ringing(ground, 100);
  hop.reply(hop.last('INVITE'), 100);
  await clock.run(100);
  assert.equal(log.slice(1, 3), ['hop > near 100 INVITE', 'near > hop CANCEL']);
  assert.equal(ground.seen(), ['call failed SIP_ABORTED']);
  await ground.rest();
});

test('without any response it ends when the INVITE does, and no other hop is tried', async () => {
  const ground = await bed();
  const { hop, clock, other } = ground;
  hop.script = (request) => request.method === 'INVITE';
  const giveUp = invited(ground);
  await clock.run(100);
  giveUp.abort();
  await clock.run(40_000);
  assert.equal(ground.seen(), ['call failed SIP_ABORTED']);
  assert.is(other.received.length, 0);
  assert.is(hop.requests('CANCEL').length, 0);
  await ground.rest();
});

test('one that crosses the answer is followed by ACK and BYE', async () => {
  const ground = await bed();
  const { hop, clock, log } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, 180);
    if (request.method === 'CANCEL') {
      hop.reply(request, 200);
      hop.accept(hop.last('INVITE'));
    }
    return request.method === 'INVITE' || request.method === 'CANCEL';
  };
  const giveUp = invited(ground);
  await clock.run(100);
  giveUp.abort();
  await clock.run(100);
  assert.equal(log.slice(2), [
    'near > hop CANCEL',
    'hop > near 200 CANCEL',
    'hop > near 200 INVITE',
    'call failed SIP_ABORTED',
    'near > hop ACK',
    'near > hop BYE',
    'hop > near 200 BYE',
    'ended local bye',
  ]);
  assert.is(hop.last('BYE').cseq, 2);
  await ground.rest();
});

test('a far end that answers the CANCEL but never the INVITE does not keep the call for ever', async () => {
  const ground = await bed();
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, 180);
    return request.method === 'INVITE';
  };
  const giveUp = invited(ground);
  await clock.run(100);
  giveUp.abort();
  await clock.run(33_000);
  assert.equal(ground.seen(), ['call failed SIP_ABORTED']);
  await ground.rest();
});

test('one that is given up as its hop answers 503 goes to no other hop', async () => {
  const ground = await bed();
  const { hop, other, clock } = ground;
  hop.script = (request) => request.method === 'INVITE';
  const giveUp = invited(ground);
  await clock.run(100);
  giveUp.abort();
  hop.reply(hop.last('INVITE'), 503);
  await clock.run(100);
  assert.equal(ground.seen(), ['call failed SIP_ABORTED']);
  assert.is(other.received.length, 0);
  await ground.rest();
});

test('one that is given up before it left is never sent', async () => {
  const ground = await bed();
  const near = await ground.stack('second', 5061, { hops: [`sip:${host}:5070`] });
  const giveUp = invited({ ...ground, near });
  giveUp.abort();
  await ground.clock.run(100);
  assert.equal(ground.log, ['call failed SIP_ABORTED']);
  await ground.rest();
});

test('with a signal that is aborted already nothing is sent', async () => {
  const ground = await bed();
  ground.note('call', ground.near.invite(`sip:bob@${host}:5070`, { signal: AbortSignal.abort() }));
  await ground.clock.run(100);
  assert.equal(ground.log, ['call failed SIP_ABORTED']);
  await ground.rest();
});

test('a signal that aborts after the answer does nothing', async () => {
  const ground = await bed();
  const giveUp = invited(ground);
  await ground.clock.run(100);
  ground.log.length = 0;
  giveUp.abort();
  await ground.clock.run(100);
  assert.equal(ground.log, []);
  await ground.take(ground.near.close());
});

test.run();
