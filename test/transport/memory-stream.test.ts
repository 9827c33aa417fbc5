import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { VirtualClock } from '../../transport/clock.ts';
import type { Address, FlowId, OpenTransport } from '../../transport/contract.ts';
import { type MemoryNetwork, type MemoryNetworkOptions, memoryNetwork } from '../../transport/memory.ts';
import { update } from '../message/sample.ts';
import { given, Recorder } from './recorder.ts';

const test = suite('Streams of the memory network');

const a: Address = { protocol: 'tcp', host: '192.0.2.1', port: 5060 };
const b: Address = { protocol: 'tcp', host: '192.0.2.2', port: 5060 };

interface Node {
  readonly transport: OpenTransport;
  readonly heard: Recorder;
}

interface World {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly near: Node;
  readonly far: Node;
  /** From near to far, as near and far have it. */
  readonly flows: { readonly out: FlowId; readonly in: FlowId };
}

async function world(options: Partial<MemoryNetworkOptions> = {}): Promise<World> {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock, seed: 1, delayMs: 5, ...options });
  const listen = async (address: Address): Promise<Node> => {
    const heard = new Recorder();
    return { transport: await network.tcp(address).open(heard, { clock, shard: 0 }), heard };
  };
  const [near, far] = [await listen(a), await listen(b)];
  near.transport.openFlow(1, b, { connected: true });
  await clock.run(10);
  const out = given(near.heard.flow(1));
  near.transport.send(out, numbered(0));
  await clock.run(2_000);
  return { clock, network, near, far, flows: { out, in: given(far.heard.flow(undefined)) } };
}

function numbered(number: number): Uint8Array {
  return update({ Subject: String(number), 'Content-Length': '0' });
}

function numbers(heard: Recorder): number[] {
  return heard.received.map(({ text }) => Number(/^Subject: (\d+)/m.exec(text)?.[1]));
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

test('a connection takes a round trip, a message half of one', async () => {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock, seed: 1, delayMs: 5 });
  const [near, far] = [new Recorder(), new Recorder()];
  const transport = await network.tcp(a).open(near, { clock, shard: 0 });
  await network.tcp(b).open(far, { clock, shard: 0 });
  transport.openFlow(1, b, { connected: true });
  await clock.run(9);
  assert.equal(near.log, []);
  await clock.run(1);
  transport.send(given(near.flow(1)), numbered(0));
  await clock.run(4);
  assert.equal(far.log, []);
  await clock.run(1);
  assert.is(far.received.length, 1);
});

test('loss, jitter and cuts delay messages, but each comes, once and in order, whatever the seed', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const conditions = { loss: 0.2, jitterMs: 30, cutting: 0.7, duplication: 0.5, reordering: 0.5 };
    const { clock, near, far, flows, network } = await world({ seed, ...conditions });
    for (let number = 1; number < 60; number++) {
      near.transport.send(flows.out, numbered(number));
      if (number % 3 === 0) await clock.run(2);
    }
    await clock.run(300_000);
    assert.equal(numbers(far.heard), upTo(60), `seed ${seed}`);
    assert.equal(
      network.log.map(({ protocol, from, to, fate }) => `${protocol} ${from.host} ${to.host} ${fate}`),
      upTo(60).map(() => 'tcp 192.0.2.1 192.0.2.2 delivered'),
    );
  }
});

test('the same seed gives the same log', async () => {
  const run = async (): Promise<string> => {
    const { clock, network, near, flows } = await world({ seed: 7, loss: 0.3, jitterMs: 20, cutting: 0.5 });
    for (let number = 1; number < 20; number++) near.transport.send(flows.out, numbered(number));
    await clock.run(60_000);
    return network.log.map(({ sentAtMs, atMs }) => `${sentAtMs}-${atMs}`).join(' ');
  };
  assert.is(await run(), await run());
});

test('what a partition holds up arrives when it heals; a connection cannot be opened through it', async () => {
  const { clock, network, near, far, flows } = await world();
  network.partition(a, b);
  near.transport.send(flows.out, numbered(1));
  far.transport.openFlow(7, a, { connected: true });
  await clock.run(1_999);
  assert.equal(far.heard.failed, []);
  await clock.run(1);
  assert.match(given(far.heard.failed[0]).message, 'nothing answers within 2000 ms');
  await clock.run(60_000);
  assert.equal(numbers(far.heard), [0]);
  network.heal(a, b);
  await clock.run(10);
  assert.equal(numbers(far.heard), [0, 1]);
  assert.equal([...near.heard.lost, ...far.heard.lost], []);
});

