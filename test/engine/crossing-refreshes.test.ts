import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog, IncomingRequest } from '../../core/index.ts';
import { type Bed, bed, call, finish } from './bed.ts';
import type { RawDialog } from './raw-dialog.ts';
import { RawPeer, type Sip } from './raw-peer.ts';
import { farAnswer, nearOffer } from './world.ts';

const test = suite('Which Contact is the newer one (RFC 3261 §12.2.1.2, RFC 6141 §4.8)');

const moved = 'sip:moved@10.0.0.1:5070';
const further = 'sip:further@10.0.0.1:5070';

interface Crossing {
  readonly ground: Bed;
  readonly dialog: Dialog;
  readonly raw: RawDialog;
  /** The refresh of ours that has no answer yet. */
  readonly ours: Sip;
}

/** A call in which a refresh of ours is under way: the program's, the session timer's, or a heal. */
async function crossing(method: string, by: 'program' | 'session timer' | 'heal'): Promise<Crossing> {
  const ground = await bed({ hops: 1, stack: { sessionTimer: { intervalS: 90 } } });
  const { hop, clock } = ground;
  if (method === 'INVITE') hop.capabilities = ['Allow: INVITE, ACK, BYE, CANCEL, INFO'];
  hop.capabilities = [...hop.capabilities, 'Session-Expires: 90;refresher=uac', 'Require: timer'];
  const { dialog, raw } = await call(ground);
  hop.script = (request) => request.method === method;
  const sentBefore = hop.requests(method).length;
  if (by === 'program') ground.note('refresh', dialog.request(method, method === 'INVITE' ? { body: nearOffer } : {}));
  if (by === 'heal') ground.note('heal', dialog.heal());
  await clock.run(by === 'session timer' ? 45_010 : 5);
  assert.ok(hop.requests(method).length > sentBefore);
  return { ground, dialog, raw, ours: hop.last(method) };
}

interface Waiting {
  readonly ground: Bed;
  readonly dialog: Dialog;
  readonly raw: RawDialog;
  /** Accepts the re-INVITE that waits. */
  accept(): void;
}

/** A call in which a re-INVITE of the far end's, by the first of two listed hops, waits for the program. It tells of a move. */
async function waitingInvite(): Promise<Waiting> {
  const asked: IncomingRequest[] = [];
  const ground = await bed({ stack: { application: { onRequest: (request) => void asked.push(request) } } });
  const { dialog, raw } = await call(ground);
  const headers = [
    'Supported: ms-dialog-route-set-update',
    `Record-Route: <${ground.hop.uri};lr>`,
    'Content-Type: application/sdp',
  ];
  raw.request('INVITE', { contact: further, headers, body: farAnswer.replace('1 1', '1 2') });
  await ground.clock.run(5);
  assert.is(asked.length, 1);
  return { ground, dialog, raw, accept: () => asked[0]?.respond(200, { body: nearOffer }) };
}

/** The 2xx to the re-INVITE has come to this hop. */
function acknowledge(hop: RawPeer, raw: RawDialog): void {
  const ok = hop.responses('INVITE').find(({ status }) => status === 200);
  if (ok === undefined) throw new Error('the re-INVITE was not accepted');
  raw.acknowledge(ok);
}

/** Where our next request is for. */
async function target({ ground, dialog }: Crossing): Promise<string> {
  ground.hop.script = () => false;
  await ground.take(dialog.request('INFO'));
  return ground.hop.last('INFO').requestUri;
}

async function rest({ ground, dialog }: Crossing): Promise<void> {
  await ground.clock.run(100);
  await finish(ground, dialog);
}

for (const [method, by] of [
  ['UPDATE', 'program'],
  ['INVITE', 'program'],
  ['UPDATE', 'session timer'],
  ['INVITE', 'session timer'],
  ['UPDATE', 'heal'],
] as const) {
  test(`${method} of the ${by}: a late 2xx does not undo the move that the far end's own refresh has told`, async () => {
    const ours = await crossing(method, by);
    const { ground, raw } = ours;
    raw.request('UPDATE', { contact: moved });
    await ground.clock.run(5);
    ground.hop.accept(ours.ours);
    await ground.clock.run(5);
    if (by === 'program') assert.equal(ground.seen(), ['refresh 200']);
    if (by === 'heal') assert.equal(ground.seen(), ['heal healthy']);
    if (method === 'INVITE') assert.is(ground.hop.last('ACK').requestUri, moved);
    assert.is(await target(ours), moved);
    await rest(ours);
  });

  test(`${method} of the ${by}: the same where the far end's refresh came from a stranger, and leaves the route alone`, async () => {
    const ours = await crossing(method, by);
    const { ground, raw } = ours;
    const stranger = await RawPeer.open(ground, 'stranger', 6001);
    const headers = ['Supported: ms-dialog-route-set-update', `Record-Route: <${stranger.uri};lr>`];
    raw.request('UPDATE', { contact: moved, headers, by: stranger });
    await ground.clock.run(5);
    assert.is(stranger.responses('UPDATE')[0]?.status, 200);
    ground.hop.accept(ours.ours);
    await ground.clock.run(5);
    assert.is(await target(ours), moved);
    assert.is(ground.hop.last('INFO').header('Route'), `<${ground.hop.uri};lr>`);
    await rest(ours);
  });

  test(`${method} of the ${by}: a 2xx that tells of a move is believed, where the far end's refresh told of none`, async () => {
    const ours = await crossing(method, by);
    const { ground, raw } = ours;
    raw.request('UPDATE');
    await ground.clock.run(5);
    ground.hop.reply(ours.ours, 200, {
      headers: [`Contact: <${moved}>`, `Record-Route: <${ground.hop.uri};lr>`],
      body: ours.ours.body,
    });
    await ground.clock.run(5);
    assert.is(await target(ours), moved);
    await rest(ours);
  });
}

