import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Endpoint } from '../../transport/address.ts';
import { systemClock, VirtualClock } from '../../transport/clock.ts';
import {
  type Address,
  type Clock,
  type FlowId,
  type OpenTransport,
  type Transport,
  type TransportContext,
  TransportError,
} from '../../transport/contract.ts';
import { bodySizeMax, headSizeMax } from '../../transport/limits.ts';
import { memoryNetwork } from '../../transport/memory.ts';
import { tcp } from '../../transport/tcp.ts';
import { JumpClock } from '../jump-clock.ts';
import { update } from '../message/sample.ts';
import { bytesOf, given, Recorder } from './recorder.ts';

const loopback = '127.0.0.1';
const cleanups: (() => unknown)[] = [];

/** A network, and a clock that a test can put forward. */
interface Ground {
  transport(endpoint: Endpoint): Transport;
  readonly clock: Clock;
  /** Passes so much time. */
  pass(ms: number): Promise<void>;
  settle<T>(found: Promise<T>): Promise<T>;
}

function virtualGround(): Ground {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock, seed: 1, delayMs: 1 });
  return {
    transport: (endpoint) => network.tcp(endpoint),
    clock,
    pass: (ms) => clock.run(ms),
    settle: async (found) => {
      let settled = false;
      const done = (): void => {
        settled = true;
      };
      found.then(done, done);
      for (let ms = 0; !settled && ms < 1_000; ms++) await clock.run(1);
      return found;
    },
  };
}

function realGround(): Ground {
  const clock = new JumpClock(systemClock);
  return {
    transport: tcp,
    clock,
    pass: async (ms) => {
      clock.jump(ms);
      await turns();
    },
    settle: (found) => found,
  };
}

/** Lets the event loop poll its sockets. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}

interface Node {
  readonly transport: OpenTransport;
  readonly heard: Recorder;
  readonly address: Address;
}

interface World extends Ground {
  node(context?: Partial<TransportContext>): Promise<Node>;
  /** A flow from one node to another, as the first has it. */
  open(from: Node, to: Node | Address): Promise<FlowId>;
  /** The same, with a first message, so that the other node has the flow as well: as both have it. */
  pair(from: Node, to: Node): Promise<{ readonly out: FlowId; readonly in: FlowId }>;
}

function world(ground: Ground): World {
  const node: World['node'] = async (context) => {
    const heard = new Recorder();
    const description = ground.transport({ host: loopback, port: 0 });
    const transport = await description.open(heard, { clock: ground.clock, shard: 3, ...context });
    cleanups.push(() => transport.destroy());
    return { transport, heard, address: transport.local };
  };
  let openIds = 100;
  const open: World['open'] = (from, to) => {
    const openId = ++openIds;
    from.transport.openFlow(openId, 'address' in to ? to.address : to, { connected: true });
    return ground.settle(from.heard.until(() => from.heard.flow(openId)));
  };
  const pair: World['pair'] = async (from, to) => {
    const out = await open(from, to);
    from.transport.send(out, hello);
    await ground.settle(to.heard.until(() => to.heard.received.at(-1)));
    return { out, in: given(to.heard.flow(undefined)) };
  };
  return { ...ground, node, open, pair };
}

const hello = update({ Subject: 'hello', 'Content-Length': '0' });
const helloText = new TextDecoder().decode(hello);

function numbered(number: number): Uint8Array {
  return update({ Subject: String(number), 'Content-Length': '0' });
}

function subjects(heard: Recorder): string[] {
  return heard.received.map(({ text }) => /^Subject: (.*?)\r$/m.exec(text)?.[1] ?? '');
}

