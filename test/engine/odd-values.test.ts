import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createEdge,
  createStack,
  type Dialog,
  type DialogRecord,
  type IncomingCall,
  type IncomingRequest,
  type InviteOptions,
  SipError,
  UsageError,
} from '../../core/index.ts';
import { memoryNetwork, type Transport, TransportError, tcp, udp } from '../../transport/index.ts';
import { bed, call, finish } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import { host, nearOffer } from './world.ts';

const test = suite('What programs without types may give');

class Odd {
  toString(): string {
    throw new Error('asked for its text');
  }
}

/** A value of each kind; none of them is what anything here is called with. */
const odd: readonly unknown[] = [
  null,
  Number.NaN,
  -1,
  5,
  10n,
  '',
  'x',
  '\r\n',
  true,
  Symbol('s'),
  [],
  [null],
  [Symbol('s')],
  {},
  { x: 1 },
  Object.create(null),
  new Odd(),
  () => undefined,
  new Map(),
  new Date(0),
];

type Loose = (value: unknown) => unknown;

/** Calls with each odd value: whatever is not taken is a usage error, and no other. Gives how many were not taken. */
async function eachOdd(what: string, attempt: Loose): Promise<number> {
  let refusals = 0;
  for (const [index, value] of odd.entries()) {
    const soon = new Promise<void>((resolve) => void setImmediate(resolve));
    try {
      const given = attempt(value);
      if (given instanceof Promise) given.catch(() => undefined);
      await Promise.race([given, soon]);
    } catch (error) {
      const code = error instanceof SipError || error instanceof TransportError ? error.code : undefined;
      assert.ok(code !== undefined, `${what} with odd value ${index}: ${error}`);
      if (code === 'SIP_USAGE') refusals++;
    }
  }
  return refusals;
}

/** The same for each option of a call, and for the options as a whole. */
async function eachOption(
  what: string,
  names: readonly string[],
  attempt: (options: object) => unknown,
): Promise<void> {
  for (const name of names) {
    const refusals = await eachOdd(`${what}.${name}`, (value) => attempt({ [name]: value }));
    assert.ok(refusals > 0, `${what}.${name} takes everything`);
  }
  await eachOdd(what, attempt as Loose);
}

test('createStack: each option, and each option of an option', async () => {
  const ground = await bed();
  let port = 10_000;
  const attempt = async (options: object): Promise<void> => {
    const transports = [ground.network.udp({ host, port: port++ })];
    const stack = await createStack({ transports, clock: ground.clock, ...options } as never);
    await stack.destroy();
  };
  await eachOption(
    'createStack',
    ['transports', 'hops', 'application', 'recovery', 'credentials', 'sessionTimer', 'timers', 'limits', 'clock'],
    attempt,
  );
  await eachOdd('createStack.random', (random) => attempt({ random }));
  const nested: Readonly<Record<string, readonly string[]>> = {
    application: [
      'onCall',
      'onRequest',
      'onRouteStatus',
      'onSessionChanged',
      'onEnded',
      'onWarning',
      'refreshRegistration',
      'relocateMedia',
    ],
    recovery: [
      'mode',
      'routeSet',
      'passive',
      'probeIntervalMs',
      'deadlineMs',
      'mediaTimeoutMs',
      'replaces',
      'schedule',
      'waitCapMs',
      'allowDirect',
      'healingRoute',
      'trust',
      'challenge',
    ],
    sessionTimer: ['intervalS'],
    timers: ['t1Ms', 't2Ms', 't4Ms'],
    limits: ['dialogs', 'transactions'],
  };
  for (const [group, names] of Object.entries(nested))
    await eachOption(`createStack.${group}`, names, (options) => attempt({ [group]: options }));
  await eachOption('hops', ['uri'], (hop) => attempt({ hops: [hop] }));
  await eachOption('hops.weight', ['weight'], (hop) => attempt({ hops: [{ uri: 'sip:10.0.0.1', ...hop }] }));
  await eachOption('credentials', ['realm', 'username', 'password'], (options) =>
    attempt({ credentials: [{ username: 'bob', password: 'x', ...options }] }),
  );
  await eachOption('challenge', ['realm', 'users'], (options) =>
    attempt({ recovery: { challenge: { realm: 'r', users: {}, ...options } } }),
  );
  await eachOdd('users', (password) => attempt({ recovery: { challenge: { realm: 'r', users: { bob: password } } } }));
  await eachOdd('transports', (transport) => attempt({ transports: [transport] }));
  await ground.rest();
});

