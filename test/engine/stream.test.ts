import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Application,
  createStack,
  type Dialog,
  type IncomingRequest,
  SipError,
  UsageError,
} from '../../core/index.ts';
import { memoryNetwork } from '../../transport/index.ts';
import { bodySizeMax } from '../../transport/limits.ts';
import { type Bed, type BedOptions, bed, call, finish, nearPort } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import { RawPeer, withBody } from './raw-peer.ts';
import { farAnswer, host, nearOffer, noted, obliging, uriOf, world } from './world.ts';

const test = suite('SIP over streams (RFC 3261 §18)');

const near = { host, port: nearPort };
const hopAddress = { host, port: 5070 };

const overTcp = (options: BedOptions = {}): Promise<Bed> => bed({ ...options, protocol: 'tcp' });

test('Via, Contact and the hop’s Route name the protocol that is used; From names none', async () => {
  const ground = await overTcp();
  const { dialog } = await call(ground);
  const invite = ground.hop.last('INVITE');
  assert.match(invite.header('Via'), /^SIP\/2\.0\/TCP 10\.0\.0\.1:5060;branch=z9hG4bK/);
  assert.is(invite.header('Contact'), '<sip:10.0.0.1:5060;transport=tcp>');
  assert.is(invite.header('Route'), '<sip:10.0.0.1:5070;transport=tcp;lr>');
  assert.match(invite.header('From'), /^<sip:10\.0\.0\.1:5060>;tag=/);
  await ground.take(dialog.request('INFO'));
  assert.match(ground.hop.last('INFO').header('Via'), 'SIP/2.0/TCP');
  await finish(ground, dialog);
});

test('the Contact of an answer names the protocol that the call came by', async () => {
  const ground = world();
  const transports = [ground.transport(nearPort, 'udp'), ground.transport(nearPort, 'tcp')];
  await ground.stack('near', nearPort, { transports, application: obliging });
  for (const protocol of ['udp', 'tcp'] as const) {
    const peer = await RawPeer.open(ground, protocol, protocol === 'udp' ? 5070 : 5080, protocol);
    const dialog = RawDialog.toward(peer, nearPort, `call-${protocol}`);
    dialog.request('INVITE', { body: nearOffer });
    await ground.clock.run(20);
    const answer = peer.responses('INVITE').at(-1);
    assert.is(answer?.status, 200);
    assert.is(answer?.header('Contact'), `<${uriOf(nearPort, protocol)}>`);
    if (answer !== undefined) dialog.acknowledge(answer);
    dialog.request('BYE');
    await ground.clock.run(20);
    assert.is(peer.responses('BYE').at(-1)?.status, 200);
  }
  await ground.rest();
});

test('a stack with two transports calls each hop by its own', async () => {
  const ground = world();
  const transports = [ground.transport(nearPort, 'udp'), ground.transport(nearPort, 'tcp')];
  const near = await ground.stack('near', nearPort, { transports });
  for (const protocol of ['udp', 'tcp'] as const) {
    const hop = await RawPeer.open(ground, protocol, protocol === 'udp' ? 5070 : 5080, protocol);
    near.setHops([hop.uri]);
    await ground.clock.run(10);
    const dialog = await ground.take(near.invite('sip:bob@example.com', { body: nearOffer }));
    assert.is(hop.last('INVITE').header('Contact'), `<${uriOf(nearPort, protocol)}>`);
    assert.match(hop.last('INVITE').header('Via'), `SIP/2.0/${protocol.toUpperCase()}`);
    await ground.take(dialog.bye());
  }
  await ground.rest();
});

test('a hop or a target by a protocol for which there is no transport is refused by name', async () => {
  const ground = await bed({ hops: 0 });
  const tcpUri = `sip:${host}:5070;transport=tcp`;
  assert.throws(
    () => ground.near.setHops([tcpUri]),
    (error: unknown) =>
      error instanceof UsageError && /reached by tcp, for which there is no transport/.test(error.message),
  );
  const network = memoryNetwork({ clock: ground.clock, seed: 1 });
  const made = createStack({ transports: [network.udp({ host, port: 1 })], hops: [tcpUri], clock: ground.clock });
  assert.instance(await made.catch((error: unknown) => error), UsageError);
  const outcome = await ground.take(ground.near.invite(tcpUri).catch((error: unknown) => error));
  assert.is(outcome instanceof SipError && outcome.code, 'SIP_OPEN_FAILED');
  await ground.rest();
});