for (const [where, ground] of [
  ['in virtual time', virtualGround],
  ['over real sockets', realGround],
] as const) {
  const test = suite(`TCP, ${where} (RFC 3261 §18)`);

  test.after.each(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  test('a port of 0 becomes a free one; a peer’s connection is a flow with its first message, and carries the answer', async () => {
    const { node, open, settle } = world(ground());
    const [near, far] = [await node(), await node()];
    assert.equal({ ...near.address, port: 0 }, { protocol: 'tcp', host: loopback, port: 0 });
    assert.ok(near.address.port > 0);
    const flow = await open(near, far);
    assert.equal(far.heard.log, []);
    near.transport.send(flow, hello);
    await settle(far.heard.heard(`message ${helloText}`));
    const strangers = given(far.heard.flow(undefined));
    assert.is(far.heard.opened.length, 1);
    assert.is.not(far.heard.opened[0]?.remote.port, near.address.port, 'we connect from any port');
    far.transport.send(strangers, numbered(1));
    await settle(near.heard.until(() => near.heard.received[0]));
    assert.equal(near.heard.received[0]?.flow, flow);
    assert.is(near.transport.shed + far.transport.shed, 0);
  });

  test('messages of one turn and of many arrive whole and in order', async () => {
    const { node, pair, settle } = world(ground());
    const [near, far] = [await node(), await node()];
    const flows = await pair(near, far);
    for (let number = 0; number < 300; number++) {
      near.transport.send(flows.out, numbered(number));
      if (number % 100 === 99) await turns();
    }
    await settle(far.heard.until(() => (far.heard.received.length === 301 ? true : undefined)));
    assert.equal(subjects(far.heard), ['hello', ...Array.from({ length: 300 }, (_, number) => String(number))]);
  });

  test('there is one connection to an address: whoever asks for it again gets the flow that is there or on its way', async () => {
    const { node, open, settle } = world(ground());
    const [near, far] = [await node(), await node()];
    near.transport.openFlow(1, far.address, { connected: true });
    near.transport.openFlow(2, far.address, { connected: false });
    const first = await settle(near.heard.until(() => near.heard.flow(1)));
    assert.is(await settle(near.heard.until(() => near.heard.flow(2))), first);
    assert.is(await open(near, far), first);
  });

  test('a connection that the peer opened is used for requests to where it comes from', async () => {
    const { node, pair, open } = world(ground());
    const [near, far] = [await node(), await node()];
    const flows = await pair(near, far);
    assert.is(await open(far, given(far.heard.opened[0]).remote), flows.in);
  });

  test('nothing is reported from inside a call', async () => {
    const { node, pair, settle } = world(ground());
    const [near, far] = [await node(), await node()];
    const flows = await pair(near, far);
    const before = near.heard.log.length;
    near.transport.openFlow(1, far.address, { connected: false });
    near.transport.openFlow(2, { ...far.address, host: 'localhost' }, { connected: true });
    near.transport.openFlow(3, { ...far.address, protocol: 'udp' }, { connected: true });
    near.transport.openFlow(4, { ...far.address, host: '::1' }, { connected: true });
    near.transport.openFlow(5, { ...far.address, port: 0 }, { connected: true });
    near.transport.closeFlow(flows.out);
    near.transport.send(flows.out, hello);
    assert.is(near.heard.log.length, before);
    await settle(near.heard.heard('failed 5 SIP_OPEN_FAILED'));
    assert.equal(
      near.heard.failed.map(({ openId, message }) => `${openId} ${message.split('opened: ')[1]}`),
      [
        '2 the host is not a numeric address',
        '3 this is tcp, not udp',
        '4 an ipv4 socket cannot reach it',
        '5 there is no such port',
      ],
    );
    assert.is(near.transport.shed, 1);
  });

  test('where nothing listens no flow can be opened, for none of those who wait', async () => {
    const { node, settle } = world(ground());
    const [near, far] = [await node(), await node()];
    await far.transport.destroy();
    near.transport.openFlow(1, far.address, { connected: true });
    near.transport.openFlow(2, far.address, { connected: true });
    await settle(near.heard.heard('failed 2 SIP_OPEN_FAILED'));
    assert.equal(near.heard.log, ['failed 1 SIP_OPEN_FAILED', 'failed 2 SIP_OPEN_FAILED']);
    assert.match(given(near.heard.failed[0]).message, 'ECONNREFUSED');
  });

  test('a flow that the peer closes is lost at once, and is not used again', async () => {
    const { node, pair, open, settle } = world(ground());
    const [near, far] = [await node(), await node()];
    const flows = await pair(near, far);
    far.transport.closeFlow(flows.in);
    await settle(near.heard.heard('lost SIP_FLOW_LOST'));
    assert.match(given(near.heard.lost[0]).message, 'the peer has closed it');
    near.transport.send(flows.out, hello);
    assert.is(near.transport.shed, 1);
    assert.is.not(await open(near, far), flows.out);
    assert.equal(far.heard.lost, [], 'who closes it knows');
  });

  test('what was sent before a flow is closed still arrives', async () => {
    const { node, pair, settle } = world(ground());
    const [near, far] = [await node(), await node()];
    const flows = await pair(near, far);
    for (let number = 0; number < 50; number++) near.transport.send(flows.out, numbered(number));
    near.transport.closeFlow(flows.out);
    await settle(far.heard.heard('lost SIP_FLOW_LOST'));
    assert.is(far.heard.received.length, 51);
  });

  test('a peer that closes in the middle of a message has lost it', async () => {
    const { node, pair, settle } = world(ground());
    const [near, far] = [await node(), await node()];
    const flows = await pair(near, far);
    near.transport.send(flows.out, hello.slice(0, -4));
    near.transport.closeFlow(flows.out);
    await settle(far.heard.heard('lost SIP_FLOW_LOST'));
    assert.match(given(far.heard.lost[0]).message, 'in the middle of a message');
    assert.is(far.heard.received.length, 1);
  });

  test('a stream whose framing is lost is closed, whatever comes behind', async () => {
    const { node, pair, settle } = world(ground());
    const [near, far] = [await node(), await node()];
    const flows = await pair(near, far);
    near.transport.send(flows.out, bytesOf('\x16\x03\x01'));
    near.transport.send(flows.out, hello);
    await settle(far.heard.heard('lost SIP_FRAMING_LOST'));
    await settle(near.heard.heard('lost SIP_FLOW_LOST'));
    assert.is(far.heard.received.length, 1);
  });

  for (const [what, message, fault, code] of [
    ['without Content-Length', update(), 'content-length', 'SIP_FRAMING_LOST'],
    [
      'with a body that is too large',
      update({ 'Content-Length': String(bodySizeMax + 1) }),
      'body-too-large',
      'SIP_MESSAGE_TOO_LARGE',
    ],
    [
      'with a head that is too large',
      update({ Subject: 'x'.repeat(headSizeMax) }),
      'head-too-large',
      'SIP_MESSAGE_TOO_LARGE',
    ],
  ] as const) {
    test(`a message ${what} can be answered before its flow is closed; nothing behind it is read`, async () => {
      const { node, pair, settle } = world(ground());
      const [near, far] = [await node(), await node()];
      const flows = await pair(near, far);
      far.heard.react = () => {
        if (far.heard.refused.length === 0) return;
        far.heard.react = () => {};
        far.transport.send(flows.in, numbered(400));
        far.transport.closeFlow(flows.in);
      };
      near.transport.send(flows.out, message);
      near.transport.send(flows.out, hello);
      await settle(near.heard.heard('lost SIP_FLOW_LOST'));
      assert.equal(subjects(near.heard), ['400']);
      assert.equal(far.heard.log.slice(2), [`refused ${fault} UPDATE sip:bob@192.0.2.4 SIP/2.0`]);
    });

    test(`a message ${what} costs its flow though nobody answers`, async () => {
      const { node, pair, settle, pass } = world(ground());
      const [near, far] = [await node(), await node()];
      const flows = await pair(near, far);
      near.transport.send(flows.out, message);
      await settle(far.heard.until(() => far.heard.refused[0]));
      await pass(1_000);
      await settle(far.heard.heard(`lost ${code}`));
    });
  }

  test('a message that takes longer than 10 s costs its flow; one that is nearly as slow does not', async () => {
    const { node, pair, settle, pass } = world(ground());
    const [near, far] = [await node(), await node()];
    const flows = await pair(near, far);
    for (let round = 1; round <= 3; round++) {
      near.transport.send(flows.out, hello.slice(0, 100));
      await pass(9_900);
      near.transport.send(flows.out, hello.slice(100));
      await settle(far.heard.until(() => (far.heard.received.length > round ? true : undefined)));
    }
    near.transport.send(flows.out, hello.slice(0, 100));
    await turns();
    for (let at = 100; at < 105; at++) {
      await pass(2_100);
      near.transport.send(flows.out, hello.slice(at, at + 1));
      await turns();
    }
    await settle(far.heard.heard('lost SIP_FLOW_SLOW'));
    await settle(near.heard.heard('lost SIP_FLOW_LOST'));
  });

  test('who connects and sends no message is closed after 32 s, unnoticed; who has sent one stays', async () => {
    const { node, open, pair, settle, pass } = world(ground());
    const [near, other, far] = [await node(), await node(), await node()];
    const flow = await open(near, far);
    await pair(other, far);
    near.transport.send(flow, bytesOf('\r\n\r\n'));
    await turns();
    await pass(31_900);
    assert.equal(near.heard.lost, []);
    await pass(200);
    await settle(near.heard.heard('lost SIP_FLOW_LOST'));
    assert.equal(other.heard.lost, []);
    assert.is(far.heard.opened.length, 1);
    assert.equal(far.heard.lost, []);
  });

  test('connections have a bound: past it those of peers make place, first who has sent nothing; ours stay', async () => {
    const { node, open, pair, settle } = world(ground());
    const [near, silent, late] = [await node(), await node(), await node()];
    const [one, two, three] = [await node(), await node(), await node()];
    const far = await node({ flowIndices: { first: 8, count: 2 } });
    await pair(near, far);
    await open(silent, far);
    await open(far, one);
    await settle(silent.heard.heard('lost SIP_FLOW_LOST'));
    assert.equal(
      far.heard.turned.map(({ code }) => code),
      ['SIP_FLOW_IDLE'],
    );
    assert.equal(far.heard.lost, []);
    await pair(late, far);
    await settle(near.heard.heard('lost SIP_FLOW_LOST'));
    await settle(far.heard.heard('lost SIP_OVERLOADED'));
    await open(far, two);
    await settle(late.heard.heard('lost SIP_FLOW_LOST'));
    far.transport.openFlow(3, three.address, { connected: true });
    await settle(far.heard.heard('failed 3 SIP_OPEN_FAILED'));
    await open(silent, far);
    await settle(far.heard.heard('turned away SIP_OVERLOADED'));
    assert.is(far.heard.warnings.length, 1);
    for (const { heard } of [one, two]) assert.equal(heard.lost, []);
  });

  test('once destroyed, a transport reports nothing; its peers lose their flows', async () => {
    const { node, open, pair, settle } = world(ground());
    const [near, far] = [await node(), await node()];
    await pair(near, far);
    far.transport.openFlow(1, near.address, { connected: true });
    const before = far.heard.log.length;
    await far.transport.destroy();
    await far.transport.destroy();
    await settle(near.heard.heard('lost SIP_FLOW_LOST'));
    near.transport.openFlow(9, far.address, { connected: true });
    await settle(near.heard.heard('failed 9 SIP_OPEN_FAILED'));
    assert.is(far.heard.log.length, before);
    const again = await node();
    await open(near, again);
  });

  test('a port that is in use is refused, and the failure says whose it is not', async () => {
    const { node, transport, clock } = world(ground());
    const { address } = await node();
    const opened = transport(address).open(new Recorder(), { clock, shard: 0 });
    const error = await opened.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.instance(error, TransportError);
    assert.is(error instanceof TransportError && error.code, 'SIP_PORT_IN_USE');
    assert.match(String(error), `tcp ${loopback}:${address.port} is in use`);
  });

  test.run();
}

const real = suite('TCP on real sockets alone');

real.after.each(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A plain socket that has connected to a node. */
async function plain(to: Node, options: { readonly allowHalfOpen?: boolean } = {}): Promise<Socket> {
  const socket = connect({ host: loopback, port: to.address.port, ...options });
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function reply(socket: Socket): Promise<string> {
  const [chunk] = await once(socket, 'data', { signal: AbortSignal.timeout(5_000) });
  return String(chunk);
}

real('a ping, CRLFCRLF, is answered by CRLF, before the first message and between two (RFC 5626 §4.4.1)', async () => {
  const { node } = world(realGround());
  const near = await node();
  const socket = await plain(near);
  socket.write('\r\n\r\n');
  assert.is(await reply(socket), '\r\n');
  socket.write(hello);
  socket.write('\r\n\r\n');
  assert.is(await reply(socket), '\r\n');
  socket.write('\r\n');
  socket.write(hello);
  await near.heard.until(() => near.heard.received[1]);
  socket.write('\r\n\r\n');
  assert.is(await reply(socket), '\r\n');
  assert.equal(near.heard.lost, []);
});

real('a connection that is reset is lost', async () => {
  const { node } = world(realGround());
  const near = await node();
  const socket = await plain(near);
  socket.write(hello);
  await near.heard.until(() => near.heard.received[0]);
  socket.resetAndDestroy();
  await near.heard.heard('lost SIP_FLOW_LOST');
  assert.match(given(near.heard.lost[0]).message, 'ECONNRESET');
});

real('a peer that has closed its half is lost, and its other half is closed too', async () => {
  const { node } = world(realGround());
  const near = await node();
  const socket = await plain(near, { allowHalfOpen: true });
  socket.write(hello);
  socket.end();
  await near.heard.heard('lost SIP_FLOW_LOST');
  socket.resume();
  await once(socket, 'end', { signal: AbortSignal.timeout(5_000) });
});

real('a peer that reads nothing costs its flow when 8 MiB wait for it: nothing is dropped in silence', async () => {
  const { node } = world(realGround());
  const near = await node();
  const socket = await plain(near);
  socket.pause();
  socket.write(hello);
  const { flow } = await near.heard.until(() => near.heard.received[0]);
  const large = update({ 'Content-Length': '60000' }, 'x'.repeat(60_000));
  for (let count = 0; near.heard.lost.length === 0 && count < 1_000; count++) {
    near.transport.send(flow, large);
    if (count % 10 === 0) await turns();
  }
  assert.equal(
    near.heard.lost.map(({ code }) => code),
    ['SIP_FLOW_CONGESTED'],
  );
});

real('what is sent in one turn leaves in one write', async () => {
  const { node } = world(realGround());
  const near = await node();
  const socket = await plain(near);
  socket.write(hello);
  const { flow } = await near.heard.until(() => near.heard.received[0]);
  for (let number = 0; number < 50; number++) near.transport.send(flow, numbered(number));
  let octets = 0;
  const arrived = once(socket, 'data');
  socket.on('data', (chunk) => {
    octets += chunk.length;
  });
  await arrived;
  assert.is(
    octets,
    Array.from({ length: 50 }, (_, number) => numbered(number).length).reduce((sum, size) => sum + size),
  );
});

real('wrong options are refused at once, and addresses that are not ours when it opens', async () => {
  for (const [options, reason] of [
    [{ host: 'localhost', port: 5060 }, 'numeric address'],
    [{ host: '0.0.0.0', port: 5060 }, 'no address that a peer could send to'],
    [{ host: '::', port: 5060 }, 'no address that a peer could send to'],
    [{ host: loopback, port: 65_536 }, '0 to 65535'],
  ] as const) {
    assert.throws(
      () => tcp(options),
      (error: unknown) => error instanceof TransportError && error.code === 'SIP_USAGE',
    );
    assert.throws(() => tcp(options), reason);
  }
  const opened = tcp({ host: '192.0.2.1', port: 0 }).open(new Recorder(), { clock: systemClock, shard: 0 });
  const error = await opened.catch((reason: unknown) => reason);
  assert.is(error instanceof TransportError && error.code, 'SIP_BIND_FAILED');
});

real('IPv6 is IPv6 alone, in the spelling of the kernel', async () => {
  const heard = new Recorder();
  const transport = await tcp({ host: '0:0:0:0:0:0:0:1', port: 0 }).open(heard, { clock: systemClock, shard: 0 });
  cleanups.push(() => transport.destroy());
  assert.is(transport.local.host, '::1');
  transport.openFlow(1, transport.local, { connected: true });
  const flow = await heard.until(() => heard.flow(1));
  transport.send(flow, hello);
  await heard.heard(`message ${helloText}`);
  assert.is(heard.opened[1]?.remote.host, '::1');
});

real.run();
