import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { batched } from './batched.ts';
import { type Bed, bed, call, finish } from './bed.ts';
import { RawPeer } from './raw-peer.ts';
import { host, nearOffer } from './world.ts';

const test = suite('Calls that we make (RFC 3261 §13.2, §9.1; RFC 3263 §4.3)');

const target = `sip:bob@${host}:5070`;

function invited({ near, note, log }: Bed, signal?: AbortSignal): void {
  const onProvisional = ({ status }: { status: number }) => void log.push(`heard ${status}`);
  note('call', near.invite(target, { body: nearOffer, onProvisional, ...(signal && { signal }) }));
}

test('a call that is answered becomes a dialog, and its ACK goes by the route set', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const invite = ground.hop.last('INVITE');
  assert.is(invite.requestUri, target);
  assert.is(invite.header('Route'), '<sip:10.0.0.1:5070;lr>');
  assert.is(invite.header('Max-Forwards'), '70');
  assert.is(invite.header('Supported'), 'timer, 100rel, ms-dialog-route-set-update');
  assert.is(invite.header('Session-Expires'), '1800');
  assert.is(invite.header('Contact'), '<sip:10.0.0.1:5060>');
  assert.is(invite.body, nearOffer);
  const ack = ground.hop.last('ACK');
  assert.is(ack.requestUri, 'sip:10.0.0.1:5070');
  assert.is(ack.header('Route'), '<sip:10.0.0.1:5070;lr>');
  assert.is(ack.cseq, invite.cseq);
  assert.is(dialog.callId, invite.header('Call-ID'));
  await finish(ground, dialog);
});

test('provisional responses reach the program, 100 alone does not', async () => {
  const ground = await bed();
  const { hop, seen, clock } = ground;
  hop.script = (request) => {
    if (request.method !== 'INVITE') return false;
    for (const status of [100, 180, 183]) hop.reply(request, status);
    hop.reply(request, 486);
    return true;
  };
  invited(ground);
  await clock.run(100);
  assert.equal(seen(), ['heard 180', 'heard 183', 'call failed 486 intermediary']);
  await ground.rest();
});

test('a provisional response that comes in one step with the answer is told all the same', async () => {
  const ground = await bed();
  const { hop, clock, network } = ground;
  const together = batched(network.udp({ host, port: 5062 }));
  const near = await ground.stack('third', 5062, { hops: [`sip:${host}:5070`], transports: [together.transport] });
  hop.script = (request) => {
    if (request.method === 'INVITE') {
      together.hold();
      hop.reply(request, 180);
    }
    return false;
  };
  invited({ ...ground, near });
  await clock.run(20);
  together.release();
  await clock.run(20);
  assert.equal(ground.seen().sort(), ['call done', 'heard 180']);
  await ground.take(near.close());
});

test('a call that is refused fails with the response, which is acknowledged hop by hop', async () => {
  const ground = await bed();
  const { hop, log, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, 486, { headers: ['User-Agent: far'] });
    return request.method === 'INVITE';
  };
  invited(ground);
  await clock.run(100);
  assert.equal(log, ['near > hop INVITE', 'hop > near 486 INVITE', 'call failed 486 remote', 'near > hop ACK']);
  assert.is(hop.last('ACK').header('Via'), hop.last('INVITE').header('Via'));
  await ground.rest();
});

test('a call that nobody answers fails with 408 after 64*T1 by each hop', async () => {
  const ground = await bed({ hops: 1 });
  const { hop, clock } = ground;
  hop.script = () => true;
  invited(ground);
  await clock.run(31_900);
  assert.equal(ground.seen(), []);
  await clock.run(200);
  assert.is(ground.seen().at(-1), 'call failed 408 local');
  await ground.rest();
});

test('a hop that answers 503 is passed over: the same INVITE by the next one, with a new branch', async () => {
  const ground = await bed();
  const { hop, other, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, 503);
    return request.method === 'INVITE';
  };
  invited(ground);
  await clock.run(100);
  assert.is(ground.seen().at(-1), 'call done');
  const [first, second] = [hop.last('INVITE'), other.last('INVITE')];
  for (const name of ['Call-ID', 'CSeq', 'From', 'To', 'Contact'])
    assert.is(first.header(name), second.header(name), name);
  assert.is.not(first.header('Via'), second.header('Via'));
  assert.is(second.header('Route'), '<sip:10.0.0.1:5080;lr>');
  await ground.take(ground.near.close());
});