test('a peer whose Contact is by a protocol that we do not speak is reached by the way that its call came', async () => {
  const answered: Dialog[] = [];
  const application: Application = {
    onCall: (call) => void call.answer({ body: farAnswer }).then((dialog) => answered.push(dialog)),
  };
  const ground = await bed({ stack: { application } });
  const dialog = RawDialog.toward(ground.hop, nearPort, 'by-tcp');
  dialog.request('INVITE', { body: nearOffer, contact: `sip:bob@${host}:5070;transport=tcp` });
  await ground.clock.run(5);
  const answer = ground.hop.responses('INVITE').at(-1);
  if (answer !== undefined) dialog.acknowledge(answer);
  await ground.clock.run(5);
  const [ours] = answered;
  if (ours !== undefined) await ground.take(ours.bye());
  assert.is(ground.hop.requests('BYE').length, 1);
  await ground.rest();
});

test('nothing is repeated but a 2xx to INVITE, which waits for its ACK whatever the transport', async () => {
  const ground = await overTcp({ hops: 1, stack: { application: obliging } });
  ground.hop.script = () => true;
  const { clock, hop } = ground;
  ground.note('call', ground.near.invite('sip:bob@example.com', { body: nearOffer }));
  await clock.run(40_000);
  assert.is(hop.requests('INVITE').length, 1);
  const dialog = RawDialog.toward(hop, nearPort, 'unacknowledged');
  dialog.request('INVITE', { body: nearOffer });
  await clock.run(3_600);
  assert.is(hop.responses('INVITE').filter(({ status }) => status === 200).length, 4);
  const [answer] = hop.responses('INVITE').filter(({ status }) => status === 200);
  if (answer !== undefined) dialog.acknowledge(answer);
  hop.script = () => false;
  dialog.request('BYE');
  await ground.rest();
});

test('a response goes by the connection that its request came on, though there is one of our own', async () => {
  const ground = await overTcp();
  const { dialog } = await call(ground);
  const stranger = await RawPeer.open(ground, 'stranger', 5090);
  const asked = RawDialog.toward(stranger, nearPort, 'nobody');
  asked.request('INFO', { via: `SIP/2.0/TCP ${host}:5070;branch=z9hG4bK-not-mine` });
  await ground.clock.run(10);
  assert.is(stranger.responses('INFO').length, 1);
  assert.is(ground.hop.responses('INFO').length, 0);
  await finish(ground, dialog);
});

test('when that is gone, it goes by a new one to the sent-by of the Via, at the host that the request came from (§18.2.2)', async () => {
  const held: IncomingRequest[] = [];
  const application = { ...obliging, onRequest: (request: IncomingRequest) => void held.push(request) };
  const ground = await overTcp({ hops: 0, stack: { application } });
  const { clock, network, hop } = ground;
  const dialog = RawDialog.toward(hop, nearPort, 'held');
  dialog.request('INVITE', { body: nearOffer });
  await clock.run(20);
  const answer = hop.responses('INVITE').at(-1);
  if (answer !== undefined) dialog.acknowledge(answer);
  dialog.request('INFO', { via: `SIP/2.0/TCP pc.example.com:5070;branch=z9hG4bK-held` });
  await clock.run(10);
  network.reset(near, hopAddress);
  await clock.run(10);
  const [request] = held;
  assert.ok(request);
  request?.respond(200);
  await clock.run(20);
  const [response] = hop.responses('INFO');
  assert.is(response?.status, 200);
  assert.is(response?.header('Via'), `SIP/2.0/TCP pc.example.com:5070;branch=z9hG4bK-held;received=${host}`);
  dialog.request('BYE');
  await ground.rest();
});

test('the answer to a call whose connection broke while it rang reaches the caller by a new one, and so does its repetition', async () => {
  let answer = (): void => {};
  const log: string[] = [];
  const ground = await overTcp({
    hops: 0,
    stack: {
      application: noted(log, {
        onCall: (call) => {
          answer = () => void call.answer({ body: farAnswer }).catch(() => undefined);
        },
      }),
    },
  });
  const { clock, network, hop } = ground;
  const dialog = RawDialog.toward(hop, nearPort, 'rings');
  dialog.request('INVITE', { body: nearOffer });
  await clock.run(300);
  network.reset(near, hopAddress);
  await clock.run(10);
  answer();
  await clock.run(600);
  const answers = hop.responses('INVITE').filter(({ status }) => status === 200);
  assert.is(answers.length, 2);
  if (answers[0] !== undefined) dialog.acknowledge(answers[0]);
  await clock.run(10);
  dialog.request('BYE');
  await ground.rest();
  assert.equal(log, ['ended remote bye']);
});

