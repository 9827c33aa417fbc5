import { createSocket } from 'node:dgram';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createStack,
  type Dialog,
  type DialogEndedMessage,
  SipError,
  type StackOptions,
  type WarningMessage,
} from '../../core/index.ts';
import { memoryNetwork, type Transport, udp, VirtualClock } from '../../transport/index.ts';
import { anywhere, body, busyShard, codeOf, createEnds, shardOf, until, workers } from './ends.ts';

const test = suite('Shards in workers');

for (const protocol of ['udp', 'tcp'] as const) {
  test(`${protocol}: by one port each dialog finds its shard, whoever called and whoever asks`, async () => {
    const ends = await createEnds(protocol);
    const { near, far, farDialogs } = ends;
    const out = await ends.callOut(60);
    assert.equal(
      [0, 1].map((shard) => out.filter((dialog) => shardOf(dialog) === shard).length),
      [30, 30],
    );
    const back = await ends.callIn(60);
    await until(() => farDialogs.length === 60);
    for (const dialog of [...out, ...farDialogs, ...back]) assert.is((await dialog.request('INFO')).status, 200);
    const counts = await near.counts();
    assert.is(counts.dialogs, 120);
    assert.is(near.locals.length, 1);
    const { receivedRequests, droppedResponses, droppedAcks } = await near.counters();
    assert.ok(receivedRequests >= 60 + 60 + 120, `${receivedRequests}`);
    assert.equal([droppedResponses, droppedAcks, near.shed], [0, 0, 0]);
    assert.equal(await near.close(), { undelivered: 0 });
    assert.is((await far.counts()).dialogs, 0);
    await ends.close();
  });

  test(`${protocol}: with ports of their own nothing has to cross`, async () => {
    const ends = await createEnds(protocol, { perShardPorts: true });
    const { near } = ends;
    assert.is(near.locals.length, 2);
    const out = await ends.callOut(10);
    const back = [...(await ends.callIn(5, 0)), ...(await ends.callIn(5, 1))];
    for (const dialog of [...out, ...back]) assert.is((await dialog.request('INFO')).status, 200);
    assert.is((await near.counts()).dialogs, 20);
    await ends.close();
  });

  test(`${protocol}: a shard that dies takes its dialogs with it and nobody else's, and serves again by the same port`, async () => {
    const ends = await createEnds(protocol);
    const { near, ended } = ends;
    const [port] = near.locals;
    const out = await ends.callOut(20);
    const pending = out.filter((dialog) => shardOf(dialog) === 0).map((dialog) => codeOf(dialog.request('INFO')));
    await ends.kill(0);
    assert.ok((await Promise.all(pending)).every((code) => code === 'ok' || code === 'SIP_SHARD_LOST'));
    await until(() => ended.length === 10);
    const lost = out.filter((dialog) => shardOf(dialog) === 0).map(({ callId }) => `${callId} shard-lost`);
    assert.equal(ended.toSorted(), lost.toSorted());
    for (const dialog of out) {
      const code = await codeOf(dialog.request('INFO'));
      if (shardOf(dialog) === 1) assert.is(code, 'ok');
      else assert.ok(code === 'SIP_SHARD_LOST' || code === 'SIP_DIALOG_ENDED', code);
    }
    // New calls go to who is there, and to both again when the other is back.
    for (let shards = new Set<number>(); shards.size < 2; )
      for (const dialog of await ends.callOut(2)) shards.add(shardOf(dialog));
    assert.equal(near.locals[0], port);
    const back = await ends.callIn(20);
    for (const dialog of back) assert.is((await dialog.request('INFO')).status, 200);
    assert.is(ends.log.filter((line) => line.startsWith('near: Shard 0 was lost')).length, 1);
    await ends.close();
  });
}

test('a shard that is started anew knows the hops of today', async () => {
  const ends = await createEnds('udp');
  const { near, far, uriOf } = ends;
  const elsewhere = await createStack({
    transports: [udp(anywhere)],
    application: { onCall: (call) => call.refuse(603) },
  });
  near.setHops([uriOf(elsewhere).replace('us@', '').replace(';transport=udp', '')]);
  await ends.kill(1);
  const statuses = new Set<string>();
  for (let shards = 0; shards < 4; shards++) {
    await until(() => ends.log.length > 0);
    await near.invite(uriOf(far)).catch((error: Error) => statuses.add(error.message));
  }
  assert.equal([...statuses], ['603 Decline']);
  await elsewhere.destroy();
  await ends.close();
});

