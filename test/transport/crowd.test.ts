import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { VirtualClock } from '../../transport/clock.ts';
import type { Address, OpenTransport } from '../../transport/contract.ts';
import { connectionsHeldMax, unprovenConnectionsMax } from '../../transport/limits.ts';
import { memoryNetwork } from '../../transport/memory.ts';
import { update } from '../message/sample.ts';
import { given, Recorder } from './recorder.ts';

const test = suite('More connections than there is room for');

const far: Address = { protocol: 'tcp', host: '192.0.2.1', port: 5060 };
const hello = update({ 'Content-Length': '0' });

interface Peer {
  readonly address: Address;
  readonly heard: Recorder;
  readonly transport: OpenTransport;
}

/** A node, and a way to connect to it from a host as often as one likes. */
async function crowd(places?: number) {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock, seed: 1, delayMs: 1 });
  const heard = new Recorder();
  const flowIndices = { first: 0, count: places ?? 65_536 };
  const transport = await network.tcp(far).open(heard, { clock, shard: 0, flowIndices });
  let ports = 10_000;
  const connect = async (host: string, message?: Uint8Array): Promise<Peer> => {
    const address: Address = { protocol: 'tcp', host, port: ports++ };
    const peer = new Recorder();
    const own = await network.tcp(address).open(peer, { clock, shard: 1 });
    own.openFlow(1, far, { connected: true });
    await clock.run(5);
    if (message !== undefined) own.send(given(peer.flow(1)), message);
    await clock.run(5);
    return { address, heard: peer, transport: own };
  };
  return { clock, network, heard, transport, connect };
}

const lost = ({ heard }: Peer): boolean => heard.lost.length > 0;

test('of those that have sent nothing the host that has the most gives up its oldest', async () => {
  const { connect, heard } = await crowd();
  const honest = await connect('10.0.0.1');
  const crowding: Peer[] = [];
  for (let count = 0; count < unprovenConnectionsMax + 9; count++) crowding.push(await connect('10.0.0.2'));
  assert.not(lost(honest), 'although it is older than all others');
  assert.equal(
    crowding.map(lost),
    crowding.map((_, index) => index < 10),
  );
  assert.is(heard.turned.length, 10);
  assert.match(heard.turned[0]?.message ?? '', 'gave its place to a newer one');
  assert.is(heard.turned[0]?.remote.host, '10.0.0.2');
});

test('of those that have sent something the host that has the most gives up its idlest', async () => {
  const { connect, heard, clock } = await crowd(8);
  const few = [await connect('10.0.0.1', hello), await connect('10.0.0.1', hello)];
  const many: Peer[] = [];
  for (let count = 0; count < 6; count++) many.push(await connect('10.0.0.2', hello));
  const [first] = many;
  first?.transport.send(given(first.heard.flow(1)), hello);
  await clock.run(5);
  const others = [await connect('10.0.0.3', hello), await connect('10.0.0.2', hello)];
  assert.equal([...few, ...others].map(lost), [false, false, false, false]);
  assert.equal(many.map(lost), [false, true, true, false, false, false]);
  assert.equal(
    heard.lost.map(({ code }) => code),
    ['SIP_OVERLOADED', 'SIP_OVERLOADED'],
  );
});

test('what all peers together leave unread is bounded: the host that leaves the most loses its largest', async () => {
  const { connect, heard, transport, network, clock } = await crowd();
  const large = update({ 'Content-Length': '60000' }, 'x'.repeat(60_000));
  const leave = async (host: string, count: number): Promise<Peer> => {
    const peer = await connect(host, hello);
    network.pause(peer.address);
    const flow = given(heard.opened.at(-1)).flow;
    for (let sent = 0; sent < count; sent++) transport.send(flow, large);
    await clock.run(1);
    return peer;
  };
  const one = await leave('10.0.0.1', 130);
  const others: Peer[] = [];
  const each = 100 * large.length;
  for (let size = 0; size <= 1.2 * connectionsHeldMax; size += each) others.push(await leave('10.0.0.2', 100));
  await clock.run(10);
  assert.ok(heard.lost.length > others.length / 3 && heard.lost.length < others.length, `${heard.lost.length} lost`);
  assert.ok(heard.lost.every(({ code }) => code === 'SIP_OVERLOADED'));
  const flow = given(heard.opened[0]).flow;
  assert.not(
    heard.lost.some((gone) => gone.flow === flow),
    'it holds more than any other, but is alone on its host',
  );
  network.resume(one.address);
  await clock.run(1_000);
  assert.is(one.heard.received.length, 130);
});

test('what has left meanwhile is not held: no connection is closed for it', async () => {
  const { connect, heard, transport, clock } = await crowd();
  const peer = await connect('10.0.0.1', hello);
  const large = update({ 'Content-Length': '60000' }, 'x'.repeat(60_000));
  const flow = given(heard.opened[0]).flow;
  for (let size = 0; size < 2 * connectionsHeldMax; size += large.length) {
    transport.send(flow, large);
    if (size % (64 * large.length) === 0) await clock.run(50);
  }
  await clock.run(100);
  assert.equal(heard.lost, []);
  assert.not(lost(peer));
});

test.run();