test('a connection that is lost ends its requests at once and marks its dialogs; a hop that lives is back at once, and heals', async () => {
  const ground = await overTcp({ hops: 1 });
  const calls = [await call(ground), await call(ground)];
  const { clock, network, hop, note } = ground;
  hop.script = ({ method }) => method === 'INFO';
  for (const { dialog } of calls) note('info', dialog.request('INFO'));
  await clock.run(5);
  network.reset(near, hopAddress);
  await clock.run(20);
  assert.equal(ground.seen(), [
    'info failed 503 local',
    'info failed 503 local',
    'recovering',
    'recovering',
    'healthy',
    'healthy',
  ]);
  assert.is((await ground.take(calls[0]?.dialog.routeStatus() ?? Promise.reject())).cause, 'flow-lost');
  await finish(ground, ...calls.map(({ dialog }) => dialog));
});

test('a hop that is killed is known by its connection at once, one that falls silent within 1.5 s', async () => {
  for (const [fault, withinMs] of [
    ['kill', 5],
    ['pause', 1_500],
  ] as const) {
    const ground = await overTcp();
    const { dialog } = await call(ground);
    ground.network[fault](hopAddress);
    await ground.clock.run(withinMs);
    assert.is(ground.seen()[0], 'recovering', fault);
    await ground.clock.run(100);
    assert.equal(ground.seen(), ['recovering', 'healthy'], fault);
    if (fault === 'pause') ground.network.resume(hopAddress);
    await finish(ground, dialog);
  }
});

test('a hop whose kernel takes connections while it is stopped is not held to be alive', async () => {
  const ground = await overTcp({ hops: 1 });
  const { dialog } = await call(ground);
  const { clock, network } = ground;
  network.pause(hopAddress);
  await clock.run(5_000);
  network.reset(near, hopAddress);
  await clock.run(5_000);
  assert.equal(ground.seen(), ['recovering']);
  assert.is(ground.hop.requests('UPDATE').length, 0);
  assert.is((await ground.take(dialog.routeStatus())).attempt, 0, 'no heal was sent to it');
  network.resume(hopAddress);
  await clock.run(500);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  await finish(ground, dialog);
});

test('a dialog whose peer is reached only by the connection that it opened goes by that, and is marked when it breaks', async () => {
  const seen: string[] = [];
  const ground = await overTcp({ hops: 0, stack: { application: noted(seen, obliging) } });
  const { clock, network, hop } = ground;
  const dialog = RawDialog.toward(hop, nearPort, 'by-name');
  dialog.request('INVITE', { body: nearOffer, contact: 'sip:bob@pc.example.com;transport=tcp' });
  await clock.run(20);
  const answer = hop.responses('INVITE').at(-1);
  if (answer !== undefined) dialog.acknowledge(answer);
  await clock.run(10);
  network.reset(near, hopAddress);
  await clock.run(5);
  assert.equal(seen, ['recovering']);
  dialog.request('BYE');
  await ground.rest();
  assert.equal(seen, ['recovering', 'ended remote bye']);
});

test('a listed hop is known by the sent-by of what it sends on a connection of its own, and may bring a new route', async () => {
  const ground = await overTcp({ hops: 1 });
  const { dialog, raw } = await call(ground);
  const { clock, hop } = ground;
  // By a new connection, to where we listen.
  const refreshed = new RawDialog(hop, nearPort, { ...raw, cseq: 10 });
  refreshed.request('UPDATE', {
    headers: ['Supported: ms-dialog-route-set-update', `Record-Route: <sip:${host}:5070;transport=tcp;lr;new>`],
  });
  await clock.run(20);
  assert.is(hop.responses('UPDATE').at(-1)?.status, 200);
  await ground.take(dialog.request('INFO'));
  assert.is(hop.last('INFO').header('Route'), `<sip:${host}:5070;transport=tcp;lr;new>`);
  await finish(ground, dialog);
});