test('an application beside its dialogs answers there, and calls from there; the main thread has its own calls', async () => {
  let calledBack = 0;
  const ends = await createEnds(
    'udp',
    { application: new URL('./application-module.js', import.meta.url) },
    {
      onCall: (call) => {
        calledBack++;
        void call.answer({ body });
      },
    },
  );
  const { near, far, uriOf } = ends;
  const back = await ends.callIn(40);
  const numbers = new Set<number>();
  for (const dialog of back) {
    const { headers } = await dialog.request('INFO');
    numbers.add(Number(headers.find(({ name }) => name === 'X-Dialogs')?.value));
  }
  assert.ok(
    [...numbers].every((number) => number > 0 && number < 40),
    `dialogs of each shard: ${[...numbers]}`,
  );
  await back[0]?.request('MESSAGE', { contentType: 'text/plain', body: uriOf(far) });
  await until(() => calledBack === 1);
  const own = await near.invite(uriOf(far), { body });
  assert.is((await own.request('INFO')).status, 200);
  assert.is((await near.counts()).dialogs, 42);
  await own.bye();
  assert.equal(await near.close(), { undelivered: 0 });
  await ends.close();
});

test('with ports of their own a dialog that is taken back goes to the shard whose port its peer knows', async () => {
  const ends = await createEnds('udp', { perShardPorts: true });
  const { near, farDialogs } = ends;
  const out = await ends.callOut(6);
  await until(() => farDialogs.length === 6);
  for (const dialog of out) {
    const record = await dialog.export({ release: true });
    const local = near.locals[shardOf(dialog)];
    assert.is(record.localAddress, `sip:${local?.host}:${local?.port}`);
    assert.is(record.localContact, undefined);
    const again = await near.adopt(JSON.parse(JSON.stringify(record)));
    assert.is(shardOf(again), shardOf(dialog));
    const { localAddress, ...rest } = await again.export({ release: true });
    const contact = `"Us" <${localAddress};ob>;+sip.instance="<urn:uuid:1>"`;
    assert.is(shardOf(await near.adopt({ ...rest, localContact: contact })), shardOf(dialog));
  }
  for (const dialog of farDialogs) assert.is((await dialog.request('INFO')).status, 200);
  assert.is((await near.counts()).dialogs, 6);
  await ends.close();
});

test('with ports of their own a record that does not say which one its peer knows is refused, unless the peer is told another', async () => {
  const ends = await createEnds('udp', { perShardPorts: true });
  const { near, far, farDialogs } = ends;
  for (const dialog of await ends.callOut(4)) {
    await until(() => farDialogs.some(({ callId }) => callId === dialog.callId));
    const { localAddress, ...record } = await dialog.export({ release: true });
    assert.is(await codeOf(near.adopt(record)), 'SIP_USAGE');
    assert.is(await codeOf(near.adopt({ ...record, localContact: 'sip:us@example.com' })), 'SIP_USAGE');
    assert.is(await codeOf(near.adopt({ ...record, routeStatus: 'recovering' })), 'ok');
    const theirs = farDialogs.find(({ callId }) => callId === dialog.callId);
    // It learns the Contact by the heal; until then it is asked to try again, at the port that it knew.
    while ((await codeOf(theirs?.request('INFO') ?? Promise.reject())) !== 'ok') await new Promise(setImmediate);
  }
  const [theirs] = farDialogs;
  assert.ok(theirs);
  const foreign = await theirs.export({ release: true });
  assert.is(foreign.localAddress, ends.uriOf(far).replace('us@', '').replace(';transport=udp', ''));
  assert.is(await codeOf(near.adopt(foreign)), 'ok', 'as a dialog of another stack goes to one without shards');
  await ends.close();
});