test('when the last hop answers 503 too, that is what the program hears', async () => {
  const ground = await bed();
  const { hop, other, clock } = ground;
  for (const peer of [hop, other]) {
    peer.script = (request) => {
      if (request.method === 'INVITE') peer.reply(request, 503);
      return request.method === 'INVITE';
    };
  }
  invited(ground);
  await clock.run(100);
  assert.is(ground.seen().at(-1), 'call failed 503 intermediary');
  await ground.rest();
});

test('a hop that is dead is passed over as soon as its flow is lost', async () => {
  const ground = await bed();
  const { clock, network } = ground;
  network.kill({ host, port: 5070 });
  invited(ground);
  await clock.run(20);
  assert.is(ground.seen().at(-1), 'call done');
  await ground.take(ground.near.close());
});

test('with no hop alive the call fails at once with 503, and works again when one is back', async () => {
  const ground = await bed({ hops: 1 });
  const { clock, network } = ground;
  network.kill({ host, port: 5070 });
  invited(ground);
  await clock.run(20);
  assert.is(ground.seen().at(-1), 'call failed 503 local');
  await clock.run(60_000);
  await RawPeer.open(ground, 'hop', 5070);
  invited(ground);
  await clock.run(20);
  assert.is(ground.seen().at(-1), 'call done');
  await ground.take(ground.near.close());
});

test('a call right after the stack has opened waits for its hop to open', async () => {
  const ground = await bed();
  const second = await ground.stack('second', 5061, { hops: [`sip:${host}:5070`] });
  ground.note('second', second.invite(target));
  await ground.clock.run(20);
  assert.is(ground.seen().at(-1), 'second done');
  await ground.take(second.close());
});

test('a repeated 2xx is acknowledged each time', async () => {
  const ground = await bed();
  const { hop, log, clock } = ground;
  const { dialog } = await call(ground);
  const invite = hop.last('INVITE');
  hop.accept(invite);
  hop.accept(invite);
  await clock.run(10);
  assert.equal(log, ['hop > near 200 INVITE', 'hop > near 200 INVITE', 'near > hop ACK', 'near > hop ACK']);
  const [first, ...others] = hop.requests('ACK').map(({ text }) => text);
  for (const text of others) assert.is(text, first);
  await finish(ground, dialog);
});

test('its ACK is repeated by the way that it went, where the route begins with another hop than the call came by', async () => {
  const ground = await bed();
  const { hop, other, clock } = ground;
  hop.recordRoute = [`<${other.uri};lr>`];
  const { dialog } = await call(ground);
  assert.equal([hop.requests('ACK').length, other.requests('ACK').length], [0, 1]);
  hop.accept(hop.last('INVITE'));
  await clock.run(10);
  assert.equal([hop.requests('ACK').length, other.requests('ACK').length], [0, 2]);
  await finish(ground, dialog);
});

test('a call for which there is no room fails before anything is sent', async () => {
  const ground = await bed({ hops: 1, stack: { limits: { dialogs: 2, transactions: 100 } } });
  const { dialog } = await call(ground);
  ground.hop.script = ({ method }) => method === 'INVITE';
  for (const name of ['second', 'third']) ground.note(name, ground.near.invite(target));
  await ground.clock.run(10);
  assert.equal(ground.seen(), ['third failed SIP_OVERLOADED']);
  ground.hop.reply(ground.hop.last('INVITE'), 486);
  await ground.clock.run(10);
  await finish(ground, dialog);
});

test('a call without hops goes straight to a numeric target', async () => {
  const ground = await bed({ hops: 0 });
  const { dialog } = await call(ground);
  assert.is(ground.hop.last('INVITE').header('Route'), '');
  await finish(ground, dialog);
});

test('without hops a target that is a name fails with 503: names are not looked up', async () => {
  const ground = await bed({ hops: 0 });
  ground.note('call', ground.near.invite('sip:bob@biloxi.example'));
  await ground.clock.run(10);
  assert.equal(ground.log, ['call failed 503 local']);
  await ground.rest();
});

test('a 2xx without Session-Expires leaves the dialog without a session timer', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  assert.is((await ground.take(ground.near.counts())).timers, 2, 'the probe of the hop and Timer M');
  await finish(ground, dialog);
});

test.run();
