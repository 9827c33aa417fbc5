import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Ground, host, onlyDialog, type ProxyWishes } from './ground.ts';
import type { Header } from './message.ts';
import { RawPort } from './raw-port.ts';
import { writeResponse } from './write.ts';

const test = suite('a plain proxy, RFC 3261 §16');

for (const [nearProtocol, farProtocol] of [
  ['udp', 'udp'],
  ['udp', 'tcp'],
  ['tcp', 'udp'],
  ['tcp', 'tcp'],
] as const) {
  test(`stays between ${nearProtocol} and ${farProtocol} for all of a dialog`, async () => {
    const ground = new Ground(nearProtocol);
    const near = await ground.endpoint('near', 5060, { outbound: [{ host: '10.0.0.1', port: 5080 }] });
    const far = await ground.endpoint('far', 5070, { protocol: farProtocol });
    await ground.proxy('proxy', 5080);
    const { status, dialog } = await ground.take(near.invite(ground.target(5070, farProtocol)));
    assert.is(status, 200);
    if (dialog === undefined) throw new Error('no dialog');
    await ground.clock.run(10);
    assert.is(dialog.routeSet.length, nearProtocol === farProtocol ? 1 : 2);
    const calling = ground.said();
    assert.equal(calling.slice(0, 3), ['near > proxy INVITE', 'proxy > near 100 INVITE', 'proxy > far INVITE']);
    assert.equal(calling.slice(-5), [
      'far > proxy 200 INVITE',
      'proxy > near 200 INVITE',
      'near established',
      'near > proxy ACK',
      'proxy > far ACK',
    ]);
    assert.is((await ground.take(near.info(dialog, 7))).status, 200);
    assert.is((await ground.take(far.reinvite(onlyDialog(far)))).status, 200);
    await ground.clock.run(10);
    assert.is((await ground.take(far.bye(onlyDialog(far)))).status, 200);
    assert.equal(
      ground.said().filter((line) => !line.includes(' 100 ')),
      [
        'near > proxy INFO',
        'proxy > far INFO',
        'far executed 7',
        'far > proxy 200 INFO',
        'proxy > near 200 INFO',
        'far > proxy INVITE',
        'proxy > near INVITE',
        'near > proxy 200 INVITE',
        'proxy > far 200 INVITE',
        'far > proxy ACK',
        'proxy > near ACK',
        'far ended local bye',
        'far > proxy BYE',
        'proxy > near BYE',
        'near ended remote bye',
        'near > proxy 200 BYE',
        'proxy > far 200 BYE',
      ],
    );
    await ground.rest();
  });
}

/** A raw port beside a proxy and a far raw port. */
async function scene(wishes: ProxyWishes = {}): Promise<Scene> {
  const ground = new Ground();
  await ground.proxy('proxy', 5080, wishes);
  const far = await RawPort.open(ground, 5070);
  const near = await RawPort.open(ground, 5090);
  const close = async (): Promise<void> => {
    await ground.clock.run(300_000);
    await near.stop();
    await far.stop();
    await ground.rest();
  };
  return { ground, near, far, close };
}

interface Scene {
  readonly ground: Ground;
  readonly near: RawPort;
  readonly far: RawPort;
  close(): Promise<void>;
}

const farUri = `sip:raw@${host}:5070`;
const toFar = { uri: farUri } as const;
const ownRoute: Header = ['Route', `<sip:${host}:5080;lr>`];
const inDialog: Header = ['To', `<${farUri}>;tag=far`];

test('answers what is meant for itself, and refuses what it must not forward', async () => {
  const { ground, near, far, close } = await scene();
  const answers: [string, Header[], { readonly uri: string }, string[]][] = [
    ['OPTIONS', [['Max-Forwards', '0']], { uri: `sip:${host}:5080` }, ['200 OPTIONS']],
    ['REGISTER', [], { uri: `sip:${host}:5080` }, ['404 REGISTER']],
    ['BYE', [['Max-Forwards', '0']], toFar, ['483 BYE']],
    ['BYE', [['Proxy-Require', 'wings']], toFar, ['420 BYE']],
    ['BYE', [], { uri: 'sip:somebody@example.com' }, ['404 BYE']],
    ['BYE', [], { uri: 'tel:123' }, ['416 BYE']],
  ];
  for (const [method, headers, target, heard] of answers) {
    near.request(5080, method, headers, target);
    await ground.clock.run(10);
    assert.equal(near.heard(), heard);
  }
  assert.equal(far.heard(), []);
  await close();
});

test('forwards a request without a Route inside a dialog, or refuses it', async () => {
  for (const routeless of ['forward', 'refuse'] as const) {
    const { ground, near, far, close } = await scene({ routeless });
    near.request(5080, 'UPDATE', [inDialog], toFar);
    near.request(5080, 'ACK', [inDialog], toFar);
    await ground.clock.run(10);
    assert.equal(near.heard(), routeless === 'refuse' ? ['404 UPDATE'] : []);
    assert.equal(far.heard(), routeless === 'refuse' ? [] : ['UPDATE', 'ACK']);
    near.request(5080, 'UPDATE', [inDialog, ownRoute], toFar);
    await ground.clock.run(10);
    assert.equal(far.heard(), ['UPDATE']);
    await close();
  }
});