test('a stopped process says nothing, its kernel accepts; when it goes on, it hears all that came', async () => {
  const { clock, network, near, far, flows } = await world();
  network.pause(b);
  near.transport.send(flows.out, numbered(1));
  near.transport.closeFlow(flows.out);
  near.transport.openFlow(2, b, { connected: true });
  await clock.run(10);
  near.transport.send(given(near.heard.flow(2)), numbered(2));
  far.transport.send(flows.in, numbered(3));
  await clock.run(100);
  assert.equal(numbers(far.heard), [0]);
  network.resume(b);
  await clock.run(100);
  assert.equal(numbers(far.heard), [0, 1, 2]);
  assert.equal(numbers(near.heard), []);
  assert.is(far.heard.lost.length, 1);
});

test('what a stopped peer leaves unread costs the flow at last', async () => {
  const { clock, network, near, flows } = await world();
  network.pause(b);
  const large = update({ 'Content-Length': '60000' }, 'x'.repeat(60_000));
  let sent = 0;
  for (; near.heard.lost.length === 0 && sent < 1_000; sent++) {
    near.transport.send(flows.out, large);
    await clock.run(1);
  }
  assert.equal(
    near.heard.lost.map(({ code }) => code),
    ['SIP_FLOW_CONGESTED'],
  );
  assert.ok(sent * large.length > 8 * 1024 * 1024);
});

test('a reset is heard by both ends at once; what was under way is gone, and they may connect anew', async () => {
  const { clock, network, near, far, flows } = await world();
  near.transport.send(flows.out, numbered(1));
  await clock.run(1);
  network.reset(b, a);
  await clock.run(0);
  for (const { heard } of [near, far]) {
    assert.equal(
      heard.lost.map(({ code, message }) => `${code} ${message.split('lost: ')[1]}`),
      ['SIP_FLOW_LOST read ECONNRESET'],
    );
  }
  near.transport.openFlow(2, b, { connected: true });
  await clock.run(10);
  near.transport.send(given(near.heard.flow(2)), numbered(2));
  await clock.run(10);
  assert.equal(numbers(far.heard), [0, 2]);
});

test('who is killed hears nothing more; its peers find their connections closed, and nobody there', async () => {
  const { clock, network, near, far, flows } = await world();
  const before = far.heard.log.length;
  network.kill(b);
  near.transport.send(flows.out, numbered(1));
  await clock.run(10);
  assert.equal(
    near.heard.lost.map(({ code }) => code),
    ['SIP_FLOW_LOST'],
  );
  near.transport.openFlow(2, b, { connected: true });
  await clock.run(10);
  assert.match(given(near.heard.failed[0]).message, 'ECONNREFUSED');
  assert.is(far.heard.log.length, before);
  far.transport.send(flows.in, numbered(2));
  await clock.runUntilIdle();
  assert.equal(numbers(near.heard), []);
  assert.is(clock.pending, 0);
});

test('more than 1,024 connections without a message: the oldest makes place', async () => {
  const { clock, network, near, far } = await world();
  const peers: Recorder[] = [];
  for (let count = 0; count < 1_025; count++) {
    const heard = new Recorder();
    const peer = await network.tcp({ host: '192.0.2.3', port: 0 }).open(heard, { clock, shard: 0 });
    peer.openFlow(1, b, { connected: true });
    peers.push(heard);
  }
  await clock.run(20);
  assert.equal(
    peers.map(({ lost }) => lost.length),
    peers.map((_, index) => (index === 0 ? 1 : 0)),
  );
  assert.equal([...near.heard.lost, ...far.heard.lost], []);
});

test('UDP and TCP of one address are apart, and one kill ends both', async () => {
  const { clock, network, near, flows } = await world();
  const heard = new Recorder();
  const udp = await network.udp(b).open(heard, { clock, shard: 0 });
  const peer = new Recorder();
  const other = await network.udp(a).open(peer, { clock, shard: 0 });
  other.openFlow(1, { ...b, protocol: 'udp' }, { connected: true });
  await clock.run(1);
  other.send(given(peer.flow(1)), numbered(1));
  await clock.run(5);
  assert.equal(numbers(heard), [1]);
  network.kill(b);
  other.send(given(peer.flow(1)), numbered(2));
  near.transport.send(flows.out, numbered(3));
  await clock.run(20);
  assert.equal(
    [...peer.lost, ...near.heard.lost].map(({ code }) => code),
    ['SIP_FLOW_REFUSED', 'SIP_FLOW_LOST'],
  );
  await udp.destroy();
});

test.run();
