import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import { RawDialog } from '../engine/raw-dialog.ts';
import { RawPeer } from '../engine/raw-peer.ts';
import { host } from '../engine/world.ts';

const test = suite('Next hops: probing, death and return');

const near = { host, port: 5060 };
const hopAddress = { host, port: 5070 };

/** When the stack sent probes to a port. */
function probesTo(ground: Bed, port: number): number[] {
  return ground.network.log
    .filter((datagram) => datagram.to.port === port && new TextDecoder().decode(datagram.bytes).startsWith('OPTIONS'))
    .map(({ sentAtMs }) => sentAtMs);
}

function silence(peer: RawPeer): void {
  peer.answersProbes = false;
  peer.script = () => true;
}

test('a hop is probed every 375 ms while it carries dialogs, and not otherwise', async () => {
  const ground = await bed();
  await ground.clock.run(5000);
  assert.equal(probesTo(ground, 5070), []);
  const { dialog } = await call(ground);
  await ground.clock.run(2000);
  const times = probesTo(ground, 5070);
  assert.is(times.length, 5);
  for (const [index, atMs] of times.slice(1).entries()) assert.is(atMs - (times[index] ?? 0), 375);
  assert.equal(probesTo(ground, 5080), [], 'the other hop carries nothing');
  await finish(ground, dialog);
});

test('a hop that falls silent is dead after three probes, within 1.5 s', async () => {
  for (const delayMs of [1, 100, 200, 300, 374]) {
    const ground = await bed();
    const { dialog } = await call(ground);
    await ground.clock.run(3000 + delayMs);
    ground.network.pause(hopAddress);
    const fromMs = ground.clock.nowMs();
    const unanswered = probesTo(ground, 5070).length;
    while (ground.seen().length === 0) await ground.clock.run(1);
    assert.equal(ground.seen(), ['recovering']);
    const tookMs = ground.clock.nowMs() - fromMs;
    assert.ok(tookMs > 750 && tookMs <= 1500, `${tookMs}`);
    const { cause, causeStatus } = await ground.take(dialog.routeStatus());
    assert.equal([cause, causeStatus], ['hop-silent', undefined]);
    assert.is(probesTo(ground, 5070).length - unanswered, 0, 'they are on record when they arrive');
    ground.network.resume(hopAddress);
    await ground.clock.run(10);
    await finish(ground, dialog);
  }
});

test('any datagram of a hop counts as life, and any response whatever its status', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  const { hop, clock, nearPort } = ground;
  hop.answersProbes = false;
  for (let i = 0; i < 20; i++) {
    await clock.run(350);
    if (i % 2 === 0) hop.send(nearPort, '\r\n\r\n');
    else raw.request('OPTIONS');
  }
  assert.equal(ground.seen(), []);
  await finish(ground, dialog);
});

test('a hop that refuses its flow is dead at once: the request fails first, then the status changes', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  ground.network.kill(hopAddress);
  ground.note('info', dialog.request('INFO'));
  await ground.clock.run(5);
  assert.equal(ground.seen(), ['info failed 503 local', 'recovering', 'healthy']);
  assert.is(ground.other.requests('UPDATE').length, 1);
  assert.is((await ground.take(dialog.routeStatus())).cause, 'flow-lost');
  await finish(ground, dialog);
});

test('a hop that dies under a BYE is probed no more often than any other', async () => {
  const ground = await bed();
  const { near, network, clock } = ground;
  const { dialog } = await call(ground);
  near.setHops([`sip:${host}:5080`]);
  const { dialog: carried } = await call(ground);
  network.kill(hopAddress);
  network.pause({ host, port: 5080 });
  const ended = dialog.bye().catch(() => undefined);
  await clock.run(6000);
  network.resume({ host, port: 5080 });
  await clock.run(1000);
  await ended;
  const times = probesTo(ground, 5080);
  const gapsMs = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
  assert.ok(gapsMs.length >= 15, `${gapsMs}`);
  assert.ok(Math.min(...gapsMs) >= 250, `${gapsMs}`);
  await finish(ground, carried);
});