test('whoever is on another machine is not taken for a hop, whatever its Via says', async () => {
  const ground = await overTcp({ hops: 1 });
  const { dialog, raw } = await call(ground);
  const { clock, network } = ground;
  const lines = (branch: string): string =>
    withBody(
      [
        `UPDATE sip:${host}:${nearPort} SIP/2.0`,
        `Via: SIP/2.0/TCP ${host}:5070;branch=z9hG4bK-${branch}`,
        'Max-Forwards: 70',
        `From: ${raw.local}`,
        `To: ${raw.remote}`,
        `Call-ID: ${raw.callId}`,
        'CSeq: 10 UPDATE',
        `Contact: <${ground.hop.uri}>`,
        'Supported: ms-dialog-route-set-update',
        'Record-Route: <sip:192.0.2.66:5070;transport=tcp;lr>',
      ],
      '',
    );
  const attacker = await network.tcp({ host: '192.0.2.66', port: 5070 }).open(
    {
      flowOpen: (flow) => attacker.send(flow, new TextEncoder().encode(lines('attack'))),
      openFailed: () => undefined,
      message: () => undefined,
      messageRefused: () => undefined,
      flowLost: () => undefined,
      turnedAway: () => undefined,
      warning: () => undefined,
    },
    { clock, shard: 30 },
  );
  attacker.openFlow(1, { protocol: 'tcp', ...near }, { connected: false });
  await clock.run(20);
  await ground.take(dialog.request('INFO'));
  assert.is(ground.hop.last('INFO').header('Route'), `<${ground.hop.uri};lr>`);
  await attacker.destroy();
  await finish(ground, dialog);
});

for (const [what, text, status, phrase] of [
  ['a body that is too large', { 'Content-Length': String(bodySizeMax + 1) }, 413, 'Request Entity Too Large'],
  ['a head that is too large', { Subject: 'x'.repeat(65_536), 'Content-Length': '0' }, 513, 'Message Too Large'],
  ['no Content-Length', {}, 400, 'Malformed Content-Length'],
] as const) {
  test(`${what} is answered ${status}, and then the connection is closed`, async () => {
    const ground = await overTcp({ hops: 0 });
    const stranger = await RawPeer.open(ground, 'stranger', 5090);
    const fields = Object.entries(text).map(([name, value]) => `${name}: ${value}`);
    const lines = [
      `INFO sip:${host}:${nearPort} SIP/2.0`,
      `Via: ${stranger.via('z9hG4bK-large')}`,
      `From: <${stranger.uri}>;tag=a`,
      `To: <sip:${host}:${nearPort}>;tag=b`,
      'Call-ID: large',
      'CSeq: 1 INFO',
      ...fields,
    ];
    stranger.send(nearPort, `${lines.join('\r\n')}\r\n\r\n`);
    await ground.clock.run(20);
    assert.equal(
      stranger.received.map((response) => response.text.split('\r\n', 1)[0]),
      [`SIP/2.0 ${status} ${phrase}`],
    );
    stranger.send(nearPort, 'a new connection, for the old one is closed');
    await ground.clock.run(20);
    assert.is(stranger.received.length, 1);
    await stranger.destroy();
    await ground.rest();
  });
}

test('two stacks without hops leave each other in peace: nobody connects before there is something to say', async () => {
  const ground = world({}, 'tcp');
  const { clock, take, log } = ground;
  await ground.stack('far', 5072, { application: noted(log, obliging) });
  const caller = await ground.stack('near', 5071, { application: noted(log, obliging) });
  const dialog = await take(caller.invite(uriOf(5072, 'tcp'), { body: nearOffer }));
  await clock.run(120_000);
  assert.equal((await take(dialog.request('INFO'))).status, 200);
  await take(dialog.bye());
  assert.equal(ground.seen(), ['ended remote bye', 'ended local bye']);
  await ground.rest();
});

test('a stack at rest stays connected to its hops, without a timer and without a word', async () => {
  const ground = await overTcp();
  const { clock, probes } = ground;
  await clock.run(100);
  const before = probes.count;
  assert.is(before, 4, 'each hop was asked once, and has answered');
  await clock.run(3_600_000);
  assert.is(probes.count, before);
  const { dialog } = await call(ground);
  await finish(ground, dialog);
});

test('a hop that closes each connection as it comes is left alone until somebody needs it', async () => {
  const ground = world({}, 'tcp');
  let opened = 0;
  const hop = await ground.network.tcp({ host, port: 5070 }).open(
    {
      flowOpen: (flow) => {
        opened++;
        hop.closeFlow(flow);
      },
      openFailed: () => undefined,
      message: () => undefined,
      messageRefused: () => undefined,
      flowLost: () => undefined,
      turnedAway: () => undefined,
      warning: () => undefined,
    },
    { clock: ground.clock, shard: 30 },
  );
  const stack = await ground.stack('near', nearPort, { hops: [uriOf(5070, 'tcp')] });
  await ground.clock.run(60_000);
  assert.is(opened, 1);
  ground.note('call', stack.invite('sip:bob@example.com', { body: nearOffer }));
  await ground.clock.run(1_000);
  assert.equal(ground.seen(), ['call failed 503 local']);
  assert.ok(opened <= 3, `${opened} connections`);
  await hop.destroy();
  await ground.rest();
});

test.run();