for (const perShardPorts of [false, true]) {
  test(`a dialog that the stack has is not adopted once more${perShardPorts ? ', by ports of their own' : ''}`, async () => {
    const ends = await createEnds('udp', { perShardPorts });
    const { near } = ends;
    const out = await ends.callOut(2);
    const addresses = new Set<string | undefined>();
    for (const dialog of out) {
      const { localAddress, ...record } = await dialog.export();
      addresses.add(localAddress);
      for (const at of [...addresses]) {
        const twice = { ...record, ...(at !== undefined && { localAddress: at }) };
        assert.is(await codeOf(near.adopt(twice)), 'SIP_USAGE');
        assert.is(await codeOf(near.adopt({ ...twice, routeStatus: 'recovering' })), 'SIP_USAGE');
      }
      assert.is(await codeOf(near.adopt({ ...record, routeStatus: 'recovering' })), 'SIP_USAGE');
    }
    const [first] = out;
    assert.ok(first);
    const record = await first.export({ release: true });
    const at = [...addresses].map((localAddress) => ({
      ...record,
      ...(localAddress !== undefined && { localAddress }),
    }));
    const codes = await Promise.all([...at, ...at].map((each) => codeOf(near.adopt(each))));
    assert.equal(codes.toSorted(), ['SIP_USAGE', 'SIP_USAGE', 'SIP_USAGE', 'SIP_USAGE', 'ok'].slice(-codes.length));
    assert.is((await near.counts()).dialogs, 2);
    await ends.close();
  });
}

test('an application in a shard adopts its own dialogs there, and no dialog of another shard', async () => {
  for (const perShardPorts of [false, true]) {
    const ends = await createEnds('udp', {
      perShardPorts,
      application: new URL('./application-module.js', import.meta.url),
    });
    const { farDialogs } = ends;
    const askers = await ends.callOut(2);
    await until(() => farDialogs.length === 2);
    for (const asker of askers) {
      const own: string[] = [];
      for (const dialog of await ends.callOut(2)) {
        const record = await dialog.export({ release: true });
        const asking = farDialogs.find(({ callId }) => callId === asker.callId);
        const content = { contentType: 'application/json', body: JSON.stringify(record) };
        const response = await asking?.request('MESSAGE', content);
        const code = response?.headers.find(({ name }) => name === 'X-Code')?.value;
        own.push(`${shardOf(dialog) === shardOf(asker)} ${code}`);
      }
      assert.equal(own.toSorted(), ['false SIP_USAGE', 'true ok']);
    }
    await ends.close();
  }
});

test('an INVITE that replaces a dialog of another shard is asked to try again, and not told that there is none', async () => {
  const ends = await createEnds('udp', { recovery: { replaces: true } });
  const { near } = ends;
  const [local] = near.locals;
  const [dialog] = await ends.callOut(1);
  assert.ok(local && dialog);
  const { callId, localTag, remoteTag } = await dialog.export();
  const stranger = createSocket('udp4');
  const answers = new Map<string, number>();
  stranger.on('message', (message) => {
    const [head = ''] = message.toString().split('\r\n');
    const isLater = message.includes('\r\nRetry-After: ');
    if (!head.includes(' 100 ')) answers.set(`${head.split(' ')[1]}${isLater ? ' later' : ''}`, answers.size);
  });
  for (let number = 0; answers.size < 2; number++) {
    const replaces = `${callId};to-tag=${localTag};from-tag=${remoteTag}`;
    const via = `Via: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK${number}\r\nMax-Forwards: 70\r\n`;
    const parties = `From: <sip:stranger@127.0.0.1>;tag=${number}\r\nTo: <sip:us@127.0.0.1>\r\nCall-ID: replace-${number}\r\n`;
    const rest = `CSeq: 1 INVITE\r\nContact: <sip:127.0.0.1:9>\r\nReplaces: ${replaces}\r\n\r\n`;
    stranger.send(`INVITE sip:us@127.0.0.1 SIP/2.0\r\n${via}${parties}${rest}`, local.port, local.host);
    await once(stranger, 'message');
  }
  assert.equal([...answers.keys()].toSorted(), ['403', '500 later']);
  stranger.close();
  assert.is((await dialog.request('INFO')).status, 200);
  await ends.close();
});

test('an application beside its dialogs knows the hops of today', async () => {
  const ends = await createEnds('udp', { application: new URL('./application-module.js', import.meta.url) });
  const hop = 'sip:192.0.2.1:5060';
  const back = await ends.callIn(20);
  ends.near.setHops([hop]);
  for (let known = 0; known < back.length; ) {
    known = 0;
    for (const dialog of back) {
      const { headers } = await dialog.request('INFO');
      if (headers.some(({ name, value }) => name === 'X-Hops' && value === hop)) known++;
    }
  }
  await ends.close();
});