test('records itself in what makes dialogs, and in refreshes where it is told to', async () => {
  for (const recordsRefreshes of [false, true]) {
    const { ground, near, far, close } = await scene({ recordsRefreshes });
    for (const [method, headers, count] of [
      ['INVITE', [], 1],
      ['INVITE', [inDialog, ownRoute], recordsRefreshes ? 1 : 0],
      ['UPDATE', [inDialog, ownRoute], recordsRefreshes ? 1 : 0],
      ['INFO', [inDialog, ownRoute], 0],
    ] as const) {
      far.received.length = 0;
      near.request(5080, method, headers, toFar);
      await ground.clock.run(10);
      const [received] = far.received.splice(0);
      assert.is(received?.recordRoute.length, count, method);
      assert.is(received?.has('route'), false);
      assert.is(received?.header('max-forwards'), '69');
      if (received !== undefined) far.respond(5080, writeResponse(received, 486, { toTag: 'far' }));
      await ground.clock.run(10);
    }
    await close();
  }
});

test('sends new calls on to the hop that is next, and what has a Route where that leads', async () => {
  const { ground, near, far, close } = await scene({ next: { host, port: 5070, protocol: 'udp' } });
  near.request(5080, 'INVITE', [], { uri: `sip:raw@${host}:5071` });
  await ground.clock.run(10);
  assert.equal(
    far.received.splice(0).map(({ requestUri }) => requestUri),
    [`sip:raw@${host}:5071`],
  );
  near.request(5080, 'INFO', [inDialog, ownRoute], { uri: `sip:raw@${host}:5090` });
  await ground.clock.run(10);
  assert.ok(near.heard().includes('INFO'));
  assert.equal(far.heard(), []);
  await close();
});

test('understands strict routers before it and behind it', async () => {
  const { ground, near, far, close } = await scene();
  near.request(5080, 'INFO', [inDialog, ['Route', `<${farUri}>`]], { uri: `sip:${host}:5080;lr` });
  await ground.clock.run(10);
  const [first] = far.received.splice(0);
  assert.is(first?.requestUri, farUri);
  assert.not(first?.has('route'));
  near.request(5080, 'INFO', [inDialog, ownRoute, ['Route', `<sip:${host}:5070>`]], { uri: 'sip:far@10.9.9.9' });
  await ground.clock.run(10);
  const [second] = far.received.splice(0);
  assert.is(second?.requestUri, `sip:${host}:5070`);
  assert.equal(second?.route, ['<sip:far@10.9.9.9>']);
  await close();
});

test('tells nobody of a 503, and answers for who does not', async () => {
  const { ground, near, far, close } = await scene();
  near.request(5080, 'INFO', [inDialog], toFar);
  await ground.clock.run(10);
  const [request] = far.received.splice(0);
  if (request === undefined) throw new Error('nothing came');
  far.respond(5080, writeResponse(request, 503));
  await ground.clock.run(10);
  assert.equal(near.heard(), ['500 INFO']);
  near.request(5080, 'INFO', [inDialog], { uri: `sip:raw@${host}:5071;transport=tcp` });
  await ground.clock.run(10);
  assert.equal(near.heard(), ['500 INFO']);
  near.request(5080, 'INFO', [inDialog], { uri: `sip:raw@${host}:5071` });
  await ground.clock.run(33_000);
  assert.equal(near.heard(), ['408 INFO']);
  await close();
});

test('cancels what it has forwarded, once the far end has rung', async () => {
  const { ground, near, far, close } = await scene();
  const via: Header = ['Via', `SIP/2.0/UDP ${host}:5090;branch=z9hG4bKx`];
  near.request(5080, 'INVITE', [via], toFar);
  await ground.clock.run(10);
  near.request(5080, 'CANCEL', [via], toFar);
  await ground.clock.run(10);
  assert.equal(near.heard(), ['100 INVITE', '200 CANCEL']);
  const [invite] = far.received.splice(0);
  if (invite === undefined) throw new Error('no INVITE');
  far.respond(5080, writeResponse(invite, 180, { toTag: 'far' }));
  await ground.clock.run(10);
  const [cancel] = far.received.splice(0);
  assert.is(cancel?.method, 'CANCEL');
  assert.is(cancel?.topVia, invite.topVia);
  far.respond(5080, writeResponse(invite, 487, { toTag: 'far' }));
  await ground.clock.run(10);
  assert.equal(far.heard(), ['ACK']);
  assert.equal(near.heard(), ['180 INVITE', '487 INVITE']);
  await close();
});

test('gives up a call that rings for three minutes', async () => {
  const { ground, near, far, close } = await scene();
  near.request(5080, 'INVITE', [], toFar);
  await ground.clock.run(10);
  const [invite] = far.received.splice(0);
  if (invite === undefined) throw new Error('no INVITE');
  far.respond(5080, writeResponse(invite, 180, { toTag: 'far' }));
  await ground.clock.run(180_000);
  assert.equal(far.heard(), []);
  await ground.clock.run(2_000);
  assert.equal(far.heard(), ['CANCEL', 'CANCEL']);
  await ground.clock.run(40_000);
  assert.ok(near.heard().includes('408 INVITE'));
  await close();
});

test('forwards in another life what comes again with the branch that it had', async () => {
  const { ground, near, far, close } = await scene();
  const via: Header = ['Via', `SIP/2.0/UDP ${host}:5090;branch=z9hG4bKx`];
  near.request(5080, 'INVITE', [via], toFar);
  await ground.clock.run(10);
  await ground.stopProxy(5080);
  await ground.proxy('proxy', 5080);
  near.request(5080, 'INVITE', [via], toFar);
  near.request(5080, 'CANCEL', [['Via', `SIP/2.0/UDP ${host}:5090;branch=z9hG4bKy`]], toFar);
  await ground.clock.run(10);
  const [first, second, third] = far.received.splice(0);
  assert.is(first?.topVia, second?.topVia);
  assert.is(third?.method, 'CANCEL');
  assert.is.not(third?.topVia, second?.topVia);
  await close();
});

test.run();