test('a dead hop marks every dialog that it carries, and no other', async () => {
  const ground = await bed();
  const calls = [await call(ground), await call(ground), await call(ground), await call(ground)];
  const onOther = ground.other.requests('INVITE').length;
  assert.is(onOther, 2);
  ground.network.kill(hopAddress);
  await ground.clock.run(400);
  assert.equal(ground.seen(), ['recovering', 'recovering', 'healthy', 'healthy']);
  await finish(ground, ...calls.map(({ dialog }) => dialog));
});

test('while no hop is alive only probes are sent; the first that returns resets the schedule of all that wait', async () => {
  const ground = await bed();
  const calls = [await call(ground), await call(ground)];
  const { network, clock, log } = ground;
  for (const port of [5070, 5080]) network.kill({ host, port });
  await clock.run(5000);
  log.length = 0;
  await clock.run(60_000);
  assert.equal(log, [], 'nothing but probes');
  const both = [probesTo(ground, 5070), probesTo(ground, 5080)];
  for (const times of both)
    assert.ok(Math.abs(times.filter((atMs) => atMs > 10_000).length - 147) <= 3, `${times.length}`);
  await RawPeer.open(ground, 'hop', 5070);
  await clock.run(400);
  assert.equal(ground.seen(), ['healthy', 'healthy']);
  await finish(ground, ...calls.map(({ dialog }) => dialog));
});

test('a hop that returns after a silence is known by its first word', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  ground.network.partition(near, hopAddress);
  await ground.clock.run(20_000);
  assert.equal(ground.seen(), ['recovering']);
  ground.network.heal(near, hopAddress);
  await ground.clock.run(400);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  await finish(ground, dialog);
});

test('a hop is known by its first request on a connection of its own, too: what that has healed goes by it', async () => {
  const ground = await bed({ protocol: 'tcp', hops: 1, stack: { recovery: { mode: 'limited' } } });
  const { network, clock, note } = ground;
  const { dialog, raw } = await call(ground);
  network.kill(hopAddress);
  await clock.run(2000);
  note('held', dialog.request('INFO'));
  const again = await RawPeer.open(ground, 'hop', 5070);
  const { callId, local, remote, cseq } = raw;
  const headers = ['Supported: ms-dialog-route-set-update', `Record-Route: <${again.uri};lr>`];
  new RawDialog(again, ground.nearPort, { callId, local, remote, cseq }).request('UPDATE', { headers });
  await clock.run(10);
  assert.is(again.responses('UPDATE').at(-1)?.status, 200);
  assert.equal(ground.seen(), ['recovering', 'healthy', 'held 200']);
  await finish(ground, dialog);
});

test('calls are shared among the hops by weight', async () => {
  const hops = [
    { uri: `sip:${host}:5070`, weight: 3 },
    { uri: `sip:${host}:5080`, weight: 1 },
  ];
  const ground = await bed({ stack: { hops } });
  const calls = [];
  for (let i = 0; i < 40; i++) calls.push(await call(ground));
  assert.equal([ground.hop.requests('INVITE').length, ground.other.requests('INVITE').length], [30, 10]);
  await finish(ground, ...calls.map(({ dialog }) => dialog));
});

test('a call that rings survives that its hop is listed again, and that it is not', async () => {
  for (const hops of [[5070, 5080], [5080], []]) {
    const ground = await bed();
    const { hop, clock, note } = ground;
    hop.script = (request) => {
      if (request.method === 'INVITE') hop.reply(request, 180);
      return request.method === 'INVITE';
    };
    const dialog = ground.near.invite(`sip:bob@${host}:5070`);
    note('call', dialog);
    await clock.run(10);
    ground.near.setHops(hops.map((port) => `sip:${host}:${port}`));
    await clock.run(10);
    hop.script = () => false;
    hop.accept(hop.last('INVITE'));
    await clock.run(10);
    assert.equal(ground.seen(), ['call done'], hops.join());
    await finish(ground, await dialog);
  }
});

