import { MessageChannel } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Address, FlowId, Input } from '../../core/contract.ts';
import { Addressee } from '../../core/shard/addressee.ts';
import { Exchange } from '../../core/shard/exchange.ts';
import { createRing } from '../../core/shard/ring.ts';
import { Slots } from '../../core/shard/slots.ts';
import type { OpenTransport } from '../../transport/contract.ts';
import { packFlowId } from '../../transport/flows.ts';

const test = suite('What crosses between shards');

const key = new Uint8Array(16);
const slots = new Slots(key, 2);
const peer: Address = { protocol: 'udp', host: '192.0.2.77', port: 5062 };

function request(shard: number, size = 0): Uint8Array {
  const callId = slots.callIdFor(shard, 'token');
  return new TextEncoder().encode(`INFO sip:a@b SIP/2.0\r\nCall-ID: ${callId}\r\n\r\n${'x'.repeat(size)}`);
}

/** A shard that notes what is put into it, and what is sent by its flows. */
function createShard(own: number, protocol: 'udp' | 'tcp') {
  const log: string[] = [];
  const exchange = new Exchange({
    own,
    addressee: new Addressee(slots, own, 2),
    defer: (callback) => void setImmediate(callback),
    later: (ms, callback) => void setTimeout(callback, ms),
  });
  const transport = {
    local: { protocol, host: '192.0.2.1', port: 5060 },
    sharing: {
      received: (bytes, { host, port }) => log.push(`datagram of ${bytes.length} from ${host}:${port}`),
      unreachable: ({ host, port }, code) => log.push(`unreachable ${host}:${port} ${code}`),
    },
  } as Partial<OpenTransport> as OpenTransport;
  exchange.attach({
    transports: [transport],
    put: (input: Input<never>) => {
      if (input.kind === 'message' || input.kind === 'message-shed') log.push(`${input.kind} ${input.flow}`);
      else if (input.kind === 'flow-open')
        log.push(`flow-open ${input.flow} ${input.remote.host}:${input.remote.port}`);
      else if (input.kind === 'flow-lost') log.push(`flow-lost ${input.flow} ${input.failure.code}`);
    },
    send: (flow, bytes) => log.push(`send ${flow} ${bytes.length}`) > 0,
  });
  return { exchange, log };
}

function createPair(protocol: 'udp' | 'tcp', ringSize = 4096) {
  const [one, other] = [createShard(0, protocol), createShard(1, protocol)];
  const [there, back] = [createRing(ringSize), createRing(ringSize)];
  const { port1, port2 } = new MessageChannel();
  one.exchange.neighbours.connect(1, { out: there, in: back, bell: port1 });
  other.exchange.neighbours.connect(0, { out: back, in: there, bell: port2 });
  const flow = packFlowId(0, 3, 1) as number as FlowId;
  one.exchange.flowOpened(0, flow, { ...peer, protocol });
  return {
    one,
    other,
    flow,
    until: async (holds: () => boolean): Promise<void> => {
      while (!holds()) await new Promise((resolve) => setImmediate(resolve));
    },
    close: () => {
      one.exchange.neighbours.close();
      other.exchange.neighbours.close();
    },
  };
}

test('a datagram goes to its shard with its source, and is not passed on again there', async () => {
  const { one, other, flow, until, close } = createPair('udp');
  const bytes = request(1);
  assert.ok(one.exchange.takes(0, flow, bytes));
  assert.not(one.exchange.takes(0, flow, request(0)), 'ours');
  await until(() => other.log.length > 0);
  assert.equal(other.log, [`datagram of ${bytes.length} from 192.0.2.77:5062`]);
  close();
});

test('where there is no room the message is shed, counted, and may be answered', () => {
  const { one, flow, close } = createPair('udp', 1024);
  for (let sent = 0; sent < 5; sent++) one.exchange.takes(0, flow, request(1, 300));
  assert.equal(one.log, [`message-shed ${flow}`, `message-shed ${flow}`, `message-shed ${flow}`]);
  assert.is(one.exchange.shed, 3);
  close();
});

test('who listens nowhere any more is known to all, since the kernel tells one socket of the port alone', async () => {
  const { one, other, flow, until, close } = createPair('udp');
  one.exchange.flowLost(0, flow, { code: 'SIP_FLOW_REFUSED', message: 'refused' });
  await until(() => other.log.length > 0);
  assert.equal(other.log, ['unreachable 192.0.2.77:5062 SIP_FLOW_REFUSED']);
  close();
});

test('a stream is told of before its first message, used from afar, and lost for all', async () => {
  const { one, other, flow, until, close } = createPair('tcp');
  one.exchange.takes(0, flow, request(1));
  one.exchange.takes(0, flow, request(1));
  await until(() => other.log.length === 3);
  assert.equal(other.log, [`flow-open ${flow} 192.0.2.77:5062`, `message ${flow}`, `message ${flow}`]);
  other.exchange.send(flow, new Uint8Array(7));
  await until(() => one.log.length > 0);
  assert.equal(one.log, [`send ${flow} 7`]);
  one.exchange.flowLost(0, flow, { code: 'SIP_FLOW_LOST', message: 'gone' });
  await until(() => other.log.length === 4);
  assert.is(other.log[3], `flow-lost ${flow} SIP_FLOW_LOST`);
  other.exchange.send(flow, new Uint8Array(7));
  assert.is(other.exchange.shed, 1, 'by a stream that is gone nothing is sent');
  close();
});

test('what a stream brings waits for room, in its order', async () => {
  const { one, other, flow, until, close } = createPair('tcp', 1024);
  for (let sent = 0; sent < 50; sent++) one.exchange.takes(0, flow, request(1, 200));
  assert.is(one.exchange.shed, 0);
  await until(() => other.log.length === 51);
  close();
});

test('a stream that nobody wants any more is told of anew when it brings something', async () => {
  const { one, other, flow, until, close } = createPair('tcp');
  one.exchange.takes(0, flow, request(1));
  await until(() => other.log.length === 2);
  other.exchange.close(flow);
  await new Promise((resolve) => setTimeout(resolve, 5));
  one.exchange.takes(0, flow, request(1));
  await until(() => other.log.length === 4);
  assert.is(other.log[2], `flow-open ${flow} 192.0.2.77:5062`);
  close();
});

test('a stream that its shard closes is lost for those who know of it', async () => {
  const { one, other, flow, until, close } = createPair('tcp');
  one.exchange.takes(0, flow, request(1));
  one.exchange.close(flow);
  await until(() => other.log.length === 3);
  assert.is(other.log[2], `flow-lost ${flow} SIP_FLOW_LOST`);
  close();
});

test('the streams of a shard that is lost are lost, and what is for it is refused', async () => {
  const { one, other, flow, until, close } = createPair('tcp');
  one.exchange.takes(0, flow, request(1));
  await until(() => other.log.length === 2);
  other.exchange.shardLost(0);
  assert.is(other.log[2], `flow-lost ${flow} SIP_FLOW_LOST`);
  one.exchange.shardLost(1);
  one.exchange.takes(0, flow, request(1));
  assert.equal(one.log, [`message-shed ${flow}`]);
  close();
});

test.run();