test('with the application in the shards the main thread hears how its own dialogs end, and of warnings, by channels', async () => {
  const told: string[] = [];
  const note = (message: unknown): void => {
    const { dialog, reason } = message as DialogEndedMessage;
    told.push(`${dialog.callId} ${reason}`);
  };
  const warn = (message: unknown): void => void told.push((message as WarningMessage).message.slice(0, 16));
  const ends = await createEnds('udp', { application: new URL('./application-module.js', import.meta.url) });
  const { near, far, farDialogs } = ends;
  // Dialogs of the far end's stack end in this thread, too.
  const own = await ends.callOut(4);
  await until(() => farDialogs.length === 4);
  await ends.callIn(4);
  subscribe('sipmend:dialog-ended', note);
  subscribe('sipmend:warning', warn);
  const [byFar, byUs, released, kept] = own.toSorted((a, b) => shardOf(a) - shardOf(b));
  assert.ok(byFar && byUs && released && kept);
  await farDialogs.find(({ callId }) => callId === byFar.callId)?.bye();
  await until(() => told.length === 2);
  await byUs.bye();
  await until(() => told.length === 4);
  assert.equal(told, [`${byFar.callId} bye`, `${byFar.callId} bye`, `${byUs.callId} bye`, `${byUs.callId} bye`]);
  await released.export({ release: true });
  await ends.kill(0);
  await ends.kill(1);
  await until(() => told.length === 7);
  assert.equal(
    told.slice(4).toSorted(),
    ['Shard 0 was lost', 'Shard 1 was lost', `${kept.callId} shard-lost`].toSorted(),
  );
  unsubscribe('sipmend:dialog-ended', note);
  unsubscribe('sipmend:warning', warn);
  await near.destroy();
  await far.destroy();
});

test('an application that dies takes its shard alone with it', async () => {
  const ends = await createEnds('udp', { application: new URL('./application-module.js', import.meta.url) });
  const back = await ends.callIn(20);
  const [first] = back;
  assert.ok(first);
  const exited = Promise.race(workers.map((worker) => once(worker, 'exit')));
  const signal = new AbortController();
  const killing = first
    .request('UPDATE', { body: 'v=0\r\ns=another\r\n', signal: signal.signal })
    .catch(() => undefined);
  await exited;
  signal.abort();
  await killing;
  let alive = 0;
  for (const dialog of back) if ((await codeOf(dialog.request('INFO'))) === 'ok') alive++;
  assert.ok(alive > 0 && alive < 20, `${alive} of 20`);
  await ends.close();
});

test('what a shard had counted is not lost when it dies', async () => {
  const ends = await createEnds('udp');
  const { near, far } = ends;
  const out = await ends.callOut(20);
  for (const dialog of out) await dialog.request('INFO');
  await ends.kill(0);
  await until(() => ends.log.length > 0);
  const { receivedResponses, sentRequests, shed } = await near.counters();
  const { sentResponses, receivedRequests } = await far.counters();
  assert.ok(receivedResponses >= 40 && receivedResponses <= sentResponses, `${receivedResponses} of ${sentResponses}`);
  assert.ok(sentRequests >= 60 && sentRequests >= receivedRequests, `${sentRequests}, ${receivedRequests} arrived`);
  assert.is(shed, near.shed);
  const shards = new Set<number>();
  while (shards.size < 2) for (const dialog of await ends.callOut(2)) shards.add(shardOf(dialog));
  const later = await near.counters();
  assert.ok(later.receivedResponses > receivedResponses && later.sentRequests > sentRequests);
  await ends.close();
});