test('createEdge and what it gives', async () => {
  const ground = await bed();
  let port = 11_000;
  const attempt = async (options: object): Promise<void> => {
    const transports = [ground.network.udp({ host, port: port++ })];
    const edge = await createEdge({ transports, clients: [], clock: ground.clock, ...options } as never);
    await edge.close();
  };
  const names = ['transports', 'clients', 'defaultTarget', 'onEvent', 'onWarning', 'clock', 'random'];
  await eachOption('createEdge', names, attempt);
  await eachOdd('clients', (client) => attempt({ clients: [client] }));
  const edge = await createEdge({
    transports: [ground.network.udp({ host, port: 11_999 })],
    clients: [],
    clock: ground.clock,
  });
  for (const name of ['setClients', 'loseFlow', 'loseRegistration', 'restoreRegistration'] as const)
    assert.ok((await eachOdd(name, (value) => edge[name](value as never))) > 10, name);
  await edge.close();
  await ground.rest();
});

test('udp(), tcp() and the network in memory', async () => {
  const { clock } = await bed();
  assert.is(await eachOdd('memoryNetwork', (options) => memoryNetwork(options as never)), odd.length);
  await eachOption('memoryNetwork', ['clock', 'seed'], (options) => memoryNetwork({ clock, seed: 1, ...options }));
  const network = memoryNetwork({ clock, seed: 1 });
  const makers: Readonly<Record<string, (options: never) => Transport>> = {
    udp,
    tcp,
    'network.udp': (options) => network.udp(options),
    'network.tcp': (options) => network.tcp(options),
  };
  for (const [name, make] of Object.entries(makers)) {
    await eachOption(name, ['host', 'port'], (options) => make({ host: '127.0.0.1', port: 0, ...options } as never));
    assert.is(await eachOdd(name, (options) => make(options as never)), odd.length, name);
  }
  for (const name of ['receiveBufferSize', 'sendBufferSize'])
    assert.ok(await eachOdd(name, (size) => udp({ host: '127.0.0.1', port: 0, [name]: size } as never)));
});

const contentNames = ['headers', 'contentType', 'body'];

test('invite, setHops, adopt and close', async () => {
  const ground = await bed();
  const { near, clock } = ground;
  const target = `sip:bob@${host}:5070`;
  const invite = (options: object): Promise<Dialog> =>
    near.invite(target, { body: nearOffer, contentType: 'application/sdp', ...options } as InviteOptions);
  assert.is(await eachOdd('invite', (value) => near.invite(value as never)), odd.length);
  await eachOption(
    'invite',
    [...contentNames, 'from', 'signal', 'onProvisional', 'onFork', 'group', 'expiresS', 'answerOffer'],
    invite,
  );
  for (const group of ['x'.repeat(1025), '\ud800'])
    assert.is(await eachOdd('group', () => invite({ group })), odd.length, 'no record could carry it');
  for (const name of ['X-A', 'Subject']) await eachOdd('headers', (value) => invite({ headers: { [name]: value } }));
  assert.ok((await eachOdd('setHops', (value) => near.setHops(value as never))) > 10);
  assert.ok((await eachOdd('setHops', (value) => near.setHops([value] as never))) > 10);
  assert.is(await eachOdd('adopt', (value) => near.adopt(value as DialogRecord)), odd.length);
  assert.ok(await eachOdd('close', (signal) => assertRefused(() => near.close({ signal } as never))));
  near.setHops([]);
  await clock.run(50);
  await ground.take(near.close());
  await ground.clock.runUntilIdle();
});

