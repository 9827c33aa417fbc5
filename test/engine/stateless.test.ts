import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { IncomingCall } from '../../core/index.ts';
import { type BedOptions, bed, call, finish } from './bed.ts';
import { RawPeer } from './raw-peer.ts';
import { farAnswer, host, noted, obliging } from './world.ts';

const test = suite('Answers without state to strangers (RFC 3261 §8.2.7)');

const strangerPort = 6666;

function request(method: string, key: string, changed: { readonly [name: string]: string } = {}): string {
  const lines: { [name: string]: string } = {
    Via: `SIP/2.0/UDP ${host}:${strangerPort};rport;branch=z9hG4bK-${key}`,
    From: `<sip:a@b>;tag=from-${key}`,
    To: `<sip:${host}>`,
    'Call-ID': `call-${key}`,
    CSeq: `1 ${method}`,
    Contact: `<sip:a@${host}:${strangerPort}>`,
    ...changed,
  };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}`);
  return `${[`${method} ${changed['uri'] ?? `sip:${host}:5060`} SIP/2.0`, ...head].join('\r\n')}\r\n\r\n`;
}

async function strange(options: BedOptions = {}) {
  const ground = await bed(options);
  const stranger = await RawPeer.open(ground, 'stranger', strangerPort);
  const send = (text: string): void => stranger.send(ground.nearPort, text);
  return { ...ground, stranger, send };
}

const refusedInvites: readonly (readonly [number, string])[] = [
  [400, request('INVITE', 'contact', { Contact: '*' })],
  [415, `${request('INVITE', 'body', { 'Content-Type': 'text/html' })}<html>`],
  [416, request('INVITE', 'scheme', { uri: 'tftp:x' })],
  [420, request('INVITE', 'require', { Require: 'teleport' })],
  [422, request('INVITE', 'timer', { 'Session-Expires': '1', Supported: 'timer' })],
  [480, request('INVITE', 'nobody')],
  [481, request('INVITE', 'dialog', { To: `<sip:${host}>;tag=guessed` })],
];

test('an INVITE that is refused at once is answered once, whether its ACK comes or not, and leaves nothing', async () => {
  const ground = await strange({ stack: { application: {} } });
  const { stranger, send, clock, near, take } = ground;
  for (const [status, text] of refusedInvites) {
    const before = stranger.received.length;
    send(text);
    await clock.run(5);
    assert.is((await take(near.counts())).serverTransactions, 0, String(status));
    assert.is((await take(near.counts())).timers, 0, String(status));
    await clock.run(40_000);
    const answers = stranger.received.slice(before);
    assert.equal(
      answers.map((answer) => answer.status),
      [status],
      'no Timer G: the source may be somebody else’s',
    );
  }
  await ground.rest();
});

test('each time that it comes again it gets the same answer, To tag included, and its ACK counts as one', async () => {
  const ground = await strange({ stack: { application: {} } });
  const { stranger, send, clock, near, take } = ground;
  for (const [status, text] of refusedInvites) {
    const before = stranger.received.length;
    send(text);
    await clock.run(500);
    send(text);
    await clock.run(5);
    const [first, second] = stranger.received.slice(before);
    assert.is(first?.status, status);
    assert.is(second?.text, first?.text);
    const to = first?.header('To') ?? '';
    assert.match(to, /;tag=./);
    const ack = text
      .replace(/^INVITE/, 'ACK')
      .replace('1 INVITE', '1 ACK')
      .replace(/To: .*/, `To: ${to}`);
    send(`${ack.split('\r\n\r\n')[0]}\r\n\r\n`);
    await clock.run(5);
    assert.is(stranger.received.length, before + 2);
  }
  // What was in a dialog of the stranger's own making has a tag of its own making, too.
  assert.is((await take(near.counters())).droppedAcks, 1);
  await ground.rest();
});

test('another INVITE gets another tag', async () => {
  const ground = await strange({ stack: { application: {} } });
  const { stranger, send, clock } = ground;
  for (let count = 0; count < 100; count++) send(request('INVITE', String(count)));
  await clock.run(5);
  const tags = stranger.responses('INVITE').map((answer) => answer.header('To'));
  assert.is(new Set(tags).size, 100);
  await ground.rest();
});

test('scanners’ requests of every kind leave neither transaction nor timer', async () => {
  const ground = await strange({ stack: { application: obliging } });
  const { send, clock, near, take, stranger } = ground;
  const methods = [
    'OPTIONS',
    'REGISTER',
    'SUBSCRIBE',
    'PUBLISH',
    'MESSAGE',
    'INFO',
    'BYE',
    'CANCEL',
    'UPDATE',
    'DANCE',
  ];
  for (const method of methods) for (let count = 0; count < 50; count++) send(request(method, `${method}-${count}`));
  await clock.run(5);
  const { serverTransactions, timers } = await take(near.counts());
  assert.equal({ serverTransactions, timers }, { serverTransactions: 0, timers: 0 });
  assert.is(stranger.received.length, methods.length * 50);
  await ground.rest();
});

test('a flood of calls that nobody decides leaves room for the requests of dialogs', async () => {
  const log: string[] = [];
  const ground = await strange({
    stack: { application: noted(log, { onCall: () => undefined }), limits: { dialogs: 64, transactions: 64 } },
  });
  const { send, clock, hop, stranger } = ground;
  const { dialog, raw } = await call(ground);
  for (let count = 0; count < 500; count++) send(request('INVITE', String(count)));
  await clock.run(5);
  assert.is(
    stranger.responses('INVITE').filter(({ status }) => status === 503).length,
    452,
    'as many as three quarters of 64 are taken',
  );
  for (let count = 0; count < 10; count++) raw.request('INFO');
  await clock.run(5);
  assert.equal(
    hop.responses('INFO').map(({ status }) => status),
    Array(10).fill(200),
  );
  await finish(ground, dialog);
});

test('what was overheard of a dialog and comes again in other transactions takes no room, however often it comes', async () => {
  const ground = await strange({
    stack: { application: noted([]), limits: { dialogs: 64, transactions: 64 } },
  });
  const { clock, hop, stranger, near, take } = ground;
  const { dialog, raw } = await call(ground);
  raw.request('INFO', { cseq: 10 });
  await clock.run(5);
  const { serverTransactions } = await take(near.counts());
  const methods = ['INFO', 'BYE', 'INVITE', 'UPDATE', 'OPTIONS'];
  for (let count = 0; count < 500; count++)
    raw.request(methods[count % 5] as string, { cseq: 10 - (count % 2), by: stranger, branch: `z9hG4bK-${count}` });
  await clock.run(5);
  assert.is((await take(near.counts())).serverTransactions, serverTransactions);
  assert.is(stranger.received.filter(({ status }) => status === 500).length, 500);
  raw.request('INVITE', { cseq: 10, by: stranger, branch: 'z9hG4bK-2' });
  await clock.run(5);
  const [, , first] = stranger.received;
  assert.is(stranger.received.at(-1)?.text, first?.text, 'the same answer to the same request');
  for (let count = 0; count < 10; count++) raw.request('INFO', { cseq: 11 + count });
  await clock.run(40_000);
  assert.equal(
    hop.responses('INFO').map(({ status }) => status),
    Array(11).fill(200),
  );
  assert.is(stranger.received.length, 501, 'nothing is sent of ourselves');
  await finish(ground, dialog);
});

test('calls of 60,000 octets that nobody decides are held up to 48 MiB; then they are refused, and requests in dialogs are not', async () => {
  const log: string[] = [];
  const held: IncomingCall[] = [];
  const ground = await strange({
    stack: {
      application: noted(log, { onCall: (incoming) => void held.push(incoming) }),
      limits: { dialogs: 64, transactions: 8192 },
    },
  });
  const { send, clock, hop, stranger } = ground;
  const { dialog, raw } = await call(ground);
  const huge = `Subject: ${'x'.repeat(60_000)}`;
  const flood = async (from: number): Promise<void> => {
    for (let count = from; count < from + 1000; count++) {
      send(request('INVITE', `${count}`).replace('\r\n\r\n', `\r\n${huge}\r\n\r\n`));
      if (count % 100 === 0) await clock.run(1);
    }
    await clock.run(5);
  };
  await flood(0);
  assert.is(held.length, Math.floor((48 * 1024 * 1024) / 60_260));
  assert.is(stranger.responses('INVITE').filter(({ status }) => status === 503).length, 1000 - held.length);
  raw.request('INFO', { headers: [huge] });
  await clock.run(5);
  assert.is(hop.responses('INFO').at(-1)?.status, 200);
  for (const incoming of held.splice(0)) incoming.refuse(486);
  await flood(1000);
  assert.ok(held.length > 800, 'what was refused makes room');
  for (const incoming of held.splice(0)) incoming.refuse(486);
  await finish(ground, dialog);
});

test('a call that the program takes keeps its transaction: its answer is repeated', async () => {
  const ground = await strange({
    stack: { application: { onCall: (incoming) => void incoming.answer({ body: farAnswer }).catch(() => undefined) } },
  });
  const { stranger, send, clock } = ground;
  send(request('INVITE', 'taken'));
  await clock.run(2000);
  assert.ok(stranger.responses('INVITE').filter(({ status }) => status === 200).length > 1);
  await ground.rest();
});

test.run();