test('what is sent after the far end has moved is answered by it as it is then', async () => {
  const ours = await crossing('UPDATE', 'program');
  const { ground, raw, dialog } = ours;
  const { hop, take, clock } = ground;
  raw.request('UPDATE', { contact: moved });
  await clock.run(5);
  hop.accept(ours.ours);
  await clock.run(5);
  hop.script = (request) => {
    if (request.method === 'UPDATE') hop.reply(request, 200, { headers: [`Contact: <${further}>`] });
    return request.method === 'UPDATE';
  };
  await take(dialog.request('UPDATE'));
  assert.is(await target(ours), further);
  await rest(ours);
});

test('of two refreshes of ours the answer to the later one is newer, in whatever order they come', async () => {
  for (const inOrder of [true, false]) {
    const ours = await crossing('UPDATE', 'program');
    const { ground, dialog } = ours;
    ground.note('second', dialog.request('UPDATE'));
    await ground.clock.run(5);
    const second = ground.hop.last('UPDATE');
    assert.is(second.cseq, ours.ours.cseq + 1);
    const answers = [
      [ours.ours, moved],
      [second, further],
    ] as const;
    for (const [request, contact] of inOrder ? answers : [...answers].reverse()) {
      ground.hop.reply(request, 200, { headers: [`Contact: <${contact}>`] });
      await ground.clock.run(5);
    }
    assert.is(await target(ours), further, inOrder ? 'in order' : 'reversed');
    await rest(ours);
  }
});

for (const [what, overtake] of [
  ['a younger refresh', ({ raw }) => raw.request('UPDATE', { contact: moved })],
  [
    'a younger refresh by another hop',
    ({ ground, raw }) => {
      const { other } = ground;
      const headers = ['Supported: ms-dialog-route-set-update', `Record-Route: <${other.uri};lr>`];
      raw.request('UPDATE', { contact: moved, headers, by: other });
    },
  ],
  [
    'a heal',
    ({ ground, dialog }) => {
      ground.hop.script = (request) => {
        const headers = [`Contact: <${moved}>`, `Record-Route: <${ground.other.uri};lr>`];
        if (request.method === 'UPDATE') ground.hop.reply(request, 200, { headers });
        return request.method === 'UPDATE';
      };
      ground.note('heal', dialog.heal());
    },
  ],
] as const satisfies readonly (readonly [string, (waiting: Waiting) => void])[]) {
  test(`a re-INVITE that waited for the program while ${what} came undoes nothing of that, when it is accepted`, async () => {
    const waiting = await waitingInvite();
    const { ground, raw, dialog, accept } = waiting;
    const { hop, other, clock, take } = ground;
    overtake(waiting);
    await clock.run(5);
    accept();
    await clock.run(5);
    acknowledge(hop, raw);
    hop.script = () => false;
    await take(dialog.request('INFO'));
    const [info] = [...hop.requests('INFO'), ...other.requests('INFO')];
    assert.is(info?.requestUri, moved);
    const by = what === 'a younger refresh' ? hop : other;
    assert.is(info?.header('Route'), `<${by.uri};lr>`);
    await finish(ground, dialog);
  });
}

test('a re-INVITE that waited for the program moves the dialog, where nothing younger did', async () => {
  const { ground, raw, dialog, accept } = await waitingInvite();
  const { hop, clock, take } = ground;
  accept();
  await clock.run(5);
  acknowledge(hop, raw);
  await take(dialog.request('INFO'));
  assert.is(hop.last('INFO').requestUri, further);
  await finish(ground, dialog);
});

test('a session that a new dialog has taken the place of is not led back to the Contact of the old one', async () => {
  const ground = await bed({ hops: 1, stack: { recovery: { replaces: true } } });
  const { hop, clock } = ground;
  const { dialog, raw } = await call(ground);
  hop.script = (request) => request.method === 'UPDATE';
  ground.note('refresh', dialog.request('UPDATE'));
  await clock.run(5);
  const [, remoteTag = ''] = raw.local.split(';tag=');
  const [, localTag = ''] = raw.remote.split(';tag=');
  const branch = hop.branch();
  const lines = [
    `INVITE sip:10.0.0.1:5060 SIP/2.0`,
    `Via: ${hop.via(branch)}`,
    'Max-Forwards: 70',
    `From: <${hop.uri}>;tag=new`,
    'To: <sip:10.0.0.1:5060>',
    'Call-ID: new-call',
    'CSeq: 1 INVITE',
    `Contact: <${moved}>`,
    `Record-Route: <${hop.uri};lr>`,
    `Replaces: ${raw.callId};to-tag=${localTag};from-tag=${remoteTag}`,
    'Require: replaces',
    'Content-Length: 0',
  ];
  hop.send(5060, `${lines.join('\r\n')}\r\n\r\n`);
  await clock.run(5);
  const [ok] = hop.responses('INVITE');
  assert.is(ok?.status, 200);
  const ack = lines.filter((line) => !/^(Contact|Record-Route|Replaces|Require|CSeq|To)/.test(line));
  const rest = [`To: ${ok?.header('To')}`, 'CSeq: 1 ACK'];
  hop.send(
    5060,
    `${[...ack, ...rest]
      .join('\r\n')
      .replace(/^INVITE/, 'ACK')
      .replace(branch, hop.branch())}\r\n\r\n`,
  );
  hop.accept(hop.last('UPDATE'));
  await clock.run(5);
  hop.script = () => false;
  await ground.take(dialog.request('INFO'));
  assert.is(hop.last('INFO').requestUri, moved);
  await finish(ground, dialog);
});

test.run();
