import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createStack, SipError, type StackOptions } from '../../core/index.ts';
import { memoryNetwork, type Transport, udp, VirtualClock } from '../../transport/index.ts';
import { anywhere, body, codeOf, until } from './ends.ts';

const test = suite('Shards that are started');

test('a stack that cannot have its port says so, and leaves nothing behind', async () => {
  const holder = await createStack({ transports: [udp(anywhere)] });
  const port = holder.locals[0]?.port ?? 0;
  const refused = createStack({ transports: [udp({ host: '127.0.0.1', port })], shards: 2 });
  assert.is(await codeOf(refused), 'SIP_PORT_IN_USE');
  await holder.destroy();
});

test('a module that exports no application is refused', async () => {
  const application = new URL('./slots.test.js', import.meta.url);
  process.env['UVU_DEFER'] = '1';
  const refused = createStack({
    transports: [udp(anywhere)],
    shards: 1,
    application: new URL('../tap.js', application),
  });
  assert.is(await codeOf(refused), 'SIP_USAGE');
});

test('a function that gives no application is refused, and one of a CommonJS module is taken', async () => {
  for (const [extension, text, code] of [
    ['mjs', 'export const application = () => {};', 'SIP_USAGE'],
    ['mjs', 'export const application = () => 42;', 'SIP_USAGE'],
    ['cjs', 'module.exports = { application: { onCall() {} } };', 'ok'],
    ['cjs', 'exports.application = () => ({});', 'ok'],
  ] as const) {
    const folder = mkdtempSync(join(tmpdir(), 'application-'));
    const file = join(folder, `module.${extension}`);
    writeFileSync(file, text);
    const made = createStack({ transports: [udp(anywhere)], shards: 1, application: pathToFileURL(file) });
    assert.is(await codeOf(made), code, text);
    await made.then(
      (stack) => stack.destroy(),
      () => undefined,
    );
    rmSync(folder, { recursive: true });
  }
});

test('an application that cannot be made is told as what it is', async () => {
  const module = `data:text/javascript,export const application = () => { throw new Error('no licence'); };`;
  const refused = createStack({ transports: [udp(anywhere)], shards: 1, application: new URL(module) });
  const error = await refused.catch((reason: SipError) => reason);
  assert.ok(error instanceof SipError);
  assert.is(error.code, 'SIP_USAGE');
  assert.match(error.message, 'no licence');
});

test('what cannot go to another thread is refused at once', async () => {
  const transports = [udp(anywhere)];
  const network = memoryNetwork({ clock: new VirtualClock(), seed: 1 });
  const refusals: [Partial<StackOptions>, RegExp][] = [
    [{ transports: [network.udp(anywhere) as Transport], shards: 1 }, /transports\[0\]: shards in threads/],
    [{ clock: new VirtualClock(), shards: 1 }, /clock: shards have those of the system/],
    [{ random: (target) => void target.fill(0), shards: 1 }, /random: shards have those of the system/],
    [{ application: new URL('file:///app.js') }, /application: a module is run by shards/],
    [{ perShardPorts: true }, /perShardPorts: there are no shards/],
    [{ shards: 33 }, /shards is a number from 0 to 32/],
    [{ shards: 1.5 }, /shards is a whole number/],
  ];
  for (const [options, says] of refusals) {
    try {
      await createStack({ transports, ...options });
      assert.unreachable(`${says}`);
    } catch (error) {
      assert.is((error as SipError).code, 'SIP_USAGE');
      assert.match((error as SipError).message, says);
    }
  }
});

test('calls that come while other shards are still being opened are told when all are', async () => {
  const holder = await createStack({ transports: [udp(anywhere)] });
  const port = holder.locals[0]?.port ?? 0;
  await holder.destroy();
  const far = await createStack({ transports: [udp(anywhere)] });
  const uri = `sip:us@127.0.0.1:${port}`;
  const stop = new AbortController();
  const calls: Promise<string>[] = [];
  const calling = setInterval(() => calls.push(codeOf(far.invite(uri, { body, signal: stop.signal }))), 5);
  let refused = 0;
  const near = await createStack({
    transports: [udp({ host: '127.0.0.1', port })],
    shards: 3,
    application: {
      onCall: (call) => {
        call.refuse(603);
        refused++;
      },
    },
  });
  await until(() => refused > 3);
  clearInterval(calling);
  stop.abort();
  await Promise.all(calls);
  await near.destroy();
  await far.destroy();
});

test('stacks that cannot have their port leave no worker behind, one after the other', async () => {
  const holder = await createStack({ transports: [udp(anywhere)] });
  const port = holder.locals[0]?.port ?? 0;
  for (let attempt = 0; attempt < 3; attempt++) {
    const refused = createStack({ transports: [udp({ host: '127.0.0.1', port })], shards: 4 });
    assert.is(await codeOf(refused), 'SIP_PORT_IN_USE');
  }
  const beyond = createStack({
    transports: [udp({ host: '127.0.0.1', port: 65_535 })],
    shards: 2,
    perShardPorts: true,
  });
  assert.is(await codeOf(beyond), 'SIP_USAGE');
  await holder.destroy();
});

test("'auto' takes all cores but one", async () => {
  const stack = await createStack({ transports: [udp(anywhere)], shards: 'auto' });
  assert.is((await stack.counts()).dialogs, 0);
  await stack.close();
});

test.run();
