import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createStack, SipError, type StackOptions, UsageError } from '../../core/index.ts';
import { bed, call, finish } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import { host } from './world.ts';

const test = suite('Wrong calls of the API');

async function refused(attempt: () => unknown, what: RegExp | string): Promise<void> {
  let error: unknown;
  try {
    const soon = new Promise((resolve) => void setImmediate(resolve));
    await Promise.race([attempt(), soon]);
  } catch (thrown) {
    error = thrown;
  }
  assert.instance(error, UsageError, `${what}: ${error}`);
  assert.is((error as UsageError).code, 'SIP_USAGE');
  assert.match((error as UsageError).message, what);
}

test('options that are wrong are refused by their name, and unknown ones with those that there are', async () => {
  const ground = await bed();
  const transports = [ground.network.udp({ host, port: 5999 })];
  for (const [what, options] of [
    ['transports', { transports: [] }],
    ['no option colour', { colour: 1 }],
    ['no option recovery.speed', { recovery: { speed: 1 } }],
    ['recovery.mode', { recovery: { mode: 'some' } }],
    ['recovery.routeSet', { recovery: { routeSet: 'x' } }],
    ['recovery.probeIntervalMs is a number from 100 to 60000, not 99', { recovery: { probeIntervalMs: 99 } }],
    ['recovery.probeIntervalMs is a number from 100 to 60000, not 60001', { recovery: { probeIntervalMs: 60_001 } }],
    ['sessionTimer.intervalS', { sessionTimer: { intervalS: 89 } }],
    ['timers.t1Ms', { timers: { t1Ms: 0 } }],
    ['timers.t1Ms', { timers: { t1Ms: Number.NaN } }],
    ['limits.dialogs', { limits: { dialogs: 0 } }],
    ['limits.dialogs', { limits: { dialogs: 2 ** 22 + 1 } }],
    ['limits.dialogs', { limits: { dialogs: 1.5 } }],
    ['limits.transactions', { limits: { transactions: 2 ** 20 } }],
    ['limits.transactions', { limits: { transactions: Number.POSITIVE_INFINITY } }],
    ['hops', { hops: ['10.0.0.1'] }],
    ['numeric host', { hops: ['sip:example.com'] }],
    ['numeric host', { hops: ['sips:10.0.0.1'] }],
    ['listed twice', { hops: ['sip:10.0.0.1', 'sip:10.0.0.1:5060'] }],
    ['weight', { hops: [{ uri: 'sip:10.0.0.1', weight: 0 }] }],
  ] as const) {
    await refused(() => createStack({ transports, clock: ground.clock, ...options } as StackOptions), what);
  }
  await ground.rest();
});

test('what a program without types may give is refused by the name of the option', async () => {
  const ground = await bed();
  const transports = [ground.network.udp({ host, port: 5999 })];
  const withHole = new Array(1);
  for (const [what, options] of [
    [/createStack\(\) needs an object/, undefined],
    [/createStack\(\) needs an object/, null],
    [/createStack\(\) needs an object/, 'udp'],
    [/^transports/, {}],
    [/^transports/, { transports: [{}] }],
    [/^transports/, { transports: [undefined] }],
    [/^transports/, { transports: transports[0] }],
    [/^transports/, { transports: withHole }],
    [/^hops: give a list/, { transports, hops: `sip:${host}:5070` }],
    [/^hops: each entry needs an object/, { transports, hops: withHole }],
    [/^credentials\[0\] needs an object/, { transports, credentials: withHole }],
    [/no option application\.onCal\b/, { transports, application: { onCal: () => undefined } }],
    [/^application needs an object/, { transports, application: 5 }],
    [/^recovery needs an object/, { transports, recovery: null }],
    [/^sessionTimer needs an object/, { transports, sessionTimer: 1800 }],
    [/^timers needs an object/, { transports, timers: null }],
    [/^limits needs an object/, { transports, limits: 'many' }],
  ] as const) {
    await refused(() => createStack(options as unknown as StackOptions), what);
  }
  const { dialog } = await call(ground);
  const body = 5 as unknown as string;
  await refused(() => dialog.request('INFO', { body, contentType: 'text/plain' }), /^The body is/);
  await refused(() => ground.near.invite(`sip:bob@${host}:5070`, { body }), /^The body is/);
  await finish(ground, dialog);
});

test('the hops of a stack are those that it was given, then those of setHops; a wrong list changes nothing', async () => {
  const ground = await bed({ hops: 2 });
  const { near } = ground;
  const hop = (port: number, weight = 1) => ({ uri: `sip:${host}:${port}`, weight });
  assert.equal(near.hops, [hop(5070), hop(5080)]);
  near.setHops([{ uri: `sip:${host}:5080`, weight: 3 }]);
  assert.equal(near.hops, [hop(5080, 3)]);
  await refused(() => near.setHops(['sip:example.com']), /numeric host/);
  await refused(() => near.setHops(`sip:${host}:5070` as unknown as string[]), /^hops: give a list/);
  assert.equal(near.hops, [hop(5080, 3)]);
  near.setHops([]);
  assert.equal(near.hops, []);
  await ground.rest();
});

