import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Endpoint } from '../../transport/address.ts';
import { systemClock, VirtualClock } from '../../transport/clock.ts';
import { type Address, type OpenTransport, type TransportContext, TransportError } from '../../transport/contract.ts';
import { type Datagram, type MemoryNetwork, type MemoryNetworkOptions, memoryNetwork } from '../../transport/memory.ts';
import { bytesOf, given, Recorder } from './recorder.ts';

const test = suite('Memory network');

const a: Address = { protocol: 'udp', host: '192.0.2.1', port: 5060 };
const b: Address = { protocol: 'udp', host: '192.0.2.2', port: 5060 };

interface Node {
  readonly transport: OpenTransport;
  readonly listener: Recorder;
}

interface World {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  bind(endpoint: Endpoint, context?: Partial<TransportContext>): Promise<Node>;
}

function world(options: Partial<MemoryNetworkOptions> = {}): World {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock, seed: 1, ...options });
  const bind: World['bind'] = async (endpoint, context) => {
    const listener = new Recorder();
    const transport = await network.udp(endpoint).open(listener, { clock, shard: 0, ...context });
    return { transport, listener };
  };
  return { clock, network, bind };
}

/** Asks for a flow, lets the clock answer and gives the flow. */
async function open(
  clock: VirtualClock,
  node: Node,
  remote: Address,
  connected: boolean,
): Promise<Recorder['opened'][0]['flow']> {
  const openId = node.listener.opened.length + 1;
  node.transport.openFlow(openId, remote, { connected });
  await clock.run(0);
  return given(node.listener.flow(openId));
}

