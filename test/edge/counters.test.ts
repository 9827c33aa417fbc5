import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { EdgeCounters } from '../../core/edge/counters.ts';
import { SeededRandom } from '../../transport/random.ts';
import { addressOf, alice, bob, edgeAt, header, request, response, type Sent, stranger, World } from './world.ts';

const test = suite('Counters of an edge');

const tcpClient = 'tcp:10.0.1.1:49152';
const seed = 20_261_126;
const rounds = 6000;

/** Every message that comes in is one of these; all other counters tell what became of it besides. */
function total(counters: Readonly<EdgeCounters>): number {
  const { askedDialogUpdate, askedToWait, askedRegistrationUpdate, returned, shed, ...once } = counters;
  assert.is(askedDialogUpdate + askedToWait + askedRegistrationUpdate, once.refused430);
  assert.is(shed, 0);
  // Those that came back were counted when they were forwarded, and again when they were answered.
  return Object.values(once).reduce((sum, count) => sum + count, 0) - returned;
}

test(`each message is counted once, whatever it is, and nothing throws (seed ${seed})`, () => {
  const random = new SeededRandom(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random.fraction() * of.length)] as T;
  const world = new World({
    locals: [addressOf(edgeAt), addressOf(`tcp:${edgeAt}`)],
    clients: ['10.0.1.1', bob, '10.0.9.9'],
    defaultTarget: addressOf('10.0.9.9:5060'),
  });
  const sources = [alice, bob, stranger, '10.0.9.9:5060', tcpClient, 'tcp:192.0.2.7:40000'];
  const routes: string[] = [`<sip:${edgeAt};lr>`];
  let forwarded: Sent[] = [];
  for (let round = 0; round < rounds; round++) {
    const isResponse = forwarded.length > 0 && random.fraction() < 0.3;
    const text = isResponse ? response(pick(forwarded).text, pick([100, 180, 200, 430, 503])) : asked();
    const sent = world.from(pick(sources), random.fraction() < 0.3 ? damaged(text) : text);
    const requests = sent.filter((message) => !message.text.startsWith('SIP/2.0'));
    if (requests.length > 0) forwarded = [...forwarded, ...requests].slice(-20);
    for (const message of requests) {
      const recordRoute = header(message.text, 'Record-Route').split(', ')[0];
      if (recordRoute) routes.push(recordRoute);
    }
    if (random.fraction() < 0.01) world.command({ name: 'lose-flow', client: pick(['10.0.1.1', bob]) });
    if (random.fraction() < 0.005) world.command({ name: 'lose-memory' });
    if (random.fraction() < 0.005) world.command({ name: 'lose-registration', client: alice });
    if (random.fraction() < 0.01) world.command({ name: 'restore-registration', client: alice });
    assert.is(total(world.edge.counters), round + 1, text);
  }

  function asked(): string {
    const inDialog = random.fraction() < 0.5;
    return request(pick(['INVITE', 'ACK', 'BYE', 'CANCEL', 'INFO', 'UPDATE', 'OPTIONS', 'REGISTER', 'DANCE']), {
      uri: pick([
        `sip:bob@${bob}`,
        `sip:alice@${alice}`,
        'sip:x@example.com',
        `sip:${edgeAt}`,
        'tel:1',
        `sip:b@${bob};transport=tcp`,
      ]),
      branch: `z9hG4bK${Math.floor(random.fraction() * 50)}`,
      callId: `call-${Math.floor(random.fraction() * 5)}`,
      maxForwards: pick(['70', '70', '70', '0', '1', '', 'x']),
      protocol: pick(['UDP', 'TCP']),
      ...(inDialog ? { toTag: 'bob' } : {}),
      lines: [
        ...(random.fraction() < 0.6 ? [`Route: ${pick(routes)}`] : []),
        ...(random.fraction() < 0.6 ? ['Supported: ms-dialog-route-set-update'] : []),
        ...(random.fraction() < 0.05 ? ['Proxy-Require: x'] : []),
        ...(random.fraction() < 0.2 && forwarded.length > 0 ? [`Via: ${header(pick(forwarded).text, 'Via')}`] : []),
      ],
    });
  }

  function damaged(text: string): string {
    const at = Math.floor(random.fraction() * text.length);
    return pick([
      () => text.slice(0, at),
      () => text.slice(at),
      () => `${text.slice(0, at)}${pick(['\0', '<', '"', ';', ',', '\r\n', '%', 'z'])}${text.slice(at + 1)}`,
      () => `${text.slice(0, at)}${text.slice(at, at + 40)}${text.slice(at)}`,
    ])();
  }
});

test.run();
