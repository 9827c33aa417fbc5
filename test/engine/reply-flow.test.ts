import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Bed, bed, finish } from './bed.ts';
import { RawPeer } from './raw-peer.ts';
import { host, nearOffer } from './world.ts';

const test = suite('Where a client that asks for no symmetric response gets it (RFC 3261 §18.2.2)');

/** An OPTIONS of a client whose responses are to go to this port. */
function options(port: number, branch: string): string {
  const lines = [
    `OPTIONS sip:${host}:5060 SIP/2.0`,
    `Via: SIP/2.0/UDP ${host}:${port};branch=z9hG4bK-${branch}`,
    `From: <sip:client@${host}>;tag=1`,
    `To: <sip:${host}:5060>;tag=none`,
    `Call-ID: ${branch}`,
    'CSeq: 1 OPTIONS',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** A stack without hops that has answered so many requests, each of which named another port. */
async function flooded(requests: number): Promise<Bed> {
  const ground = await bed({ hops: 0 });
  const flood = await RawPeer.open(ground, 'flood', 6666);
  for (let count = 0; count < requests; count++) {
    flood.send(ground.nearPort, options(10_000 + count, `flood-${count}`));
    if (count % 100 === 0) await ground.clock.run(1);
  }
  await ground.clock.run(5);
  return ground;
}

test('at the port of its sent-by', async () => {
  const ground = await bed({ hops: 0 });
  const { hop, other, clock, nearPort } = ground;
  hop.send(nearPort, options(other.port, 'plain'));
  await clock.run(5);
  assert.equal([hop.responses('OPTIONS').length, other.responses('OPTIONS').length], [0, 1]);
  await ground.rest();
});

test('where it sent from, once thousands of ports have been named; and calls to new peers go on', async () => {
  const ground = await flooded(4200);
  const { hop, other, clock, nearPort, take, near } = ground;
  hop.send(nearPort, options(other.port, 'late'));
  await clock.run(5);
  assert.equal([hop.responses('OPTIONS').length, other.responses('OPTIONS').length], [1, 0]);
  const dialog = await take(near.invite(other.uri, { body: nearOffer }));
  await finish(ground, dialog);
});

test.run();