function line({ sentAtMs, atMs, from, to, bytes, fate }: Datagram): string {
  return `${sentAtMs}-${atMs} ${from.host} ${to.host} ${new TextDecoder().decode(bytes)} ${fate}`;
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

test('messages pass both ways after the delay, and a stranger’s makes a flow', async () => {
  const { clock, network, bind } = world({ delayMs: 5 });
  const [one, other] = [await bind(a), await bind(b)];
  one.transport.send(await open(clock, one, b, false), bytesOf('request'));
  await clock.run(4);
  assert.equal(other.listener.log, []);
  await clock.run(1);
  assert.equal(other.listener.log, ['open 192.0.2.1:5060 stranger', 'message request']);
  other.transport.send(given(other.listener.flow(undefined)), bytesOf('answer'));
  await clock.runUntilIdle();
  assert.equal(one.listener.log, ['open 192.0.2.2:5060 1', 'message answer']);
  assert.equal(network.log.map(line), [
    '0-5 192.0.2.1 192.0.2.2 request delivered',
    '5-10 192.0.2.2 192.0.2.1 answer delivered',
  ]);
});

test('nothing is reported from inside a call, with no delay either', async () => {
  const { clock, bind } = world();
  const node = await bind(a);
  const flow = await open(clock, node, a, true);
  node.transport.send(flow, bytesOf('to myself'));
  node.transport.openFlow(2, b, { connected: true });
  node.transport.openFlow(3, { ...b, host: 'b.example' }, { connected: true });
  assert.equal(node.listener.log, ['open 192.0.2.1:5060 1']);
  await clock.runUntilIdle();
  assert.equal(node.listener.log.slice(1).sort(), [
    'failed 3 SIP_OPEN_FAILED',
    'message to myself',
    'open 192.0.2.2:5060 2',
  ]);
});

test('the receiver has its own copy of the bytes', async () => {
  const { clock, bind } = world();
  const [one, other] = [await bind(a), await bind(b)];
  const bytes = bytesOf('before');
  one.transport.send(await open(clock, one, b, false), bytes);
  bytes.fill(0);
  await clock.runUntilIdle();
  assert.ok(other.listener.log.includes('message before'));
});

test('a taken address is in use, and free again when its holder is destroyed or killed', async () => {
  const { network, bind } = world();
  const first = await bind(a);
  const error = await bind(a).catch((refusal: unknown) => refusal);
  assert.instance(error, TransportError);
  assert.is((error as TransportError).code, 'SIP_PORT_IN_USE');
  await first.transport.destroy();
  await bind(a);
  network.kill(a);
  await bind(a);
});

test('port 0 takes a free one, and IPv6 has one spelling', async () => {
  const { clock, bind } = world();
  const [one, other] = [await bind({ host: '2001:DB8::0', port: 0 }), await bind({ host: '2001:db8::', port: 0 })];
  assert.is(one.transport.local.host, '2001:db8::');
  assert.is.not(one.transport.local.port, other.transport.local.port);
  const spelled: Address = { ...other.transport.local, host: '2001:0DB8::' };
  one.transport.send(await open(clock, one, spelled, false), bytesOf('x'));
  await clock.runUntilIdle();
  assert.ok(other.listener.log.includes('message x'));
  assert.throws(() => world().network.udp({ host: 'localhost', port: 1 }), /no such address/);
});

test('nothing bound: a connected flow is refused once, a round trip later; another meets silence', async () => {
  const { clock, network, bind } = world({ delayMs: 10 });
  const one = await bind(a);
  const plain = await open(clock, one, { ...b, port: 5061 }, false);
  const connected = await open(clock, one, b, true);
  one.transport.send(plain, bytesOf('silence'));
  one.transport.send(connected, bytesOf('first'));
  one.transport.send(connected, bytesOf('second'));
  await clock.run(19);
  assert.equal(one.listener.lost, []);
  await clock.run(1);
  assert.equal(
    one.listener.lost.map((lost) => [lost.flow, lost.code]),
    [[connected, 'SIP_FLOW_REFUSED']],
  );
  one.transport.send(connected, bytesOf('late'));
  await clock.runUntilIdle();
  assert.is(one.listener.lost.length, 1);
  assert.is(one.transport.shed, 1);
  assert.equal(
    network.log.map((datagram) => datagram.fate),
    ['refused', 'refused', 'refused'],
  );
});

test('an old refusal does not reach the flow that was opened after it', async () => {
  const { clock, bind } = world({ delayMs: 10 });
  const one = await bind(a);
  const first = await open(clock, one, b, true);
  one.transport.send(first, bytesOf('refused'));
  await clock.run(5);
  one.transport.send(first, bytesOf('refused as well'));
  await clock.run(15);
  const second = await open(clock, one, b, true);
  assert.is.not(second, first);
  const other = await bind(b);
  one.transport.send(second, bytesOf('welcome back'));
  await clock.runUntilIdle();
  assert.ok(other.listener.log.includes('message welcome back'));
  assert.is(one.listener.lost.length, 1);
});

test('killed: it hears nothing more, what is under way to it is refused, what it sent still arrives', async () => {
  const { clock, network, bind } = world({ delayMs: 10 });
  const [one, other] = [await bind(a), await bind(b)];
  const flow = await open(clock, one, b, true);
  const back = await open(clock, other, a, false);
  one.transport.send(flow, bytesOf('too late'));
  other.transport.send(back, bytesOf('last words'));
  network.kill(b);
  other.transport.send(back, bytesOf('from the grave'));
  other.transport.openFlow(9, a, { connected: false });
  await clock.runUntilIdle();
  assert.equal(one.listener.log, ['open 192.0.2.2:5060 1', 'message last words', 'lost SIP_FLOW_REFUSED']);
  assert.equal(other.listener.log, ['open 192.0.2.1:5060 1']);
  assert.is(other.transport.shed, 1);
});

test('partitioned: silence both ways, for what is under way as well, until it is healed', async () => {
  const { clock, network, bind } = world({ delayMs: 10 });
  const [one, other] = [await bind(a), await bind(b)];
  const flow = await open(clock, one, b, true);
  const back = await open(clock, other, a, true);
  one.transport.send(flow, bytesOf('under way'));
  network.partition(b, a);
  one.transport.send(flow, bytesOf('there'));
  other.transport.send(back, bytesOf('back'));
  await clock.runUntilIdle();
  assert.equal(
    network.log.map((datagram) => datagram.fate),
    ['partitioned', 'partitioned', 'partitioned'],
  );
  network.heal(a, b);
  one.transport.send(flow, bytesOf('healed'));
  await clock.runUntilIdle();
  assert.equal(
    other.listener.received.map((one_) => one_.text),
    ['healed'],
  );
  assert.equal(one.listener.lost, []);
});

test('paused: what it is sent waits, in order and bounded, what it sends does not leave', async () => {
  const { clock, network, bind } = world({ delayMs: 1 });
  const [one, other] = [await bind(a), await bind(b)];
  const flow = await open(clock, one, b, true);
  const back = await open(clock, other, a, false);
  network.pause(b);
  for (const text of ['1', '2', '3']) one.transport.send(flow, bytesOf(text));
  for (let sent = 0; sent < 4; sent += 1) one.transport.send(flow, new Uint8Array(65_000));
  other.transport.send(back, bytesOf('stopped'));
  await clock.runUntilIdle();
  assert.equal(other.listener.received, []);
  assert.equal(
    network.log.map((datagram) => datagram.fate),
    ['stopped', 'overflowed'],
  );
  network.resume(b);
  assert.equal(other.listener.received, []);
  await clock.run(0);
  assert.equal(
    other.listener.received.slice(0, 3).map((one_) => one_.text),
    ['1', '2', '3'],
  );
  assert.is(other.listener.received.length, 6);
  one.transport.send(flow, bytesOf('after'));
  await clock.runUntilIdle();
  assert.is(given(other.listener.received.at(-1)).text, 'after');
  assert.equal(one.listener.log, ['open 192.0.2.2:5060 1']);
});

test('what has waited at a paused address comes before what arrives as it resumes', async () => {
  const { clock, network, bind } = world({ delayMs: 10 });
  const [one, other] = [await bind(a), await bind(b)];
  const flow = await open(clock, one, b, false);
  network.pause(b);
  one.transport.send(flow, bytesOf('waited'));
  await clock.run(5);
  clock.wake(15, () => network.resume(b));
  one.transport.send(flow, bytesOf('arrives'));
  await clock.runUntilIdle();
  assert.equal(
    other.listener.received.map((received) => received.text),
    ['waited', 'arrives'],
  );
});

test('killed while paused: what waited is lost without a word', async () => {
  const { clock, network, bind } = world();
  const [one] = [await bind(a), await bind(b)];
  const flow = await open(clock, one, b, true);
  network.pause(b);
  one.transport.send(flow, bytesOf('waits'));
  await clock.runUntilIdle();
  network.kill(b);
  await clock.runUntilIdle();
  assert.equal(
    network.log.map((datagram) => datagram.fate),
    ['lost'],
  );
  one.transport.send(flow, bytesOf('refused'));
  await clock.runUntilIdle();
  assert.ok(one.listener.log.includes('lost SIP_FLOW_REFUSED'));
});

/** Sends 1,000 numbered datagrams, 1 ms apart, and gives what arrived. */
async function traffic(
  options: Partial<MemoryNetworkOptions>,
): Promise<{ readonly texts: string[]; readonly log: string[] }> {
  const { clock, network, bind } = world({ delayMs: 10, ...options });
  const [one, other] = [await bind(a), await bind(b)];
  const flow = await open(clock, one, b, false);
  for (const text of numbered(1_000)) {
    one.transport.send(flow, bytesOf(text));
    await clock.run(1);
  }
  await clock.runUntilIdle();
  return { texts: other.listener.received.map((received) => received.text), log: network.log.map(line) };
}

test('loss takes about its share and nothing else', async () => {
  const { texts, log } = await traffic({ loss: 0.2 });
  assert.ok(texts.length > 740 && texts.length < 860, `${texts.length} arrived`);
  assert.equal(
    texts,
    [...texts].sort((one, other) => Number(one) - Number(other)),
  );
  assert.is(log.filter((text) => text.endsWith('lost')).length, 1_000 - texts.length);
});

test('duplication repeats about its share', async () => {
  const { texts } = await traffic({ duplication: 0.2 });
  assert.is(new Set(texts).size, 1_000);
  assert.ok(texts.length > 1_140 && texts.length < 1_260, `${texts.length} arrived`);
});

test('truncation leaves about its share without their end, anything from one octet to all but one', async () => {
  const { clock, network, bind } = world({ truncation: 0.25 });
  const [one, other] = [await bind(a), await bind(b)];
  const flow = await open(clock, one, b, false);
  const whole = 'a datagram';
  for (let sent = 0; sent < 1000; sent++) one.transport.send(flow, bytesOf(whole));
  await clock.runUntilIdle();
  const texts = other.listener.log.filter((text) => text.startsWith('message ')).map((text) => text.slice(8));
  assert.is(texts.length, 1000);
  assert.ok(texts.every((text) => whole.startsWith(text)));
  const sizes = texts.map(({ length }) => length).filter((size) => size < whole.length);
  assert.ok(sizes.length > 200 && sizes.length < 300, `${sizes.length} are cut`);
  assert.equal(
    [...new Set(sizes)].sort((least, most) => least - most),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  assert.equal(new TextDecoder().decode(network.log.find(({ bytes }) => bytes.length === 1)?.bytes), 'a');
});

test('jitter alone keeps the order; reordering does not', async () => {
  assert.equal((await traffic({ jitterMs: 50 })).texts, numbered(1_000));
  const { texts } = await traffic({ jitterMs: 5, reordering: 0.1 });
  assert.is.not(texts.join(), numbered(1_000).join());
  assert.equal(
    [...texts].sort((one, other) => Number(one) - Number(other)),
    numbered(1_000),
  );
});

test('the same seed gives the same log, another seed another', async () => {
  const conditions = { jitterMs: 7, loss: 0.1, duplication: 0.1, reordering: 0.1 };
  const logs = [];
  for (const seed of [7, 7, 8]) logs.push((await traffic({ ...conditions, seed })).log.join('\n'));
  assert.is(logs[0], logs[1]);
  assert.is.not(logs[0], logs[2]);
});

test('one condition leaves the dice of the others alone', async () => {
  const lost = async (options: Partial<MemoryNetworkOptions>): Promise<string[]> =>
    (await traffic({ loss: 0.1, ...options })).log
      .filter((text) => text.endsWith('lost'))
      .map((text) => given(text.split(' ')[3]));
  assert.equal((await lost({ duplication: 0.5, jitterMs: 5 })).sort(), (await lost({})).sort());
});

test('conditions can change while it runs, and an observer sees every datagram', async () => {
  const seen: string[] = [];
  const { clock, network, bind } = world({ onDatagram: (datagram) => seen.push(datagram.fate) });
  const [one] = [await bind(a), await bind(b)];
  const flow = await open(clock, one, b, false);
  network.change({ loss: 1 });
  one.transport.send(flow, bytesOf('lost'));
  network.change({ loss: 0 });
  one.transport.send(flow, bytesOf('delivered'));
  await clock.runUntilIdle();
  assert.equal(seen, ['lost', 'delivered']);
});

test('the log keeps the newest and forgets the oldest', async () => {
  const { clock, network, bind } = world({ loss: 1 });
  const one = await bind(a);
  const flow = await open(clock, one, b, false);
  for (const text of numbered(25_000)) one.transport.send(flow, bytesOf(text));
  assert.ok(network.log.length >= 10_000 && network.log.length < 20_000);
  assert.match(line(given(network.log.at(-1))), ' 24999 lost');
});

test('a message too large for a datagram is shed', async () => {
  const { clock, network, bind } = world();
  const one = await bind(a);
  one.transport.send(await open(clock, one, b, false), new Uint8Array(65_508));
  assert.is(one.transport.shed, 1);
  assert.equal(network.log, []);
});

test('a closed flow is void, and the next message from there is a stranger’s', async () => {
  const { clock, bind } = world();
  const [one, other] = [await bind(a), await bind(b)];
  const flow = await open(clock, one, b, true);
  one.transport.closeFlow(flow);
  one.transport.send(flow, bytesOf('void'));
  other.transport.send(await open(clock, other, a, false), bytesOf('hello'));
  await clock.runUntilIdle();
  assert.equal(one.listener.log, ['open 192.0.2.2:5060 1', 'open 192.0.2.2:5060 stranger', 'message hello']);
  assert.is.not(one.listener.flow(undefined), flow);
  assert.is(one.transport.shed, 1);
});

test('it runs on the system’s clock as well, in order', async () => {
  const network = memoryNetwork({ clock: systemClock, seed: 1, delayMs: 1, jitterMs: 1 });
  const [here, there] = [new Recorder(), new Recorder()];
  const context = { clock: systemClock, shard: 0 };
  const transport = await network.udp(a).open(here, context);
  await network.udp(b).open(there, context);
  transport.openFlow(1, b, { connected: true });
  const flow = await here.until(() => here.flow(1));
  for (const text of numbered(100)) transport.send(flow, bytesOf(text));
  await there.heard('message 99');
  assert.equal(
    there.received.map((received) => received.text),
    numbered(100),
  );
});

test.run();