test('a list that is set again as it was opens no flow anew', async () => {
  const ground = await bed();
  const lists = { hops: [`sip:${host}:5070`, { uri: `sip:${host}:5080`, weight: 2 }] };
  for (let i = 0; i < 3; i++) {
    ground.near.setHops(lists.hops);
    await ground.clock.run(10);
  }
  const { dialog } = await call(ground);
  await finish(ground, dialog);
});

test('a hop that is added heals what was waiting for one', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  ground.network.kill(hopAddress);
  await ground.clock.run(10_000);
  assert.equal(ground.seen(), ['recovering']);
  ground.near.setHops([`sip:${host}:5070`, `sip:${host}:5080`]);
  await ground.clock.run(10);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  await finish(ground, dialog);
});

test('a dialog stays on a hop that is no longer listed, until its route breaks', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const { hop, other, take, clock } = ground;
  ground.near.setHops([`sip:${host}:5080`]);
  await clock.run(10);
  await take(dialog.request('INFO'));
  assert.is(hop.requests('INFO').length, 1);
  ground.network.kill(hopAddress);
  ground.note('info', dialog.request('INFO'));
  await clock.run(20);
  assert.equal(ground.seen(), ['info failed 503 local', 'recovering', 'healthy']);
  assert.is(other.requests('UPDATE').length, 1);
  await take(dialog.request('INFO'));
  assert.is(other.requests('INFO').length, 1);
  await finish(ground, dialog);
});

test('in mode none nobody is probed, and a hop that has refused once is asked again', async () => {
  const ground = await bed({ hops: 1, stack: { recovery: { mode: 'none' }, application: {} } });
  const { dialog } = await call(ground);
  await ground.clock.run(5000);
  assert.equal(probesTo(ground, 5070), []);
  ground.network.kill(hopAddress);
  ground.note('info', dialog.request('INFO'));
  await ground.clock.run(10);
  await RawPeer.open(ground, 'hop', 5070);
  ground.note('again', dialog.request('INFO'));
  await ground.clock.run(10);
  assert.equal(ground.seen(), ['info failed 503 local', 'again 200']);
  await finish(ground, dialog);
});

test('a next hop that nobody listed is probed once a request to it has been unanswered for 3.5 s', async () => {
  const ground = await bed({ hops: 0 });
  ground.hop.recordRoute = [];
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = ({ method }) => method === 'INFO';
  const fromMs = clock.nowMs();
  ground.note('info', dialog.request('INFO'));
  await clock.run(3400);
  assert.equal(probesTo(ground, 5070), []);
  await clock.run(200);
  assert.equal(probesTo(ground, 5070), [fromMs + 3500]);
  await clock.run(20_000);
  assert.equal(ground.seen(), [], 'it answered: the request waits for its own timer');
  silence(hop);
  ground.note('more', dialog.request('INFO'));
  await clock.run(5100);
  assert.equal(ground.seen().slice(0, 3).sort(), ['info failed 503 local', 'more failed 503 local', 'recovering']);
  hop.answersProbes = true;
  hop.script = () => false;
  await clock.run(1000);
  assert.equal(ground.seen().slice(3), ['healthy']);
  await finish(ground, dialog);
});

test('a call goes to no hop that has asked with 503 and Retry-After to be left alone', async () => {
  const ground = await bed();
  const { hop, other, near: stack, take, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, 503, { headers: ['Retry-After: 20'] });
    return request.method === 'INVITE';
  };
  const dialogs = [];
  for (let i = 0; i < 4; i++) dialogs.push(await take(stack.invite(`sip:bob@${host}:5070`)));
  assert.equal([hop.requests('INVITE').length, other.requests('INVITE').length], [1, 4]);
  hop.script = () => false;
  await clock.run(20_000);
  for (let i = 0; i < 2; i++) dialogs.push(await take(stack.invite(`sip:bob@${host}:5070`)));
  assert.is(hop.requests('INVITE').length, 2);
  await finish(ground, ...dialogs);
});

test.run();
