import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { emptyAddress, setAddress } from '../../core/edge/address-octets.ts';
import { type Peer, Peers } from '../../core/edge/peers.ts';
import { countingRandom } from './world.ts';

const test = suite('Peers of an edge');

function table(max: number): { peers: Peers; at: (port: number) => Peer; evicted: number[] } {
  const evicted: number[] = [];
  const peers = new Peers({
    random: countingRandom(1),
    max,
    isKnown: () => false,
    evicted: (peer) => evicted.push(peer.address.port),
  });
  const octets = emptyAddress();
  const at = (port: number): Peer => {
    setAddress(octets, { protocol: 'udp', host: '192.0.2.1', port });
    return peers.at(octets);
  };
  return { peers, at, evicted };
}

test('an address has one peer, however many there are', () => {
  const { peers, at } = table(10_000);
  const first = Array.from({ length: 5000 }, (_, index) => at(index + 1));
  assert.is(peers.count, 5000);
  assert.ok(first.every((peer, index) => at(index + 1) === peer));
});

test('a removed peer is gone, and the others stay', () => {
  const { peers, at } = table(10_000);
  const first = Array.from({ length: 200 }, (_, index) => at(index + 1));
  for (const peer of first.filter((_, index) => index % 2 === 0)) peers.remove(peer);
  assert.is(peers.count, 100);
  assert.ok(first.every((peer, index) => (at(index + 1) === peer) === (index % 2 === 1)));
});

test('a full table lets go of one that was not used, and never grows', () => {
  const { peers, at, evicted } = table(4);
  for (const port of [1, 2, 3, 4]) at(port);
  at(5);
  assert.is(evicted.length, 1);
  const left = [1, 2, 3, 4].filter((port) => !evicted.includes(port));
  const busy = left[0] ?? 0;
  for (let port = 6; port < 100; port++) {
    at(busy);
    at(port);
  }
  assert.not(evicted.includes(busy));
  assert.is(peers.count, 4);
});

test.run();
