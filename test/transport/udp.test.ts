import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { closeSocket, createUdpSocket } from '../../transport/bind.ts';
import { systemClock } from '../../transport/clock.ts';
import { type Address, type OpenTransport, type TransportContext, TransportError } from '../../transport/contract.ts';
import { type UdpOptions, udp } from '../../transport/udp.ts';
import { bytesOf, given, Recorder } from './recorder.ts';

const test = suite('UDP (RFC 3261 §18)');

const loopback = '127.0.0.1';
const cleanups: (() => unknown)[] = [];

test.after.each(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface World {
  readonly transport: OpenTransport;
  readonly listener: Recorder;
  open(
    openId: number,
    remote: Address,
    connected: boolean,
  ): Promise<ReturnType<typeof given<Recorder['opened'][0]['flow']>>>;
}

async function world(options: Partial<UdpOptions> = {}, context: Partial<TransportContext> = {}): Promise<World> {
  const listener = new Recorder();
  const description = udp({ host: loopback, port: 0, receiveBufferSize: 65_536, ...options });
  const transport = await description.open(listener, { clock: systemClock, shard: 3, ...context });
  cleanups.push(() => transport.destroy());
  const open: World['open'] = (openId, remote, connected) => {
    transport.openFlow(openId, remote, { connected });
    return listener.until(() => listener.flow(openId));
  };
  return { transport, listener, open };
}

interface Peer {
  readonly socket: Socket;
  readonly address: Address;
  readonly heard: { readonly text: string; readonly port: number }[];
  /** Resolves with the next datagram that is not read yet. */
  next(): Promise<{ readonly text: string; readonly port: number }>;
  die(): Promise<void>;
}

/** A plain socket; it is bound when this returns. */
function peer(port = 0, host = loopback): Peer {
  const socket = createUdpSocket(host, false);
  const heard: { readonly text: string; readonly port: number }[] = [];
  let read = 0;
  socket.on('message', (bytes, source) => heard.push({ text: bytes.toString(), port: source.port }));
  socket.bind({ address: host, port, exclusive: true });
  let dead: Promise<void> | undefined;
  const die = (): Promise<void> => {
    dead ??= closeSocket(socket);
    return dead;
  };
  const next: Peer['next'] = async () => {
    while (heard.length <= read) await once(socket, 'message', { signal: AbortSignal.timeout(5_000) });
    read += 1;
    return given(heard[read - 1]);
  };
  cleanups.push(die);
  return { socket, address: { protocol: 'udp', host, port: socket.address().port }, heard, next, die };
}

async function refusal(options: UdpOptions): Promise<TransportError> {
  const opened = udp(options).open(new Recorder(), { clock: systemClock, shard: 0 });
  const outcome = await opened.catch((error: unknown) => error);
  if (outcome instanceof TransportError) return outcome;
  await (await opened).destroy();
  throw new Error('it opened');
}

/** Lets the event loop poll its sockets: what the kernel has for them is read. */
async function poll(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('a port of 0 becomes a free one, and messages pass both ways', async () => {
  const { transport, listener, open } = await world();
  assert.equal({ ...transport.local, port: 0 }, { protocol: 'udp', host: loopback, port: 0 });
  assert.ok(transport.local.port > 0);
  const far = peer();
  const flow = await open(1, far.address, false);
  transport.send(flow, bytesOf('request'));
  assert.equal(await far.next(), { text: 'request', port: transport.local.port });
  far.socket.send('answer', transport.local.port, loopback);
  await listener.heard('message answer');
  assert.equal(listener.received, [{ flow, text: 'answer' }]);
  assert.is(transport.shed, 0);
});

test('a stranger’s first message makes a flow on which it can be answered, and the second uses it', async () => {
  const { transport, listener } = await world();
  const far = peer();
  far.socket.send('one', transport.local.port, loopback);
  await listener.heard('message one');
  far.socket.send('two', transport.local.port, loopback);
  await listener.heard('message two');
  assert.equal(listener.log, [`open ${loopback}:${far.address.port} stranger`, 'message one', 'message two']);
  transport.send(given(listener.flow(undefined)), bytesOf('answer'));
  assert.is((await far.next()).text, 'answer');
});

test('to open a flow to a stranger gives the flow that is there, connected or not', async () => {
  const { transport, listener, open } = await world();
  const far = peer();
  far.socket.send('hello', transport.local.port, loopback);
  await listener.heard('message hello');
  const strangers = listener.flow(undefined);
  assert.is(await open(1, far.address, false), strangers);
  assert.is(await open(2, far.address, true), strangers);
  assert.is(await open(3, far.address, true), strangers);
  transport.send(given(strangers), bytesOf('by the connected socket'));
  assert.equal(await far.next(), { text: 'by the connected socket', port: transport.local.port });
});

test('nothing is reported from inside a call', async () => {
  const { transport, listener } = await world();
  const far = peer();
  transport.openFlow(1, far.address, { connected: false });
  transport.openFlow(2, far.address, { connected: true });
  transport.openFlow(3, { ...far.address, host: 'localhost' }, { connected: false });
  assert.equal(listener.log, []);
  await listener.until(() => (listener.log.length === 3 ? true : undefined));
});

test('many may wait for one connected socket, and one may close what the others get', async () => {
  const { transport, listener } = await world();
  const far = peer();
  listener.react = () => {
    if (listener.opened.length === 1) transport.closeFlow(given(listener.flow(1)));
  };
  for (const openId of [1, 2, 3]) transport.openFlow(openId, far.address, { connected: true });
  const second = await listener.until(() => listener.flow(2));
  const third = await listener.until(() => listener.flow(3));
  assert.is.not(second, listener.flow(1));
  assert.is(third, second);
  transport.send(given(listener.flow(1)), bytesOf('late'));
  transport.send(third, bytesOf('sent'));
  assert.is((await far.next()).text, 'sent');
  assert.is(transport.shed, 1);
});

test('what cannot be reached is refused with a reason', async () => {
  const { transport, listener } = await world();
  const far: Address = { protocol: 'udp', host: loopback, port: 5060 };
  const wrong: Address[] = [
    { ...far, host: 'localhost' },
    { ...far, host: '::1' },
    { ...far, port: 0 },
    { ...far, protocol: 'tcp' },
  ];
  for (const [openId, remote] of wrong.entries()) transport.openFlow(openId, remote, { connected: openId % 2 === 0 });
  await listener.until(() => (listener.failed.length === wrong.length ? true : undefined));
  const reasons = [/not a numeric address/, /an ipv4 socket cannot reach it/, /no such port/, /this is udp, not tcp/];
  for (const [index, reason] of reasons.entries()) assert.match(given(listener.failed[index]).message, reason);
});

test('a datagram is judged by its source: what a hop sent before it had a socket of its own is still the hop’s', async () => {
  // Deferred to this turn's end: the datagram waits at the listening socket while the connected one is made.
  const clock = { ...systemClock, defer: (callback: () => void): void => process.nextTick(callback) };
  const { transport, listener, open } = await world({}, { clock });
  const hop = peer();
  hop.socket.send('early', transport.local.port, loopback);
  const flow = await open(1, hop.address, true);
  assert.equal(listener.received, []);
  await listener.heard('message early');
  assert.equal(listener.received, [{ flow, text: 'early' }]);
});

test('a closed hop is known by the first message to it: the flow is lost, once', async () => {
  const { transport, listener, open } = await world();
  const far = peer();
  await far.die();
  const flow = await open(1, far.address, true);
  for (const text of ['one', 'two', 'three', 'four']) transport.send(flow, bytesOf(text));
  await listener.heard('lost SIP_FLOW_REFUSED');
  assert.match(given(listener.lost[0]).message, /ECONNREFUSED/);
  const shed = transport.shed;
  transport.send(flow, bytesOf('late'));
  await poll();
  assert.is(transport.shed, shed + 1);
  assert.is(listener.lost.length, 1);
});

test('a hop that comes back gets the first message of the flow that is opened again', async () => {
  const { transport, listener, open } = await world();
  const far = peer();
  const { port } = far.address;
  const first = await open(1, far.address, true);
  transport.send(first, bytesOf('before'));
  await far.next();
  await far.die();
  for (const text of ['a', 'b', 'c']) transport.send(first, bytesOf(text));
  await listener.heard('lost SIP_FLOW_REFUSED');

  const second = await open(2, far.address, true);
  assert.is.not(second, first);
  transport.send(second, bytesOf('still dead'));
  await listener.heard('lost SIP_FLOW_REFUSED', 2);
  assert.is(given(listener.lost[1]).flow, second);

  const back = peer(port);
  const third = await open(3, far.address, true);
  transport.send(third, bytesOf('first message'));
  assert.equal(await back.next(), { text: 'first message', port: transport.local.port });
  back.socket.send('welcome', transport.local.port, loopback);
  await listener.heard('message welcome');
  assert.is(given(listener.received.at(-1)).flow, third);
  await poll();
  assert.is(listener.lost.length, 2);
});

/** A flow that was refused and is open again, and the means to leave an old error at its socket. */
async function reopened(): Promise<
  World & { readonly flow: Recorder['opened'][0]['flow']; readonly remote: Address; leaveError(): void }
> {
  const its = await world();
  const dead = peer();
  await dead.die();
  its.transport.send(await its.open(1, dead.address, true), bytesOf('to nobody'));
  await its.listener.heard('lost SIP_FLOW_REFUSED');
  await poll();
  const flow = await its.open(2, dead.address, true);
  // A second socket on our port that sends to the closed one: the kernel leaves the error with the connected socket.
  const other = createUdpSocket(loopback, true);
  other.on('error', () => {});
  other.bind({ address: loopback, port: its.transport.local.port, exclusive: true });
  cleanups.push(() => other.close());
  const leaveError = (): void => other.send('x', dead.address.port, loopback);
  return { ...its, flow, remote: dead.address, leaveError };
}

test('an old error that fails the first send does not lose it: it is sent again', async () => {
  const { transport, listener, flow, remote, leaveError } = await reopened();
  leaveError();
  const back = peer(remote.port);
  transport.send(flow, bytesOf('one'));
  transport.send(flow, bytesOf('two'));
  const heard = [(await back.next()).text, (await back.next()).text].sort();
  assert.equal(heard, ['one', 'two']);
  await poll();
  assert.is(listener.lost.length, 1);
  assert.is(transport.shed, 0);
});

test('an old error that is read before anything was sent is nobody’s', async () => {
  const { transport, listener, flow, remote, leaveError } = await reopened();
  leaveError();
  await poll();
  assert.is(listener.lost.length, 1);
  const back = peer(remote.port);
  transport.send(flow, bytesOf('one'));
  assert.is((await back.next()).text, 'one');
});

test('an old error that is read after the first send repeats the message instead of losing the flow', async () => {
  const { transport, listener, flow, remote, leaveError } = await reopened();
  const back = peer(remote.port);
  transport.send(flow, bytesOf('one'));
  await back.next();
  await back.die();
  leaveError();
  const again = peer(remote.port);
  assert.is((await again.next()).text, 'one');
  assert.is(listener.lost.length, 1);
  again.socket.send('alive', transport.local.port, loopback);
  // The second socket on our port may not take it: the connected one is the closer match.
  await listener.heard('message alive');
  await again.die();
  transport.send(flow, bytesOf('two'));
  await listener.heard('lost SIP_FLOW_REFUSED', 2);
});

test('an old error that fails a later send is forgiven once', async () => {
  const { transport, listener, flow, remote, leaveError } = await reopened();
  const back = peer(remote.port);
  transport.send(flow, bytesOf('one'));
  await back.next();
  await back.die();
  leaveError();
  const again = peer(remote.port);
  transport.send(flow, bytesOf('two'));
  assert.is((await again.next()).text, 'two');
  assert.is(listener.lost.length, 1);
  await again.die();
  leaveError();
  const third = peer(remote.port);
  transport.send(flow, bytesOf('three'));
  await listener.heard('lost SIP_FLOW_REFUSED', 2);
  assert.equal(third.heard, []);
});

test('an error on a flow opened for the first time is the hop’s as soon as a message has left', async () => {
  const { transport, listener, open } = await world();
  const far = peer();
  const flow = await open(1, far.address, true);
  transport.send(flow, bytesOf('one'));
  await far.next();
  await far.die();
  transport.send(flow, bytesOf('two'));
  const back = peer(far.address.port);
  await listener.heard('lost SIP_FLOW_REFUSED');
  await poll();
  assert.equal(back.heard, []);
});

test('an old error on a flow opened for the first time does not fail its first message either', async () => {
  const { transport, listener, open } = await world();
  const dead = peer();
  await dead.die();
  const flow = await open(1, dead.address, true);
  const other = createUdpSocket(loopback, true);
  other.bind({ address: loopback, port: transport.local.port, exclusive: true });
  cleanups.push(() => other.close());
  other.send('x', dead.address.port, loopback);
  const back = peer(dead.address.port);
  transport.send(flow, bytesOf('one'));
  assert.is((await back.next()).text, 'one');
  assert.equal(listener.lost, []);
});

test('what arrives on a lost flow’s socket is a stranger’s until the flow is opened again', async () => {
  const { transport, listener, open } = await world();
  const far = peer();
  await far.die();
  const first = await open(1, far.address, true);
  transport.send(first, bytesOf('to nobody'));
  await listener.heard('lost SIP_FLOW_REFUSED');
  const back = peer(far.address.port);
  back.socket.send('I am back', transport.local.port, loopback);
  await listener.heard('message I am back');
  const strangers = given(listener.flow(undefined));
  transport.send(strangers, bytesOf('answer'));
  assert.is((await back.next()).text, 'answer');
  assert.is(await open(2, far.address, true), strangers);
});

test('connected sockets are bounded; one whose flow was lost makes room', async () => {
  const { transport, listener, open } = await world();
  const hop: Address = { protocol: 'udp', host: loopback, port: 1 };
  for (let openId = 1; openId < 256; openId += 1)
    transport.openFlow(openId, { ...hop, port: openId }, { connected: true });
  const dead = peer();
  await dead.die();
  const last = await open(256, dead.address, true);
  transport.openFlow(257, { ...hop, port: 300 }, { connected: true });
  await listener.heard('failed 257 SIP_OPEN_FAILED');
  assert.match(given(listener.failed[0]).message, /all 256 connected sockets are in use/);
  transport.send(last, bytesOf('to nobody'));
  await listener.heard('lost SIP_FLOW_REFUSED');
  await open(258, { ...hop, port: 300 }, true);
});

test('a message too large for a datagram is shed and costs no flow', async () => {
  const { transport, listener, open } = await world();
  const far = peer();
  for (const connected of [false, true]) {
    const flow = await open(connected ? 1 : 2, far.address, connected);
    transport.send(flow, new Uint8Array(70_000));
    transport.send(flow, bytesOf('small'));
    assert.is((await far.next()).text, 'small');
  }
  assert.is(transport.shed, 2);
  assert.equal(listener.lost, []);
});

test('a remote without a route loses the flow', async () => {
  const { transport, listener, open } = await world();
  // From a loopback address the kernel sends nowhere else.
  const flow = await open(1, { protocol: 'udp', host: '192.0.2.200', port: 5060 }, false);
  transport.send(flow, bytesOf('x'));
  await listener.until(() => (listener.lost.length > 0 ? true : undefined));
  assert.is(given(listener.lost[0]).code, 'SIP_FLOW_LOST');
  transport.openFlow(2, { protocol: 'udp', host: '192.0.2.200', port: 5060 }, { connected: true });
  await listener.heard('failed 2 SIP_OPEN_FAILED');
});

test('the idlest stranger gives its place to the next; what we opened stays', async () => {
  const { transport, listener, open } = await world({}, { flowIndices: { first: 10, count: 3 } });
  const ours = await open(1, { protocol: 'udp', host: loopback, port: 9 }, false);
  const [a, b, c] = [peer(), peer(), peer()];
  const say = async (from: Peer, text: string): Promise<void> => {
    from.socket.send(text, transport.local.port, loopback);
    await listener.heard(`message ${text}`);
  };
  await say(a, 'a1');
  await say(b, 'b1');
  await say(a, 'a2');
  await say(c, 'c1');
  assert.equal(
    listener.lost.map((one) => one.code),
    ['SIP_FLOW_IDLE'],
  );
  assert.is(given(listener.lost[0]).flow, given(listener.received.find((one) => one.text === 'b1')).flow);
  assert.is.not(ours, given(listener.lost[0]).flow);

  await open(2, a.address, false);
  await open(3, c.address, false);
  b.socket.send('b2', transport.local.port, loopback);
  await listener.heard('warning');
  transport.openFlow(4, b.address, { connected: true });
  await listener.heard('failed 4 SIP_OPEN_FAILED');
  assert.match(given(listener.failed[0]).message, /all 3 flows are open/);
  transport.closeFlow(ours);
  await open(5, b.address, true);
});

const holders: Record<string, () => Promise<number>> = {
  'by a plain socket': async () => peer().address.port,
  'by a socket with SO_REUSEADDR': async () => {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    const listening = once(socket, 'listening');
    socket.bind(0, loopback);
    await listening;
    cleanups.push(() => socket.close());
    return socket.address().port;
  },
  'by ourselves': async () => (await world()).transport.local.port,
};
for (const [holder, hold] of Object.entries(holders)) {
  test(`a port that is held ${holder} is not taken away`, async () => {
    const port = await hold();
    const error = await refusal({ host: loopback, port });
    assert.is(error.code, 'SIP_PORT_IN_USE');
    assert.match(error.message, `udp ${loopback}:${port} is in use by another socket`);
  });
}

for (const host of ['0.0.0.0', '::', '0:0::0']) {
  test(`${host} is refused: Via and Contact would name it`, () => {
    assert.throws(() => udp({ host, port: 5060 }), /no address that a peer could send to/);
  });
}

test('a port is free again once the transport is destroyed', async () => {
  const { transport } = await world();
  const { port } = transport.local;
  await transport.destroy();
  await transport.destroy();
  const again = await world({ port });
  assert.is(again.transport.local.port, port);
});

test('an address of another machine cannot be bound', async () => {
  const error = await refusal({ host: '192.0.2.200', port: 0 });
  assert.is(error.code, 'SIP_BIND_FAILED');
  assert.match(error.message, /192\.0\.2\.200:0: this machine has no such address/);
});

test('after destroy nothing is reported and what is sent is shed', async () => {
  const { transport, listener, open } = await world();
  const far = peer();
  const flow = await open(1, far.address, true);
  transport.openFlow(2, peer().address, { connected: true });
  transport.openFlow(3, peer().address, { connected: false });
  const heard = listener.log.length;
  const destroyed = transport.destroy();
  transport.send(flow, bytesOf('late'));
  transport.closeFlow(flow);
  far.socket.send('late', transport.local.port, loopback);
  await destroyed;
  await poll();
  assert.is(listener.log.length, heard);
  assert.is(transport.shed, 1);
});

test('a buffer that the kernel cut is a warning with the figures', async () => {
  const { listener } = await world({ receiveBufferSize: 2 ** 30, sendBufferSize: 2 ** 30 });
  await listener.heard('warning', 2);
  const [receive, send] = listener.warnings;
  assert.match(given(receive), /asked for a receive buffer of 1073741824 octets, the kernel gave \d+/);
  assert.match(given(send), /asked for a send buffer of 1073741824 octets, the kernel gave \d+/);
  if (process.platform === 'linux') assert.match(given(receive), /net\.core\.rmem_max is \d+; raise it/);
});

test('a buffer that was granted is not worth a word', async () => {
  const { listener } = await world({ receiveBufferSize: 65_536, sendBufferSize: 65_536 });
  await poll();
  assert.equal(listener.warnings, []);
});

test('a wrong description is refused where it is made', () => {
  const wrong: Record<string, UdpOptions> = {
    'host must be a numeric address': { host: 'localhost', port: 5060 },
    'port must be 0 to 65535': { host: loopback, port: 65_536 },
    'receiveBufferSize must be': { host: loopback, port: 0, receiveBufferSize: 0 },
    'sendBufferSize must be': { host: loopback, port: 0, sendBufferSize: 2 ** 31 },
  };
  for (const [message, options] of Object.entries(wrong)) {
    try {
      udp(options);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, TransportError);
      assert.is((error as TransportError).code, 'SIP_USAGE');
      assert.match((error as TransportError).message, message);
    }
  }
});

test('a description crosses threads', async () => {
  const description = structuredClone(udp({ host: loopback, port: 0, sendBufferSize: 4_096 }));
  assert.equal(
    { ...description },
    {
      protocol: 'udp',
      host: loopback,
      port: 0,
      receiveBufferSize: 4_194_304,
      sendBufferSize: 4_096,
    },
  );
  const transport = await udp(description as unknown as UdpOptions).open(new Recorder(), {
    clock: systemClock,
    shard: 0,
  });
  await transport.destroy();
});

test('IPv6, where this machine has it', async () => {
  const probe = createUdpSocket('::1', false);
  const outcome = new Promise<boolean>((resolve) => {
    probe.on('error', () => resolve(false));
    probe.on('listening', () => resolve(true));
  });
  probe.bind({ address: '::1', port: 0, exclusive: true });
  const available = await outcome;
  probe.close();
  if (!available) return;
  const { transport, listener, open } = await world({ host: '0:0:0:0:0:0:0:1' });
  assert.is(transport.local.host, '::1');
  const far = peer(0, '::1');
  const flow = await open(1, { ...far.address, host: '0::0001' }, true);
  transport.send(flow, bytesOf('request'));
  assert.equal(await far.next(), { text: 'request', port: transport.local.port });
  far.socket.send('answer', transport.local.port, '::1');
  await listener.heard('message answer');
  assert.is(given(listener.received[0]).flow, flow);
  await far.die();
  transport.send(flow, bytesOf('x'));
  await listener.heard('lost SIP_FLOW_REFUSED');
  assert.match(given(listener.lost[0]).message, `udp [::1]:${transport.local.port} to [::1]:${far.address.port}`);
});

test.run();