test('what is asked of a busy shard is over at once when its signal aborts, and what others drop meanwhile is told', async () => {
  const ends = await createEnds('udp', { application: new URL('./application-module.js', import.meta.url) });
  const { near, far, uriOf } = ends;
  const dialog = await busyShard(ends);
  const giveUp = new AbortController();
  const { signal } = giveUp;
  const outcomes = [
    codeOf(dialog.request('INFO', { signal })),
    codeOf(dialog.heal({ signal })),
    codeOf(dialog.bye({ signal })),
    ...[0, 1].map(() => codeOf(near.invite(uriOf(far), { body, signal }))),
  ];
  giveUp.abort();
  assert.equal(new Set(await Promise.all(outcomes)), new Set(['SIP_ABORTED']));
  const [local] = near.locals;
  assert.ok(local);
  const stranger = createSocket('udp4');
  for (let number = 0; near.shed === 0; number++) {
    stranger.send(optionsOf(number), local.port, local.host);
    if (number % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  stranger.close();
  await ends.close();
});

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

test('a handle of a shard that died says nothing to what has come in its place', async () => {
  const ends = await createEnds('udp', { shards: 1 });
  const { near, ended } = ends;
  const [old] = await ends.callOut(1);
  assert.ok(old);
  await ends.kill(0);
  await until(() => ended.length === 1);
  for (let young: Dialog[] = []; young.length === 0; young = await ends.callOut(1).catch(() => [])) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const [young] = await ends.callOut(1);
  assert.is.not(young?.id, old.id);
  assert.is(await codeOf(old.bye()), 'SIP_SHARD_LOST');
  assert.is(await codeOf(old.request('INFO')), 'SIP_SHARD_LOST');
  old.relate('group');
  old.reportMedia('dead');
  assert.is((await young?.request('INFO'))?.status, 200);
  assert.is((await near.counts()).dialogs, 2);
  await ends.close();
});

test('shards that die together find each other again', async () => {
  const ends = await createEnds('udp', { shards: 3 });
  await Promise.all([ends.kill(0), ends.kill(1), ends.kill(2)]);
  const shards = new Set<number>();
  while (shards.size < 3) {
    for (const dialog of await ends.callOut(3).catch(() => [])) shards.add(shardOf(dialog));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const back = await ends.callIn(40);
  for (const dialog of back) assert.is((await dialog.request('INFO')).status, 200);
  await ends.close();
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

test('a stack whose shard dies while it closes says how many peers were not told', async () => {
  const ends = await createEnds('udp');
  await ends.callOut(10);
  const closing = ends.near.close();
  await ends.kill(1);
  assert.type((await closing).undelivered, 'number');
  assert.is(await codeOf(ends.near.counts()), 'SIP_CLOSED');
  await ends.close();
});

test('peers of a shard that was down when the stack closed were not told either', async () => {
  const ends = await createEnds('udp');
  await ends.callOut(10);
  const lost = nextLoss();
  await ends.kill(1);
  await lost;
  assert.equal(await ends.near.close(), { undelivered: 5 });
  await ends.close();
});

test('a handler of warnings that throws keeps no shard from being started anew', async () => {
  const holder = createServer();
  const thrown = new Promise((resolve) => process.once('uncaughtException', resolve));
  const ends = await createEnds('tcp', {
    application: {
      onCall: (call) => void call.answer({ body }).catch(() => undefined),
      onWarning: (warning) => {
        if (!warning.includes('could not be')) return;
        holder.close();
        throw new Error(warning);
      },
    },
  });
  const { near, uriOf } = ends;
  const port = near.locals[0]?.port ?? 0;
  const lost = nextLoss();
  await ends.kill(0);
  await lost;
  holder.listen(port, '127.0.0.1');
  assert.match(String(await thrown), 'could not be');
  let status = '';
  while (status !== 'ok') status = await codeOf(ends.far.invite(uriOf(near), { body }));
  await ends.close();
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

/** A request of a stranger's, large enough that a ring is soon full of them. */
function optionsOf(number: number): string {
  const from = `From: <sip:stranger@127.0.0.1>;tag=${number}\r\nCall-ID: stranger-${number}\r\nCSeq: 1 OPTIONS\r\n`;
  const via = `Via: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK${number}\r\nMax-Forwards: 70\r\n`;
  return `OPTIONS sip:us@127.0.0.1 SIP/2.0\r\n${via}${from}To: <sip:us@127.0.0.1>\r\nSubject: ${'.'.repeat(1000)}\r\n\r\n`;
}

function nextLoss(): Promise<void> {
  return new Promise((resolve) => {
    const hear = (): void => {
      unsubscribe('sipmend:shard-lost', hear);
      resolve();
    };
    subscribe('sipmend:shard-lost', hear);
  });
}

test.run();