/** `close` with what it takes would close the stack under the test. */
function assertRefused(attempt: () => unknown): void {
  try {
    attempt();
  } catch (error) {
    assert.instance(error, UsageError);
    throw error;
  }
}

test('a dialog, a call that comes in, and a request inside it', async () => {
  const calls: IncomingCall[] = [];
  const requests: IncomingRequest[] = [];
  const application = {
    onCall: (call: IncomingCall) => void calls.push(call),
    onRequest: (request: IncomingRequest) => void requests.push(request),
  };
  const ground = await bed({ stack: { application } });
  const { clock, take, hop, nearPort } = ground;
  const { dialog, raw } = await call(ground);
  assert.ok((await eachOdd('request', (value) => dialog.request(value as never))) > 15);
  await eachOption('request', [...contentNames, 'signal', 'confirmWithRemote'], (options) =>
    dialog.request('INFO', options),
  );
  await eachOption('heal', ['signal'], (options) => dialog.heal(options));
  assert.ok((await eachOdd('relate', (value) => dialog.relate(value as never))) > 15);
  assert.is(await eachOdd('reportMedia', (value) => dialog.reportMedia(value as never)), odd.length);
  await eachOption('export', ['release'], (options: { release?: unknown }) =>
    dialog.export(options?.release === true ? {} : (options as { release?: boolean })),
  );
  raw.request('INFO');
  RawDialog.toward(hop, nearPort, 'call-2').request('INVITE');
  await clock.run(10);
  const [incoming] = calls;
  const [request] = requests;
  if (incoming === undefined || request === undefined) throw new Error('they have not come');
  assert.is(await eachOdd('ring', (value) => incoming.ring(value as never)), odd.length);
  assert.is(await eachOdd('refuse', (value) => incoming.refuse(value as never)), odd.length);
  assert.is(await eachOdd('respond', (value) => request.respond(value as never)), odd.length);
  assert.ok((await eachOdd('relate', (value) => dialog.relate(value as never))) > 10);
  assert.is(await eachOdd('reportMedia', (value) => dialog.reportMedia(value as never)), odd.length);
  await eachOption('ring', [...contentNames, 'reliable'], (options) => incoming.ring(180, options));
  await eachOption('answer', contentNames, (options) => incoming.answer({ body: 5 as never, ...options }));
  await eachOption('refuse', contentNames, (options) => incoming.refuse(486, { body: 5 as never, ...options }));
  await eachOption('respond', contentNames, (options) => request.respond(200, { body: 5 as never, ...options }));
  request.respond(200);
  incoming.refuse(486);
  await clock.run(100);
  await eachOption('bye', ['signal'], (options) => dialog.bye({ signal: 5 as never, ...options }));
  await take(dialog.request('INFO'));
  await finish(ground, dialog);
});

test('the error tells what is wrong, and what there is', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const messages: string[] = [];
  for (const attempt of [
    () => dialog.request('INFO', { bodyy: 'x' } as never),
    () => dialog.request('INFO', { headers: { 'X-A': 5 } } as never),
    () => dialog.request('INFO', { contentType: '', body: 'x' }),
    () => dialog.request(5 as never),
    () => ground.near.invite({} as never),
    () => ground.near.close({ signal: 5 } as never),
  ]) {
    try {
      await attempt();
    } catch (error) {
      assert.instance(error, UsageError);
      messages.push((error as UsageError).message);
    }
  }
  assert.equal(messages, [
    'There is no option request(): bodyy. There are: headers, contentType, body, signal, confirmWithRemote.',
    'The value of X-A is a text, not 5.',
    "contentType: '' is no media type, such as application/sdp (RFC 3261 §20.15).",
    '5 is no method (RFC 3261 §25.1).',
    'an object is no SIP URI.',
    'signal is an AbortSignal, not 5.',
  ]);
  await finish(ground, dialog);
});

test.run();
