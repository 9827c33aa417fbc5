import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Bed, bed, finish } from './bed.ts';
import { RawPeer } from './raw-peer.ts';
import { host, nearOffer } from './world.ts';

const test = suite('Where a client that asks for no symmetric response gets it (RFC 3261 §18.2.2)');

/** A request of a client whose responses are to go to this port. */
function request(method: string, port: number, branch: string): string {
  const lines = [
    `${method} sip:${host}:5060 SIP/2.0`,
    `Via: SIP/2.0/UDP ${host}:${port};branch=z9hG4bK-${branch}`,
    `From: <sip:client@${host}>;tag=1`,
    `To: <sip:${host}:5060>`,
    `Call-ID: ${branch}`,
    `CSeq: 1 ${method}`,
    `Contact: <sip:client@${host}>`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** A stack without hops, whose program decides no call, after so many requests, each of which named another port. */
async function flooded(method: string, requests: number): Promise<Bed> {
  const ground = await bed({ hops: 0, stack: { application: { onCall: () => undefined } } });
  const flood = await RawPeer.open(ground, 'flood', 6666);
  for (let count = 0; count < requests; count++) {
    flood.send(ground.nearPort, request(method, 10_000 + count, `flood-${count}`));
    if (count % 100 === 0) await ground.clock.run(1);
  }
  await ground.clock.run(5);
  return ground;
}

test('at the port of its sent-by', async () => {
  const ground = await bed({ hops: 0 });
  const { hop, other, clock, nearPort } = ground;
  hop.send(nearPort, request('OPTIONS', other.port, 'plain'));
  await clock.run(5);
  assert.equal([hop.responses('OPTIONS').length, other.responses('OPTIONS').length], [0, 1]);
  await ground.rest();
});

test('at that port, too, after thousands of others that were named by requests of which nothing is kept', async () => {
  const ground = await flooded('OPTIONS', 4200);
  const { hop, other, clock, nearPort } = ground;
  hop.send(nearPort, request('OPTIONS', other.port, 'late'));
  await clock.run(5);
  assert.equal([hop.responses('OPTIONS').length, other.responses('OPTIONS').length], [0, 1]);
  await ground.rest();
});

test('where it sent from, while thousands of calls wait for answers at other ports; and calls to new peers go on', async () => {
  const ground = await flooded('INVITE', 2200);
  const { hop, other, clock, nearPort, take, near } = ground;
  hop.send(nearPort, request('OPTIONS', other.port, 'late'));
  await clock.run(5);
  assert.equal([hop.responses('OPTIONS').length, other.responses('OPTIONS').length], [1, 0]);
  const dialog = await take(near.invite(other.uri, { body: nearOffer }));
  await finish(ground, dialog);
});

test.run();