test('a port that is taken is an error with a code, not a usage error', async () => {
  const ground = await bed();
  const error = await ground.stack('again', ground.nearPort).catch((thrown: unknown) => thrown);
  assert.instance(error, SipError);
  assert.is((error as SipError).code, 'SIP_PORT_IN_USE');
  await ground.rest();
});

test('targets and From that are no URIs, or would end a line or a bracket, are refused', async () => {
  const ground = await bed();
  const { near } = ground;
  for (const target of ['', 'bob', 'sip:', 'sip:bob@b c', 'sip:bob@b>', 'sip:b\r\nX: y', 'sip:b\nX: y', 'sip:b\0']) {
    await refused(() => near.invite(target), /is no SIP URI/);
  }
  for (const from of [
    '',
    'alice',
    '"A" <sip:a@b>\r\nX: y',
    '<sip:a@b',
    '<sip:a@b>;tag=1',
    'A <sip:>',
    '"A <sip:a@b>',
    'sip:a@b;tag=1\n',
  ]) {
    await refused(() => near.invite(`sip:bob@${host}:5070`, { from }), /from/);
  }
  await ground.rest();
});

test('a From with a display name and one without brackets both work', async () => {
  const ground = await bed({ hops: 1 });
  for (const [from, written] of [
    ['"Alice \\"A\\"" <sip:alice@a.example;x=y>', '"Alice \\"A\\"" <sip:alice@a.example;x=y>'],
    ['Alice <sip:alice@a.example>', 'Alice <sip:alice@a.example>'],
    ['sip:alice@a.example;x=y', '<sip:alice@a.example;x=y>'],
  ] as const) {
    const { dialog } = await call(ground, { from });
    assert.is(
      ground.hop
        .last('INVITE')
        .header('From')
        .replace(/;tag=[0-9a-v]{26}$/, ''),
      written,
    );
    await ground.take(dialog.bye());
  }
  await ground.rest();
});

test('methods that are none or not the program’s to send are refused', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  for (const method of ['', 'IN FO', 'INFO\r\n', 'INFO:', 'é'])
    await refused(() => dialog.request(method), /is no method/);
  for (const method of ['BYE', 'ACK', 'CANCEL']) await refused(() => dialog.request(method), method);
  await finish(ground, dialog);
});

test('headers that would end a line, or that the stack writes itself, are refused', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const send = (headers: Record<string, string | string[]>) => () => dialog.request('INFO', { headers });
  for (const value of ['a\r\nb', 'a\rb', 'a\nb', 'a\0b']) {
    await refused(send({ 'X-A': value }), /line break or NUL/);
    await refused(send({ 'X-A': ['fine', value] }), /line break or NUL/);
    await refused(() => dialog.request('INFO', { body: 'x', contentType: value }), /line break or NUL/);
  }
  for (const name of ['', 'X A', 'X:', 'X\r\nY', 'é']) await refused(send({ [name]: 'x' }), /no header name/);
  for (const name of [
    'Via',
    'v',
    'FROM',
    't',
    'Call-ID',
    'cseq',
    'Contact',
    'Route',
    'Record-Route',
    'Content-Length',
    'l',
    'Supported',
    'k',
    'Allow',
  ]) {
    await refused(send({ [name]: 'x' }), /writes .* itself/);
  }
  await refused(() => dialog.request('INFO', { body: 'x' }), /contentType/);
  await finish(ground, dialog);
});

test('statuses that an answer cannot have are refused', async () => {
  const checks: Promise<void>[] = [];
  const ground = await bed({
    stack: {
      application: {
        onCall: (call) => {
          for (const status of [99, 100, 200, 486, 180.5]) checks.push(refused(() => call.ring(status), /provisional/));
          for (const status of [180, 200, 299, 700, 400.5])
            checks.push(refused(() => call.refuse(status), /does not refuse/));
          call.refuse(486);
        },
        onRequest: (request) => {
          for (const status of [100, 180, 700, 200.5]) checks.push(refused(() => request.respond(status), /not final/));
          request.respond(200);
        },
      },
    },
  });
  const { dialog, raw } = await call(ground);
  raw.request('INFO');
  RawDialog.toward(ground.hop, ground.nearPort, 'call-2').request('INVITE');
  await ground.clock.run(10);
  assert.is(checks.length, 14);
  await Promise.all(checks);
  await finish(ground, dialog);
});

test('a body is copied at the call: what the program writes into it later is not sent', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const body = new TextEncoder().encode('before');
  ground.note('info', dialog.request('INFO', { body, contentType: 'text/plain' }));
  body.fill(0x78);
  await ground.clock.run(5);
  assert.is(ground.hop.last('INFO').body, 'before');
  await finish(ground, dialog);
});

test.run();
