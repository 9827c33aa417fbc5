import { createServer } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createStack, type Dialog } from '../../core/index.ts';
import { udp } from '../../transport/index.ts';
import { anywhere, body, codeOf, createEnds, nextLoss, shardOf, until, workers } from './ends.ts';

const test = suite('Shards that die');

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

test('a thread that dies is replaced by one, and by none that nobody uses', async () => {
  const ends = await createEnds('udp', { shards: 3 });
  assert.is(workers.length, 3);
  for (const shard of [0, 1, 2]) {
    await ends.kill(shard);
    const shards = new Set<number>();
    while (shards.size < 3) {
      for (const dialog of await ends.callOut(3).catch(() => [])) shards.add(shardOf(dialog));
      await new Promise(setImmediate);
    }
  }
  assert.is(workers.length, 6);
  await ends.close();
});

test('a shard that is never done with its beginning keeps no other from its own, nor the stack from being destroyed', async () => {
  const module = `if (process.env.NEVER) await new Promise(() => {}); export const application = {};`;
  const ends = await createEnds('udp', { application: new URL(`data:text/javascript,${module}`) });
  process.env['NEVER'] = '1';
  const begun = new Promise((resolve) => process.once('worker', resolve));
  await ends.kill(0);
  await begun;
  delete process.env['NEVER'];
  await ends.kill(1);
  let code = '';
  while (code !== 'ok') {
    code = await codeOf(ends.near.invite(ends.uriOf(ends.far), { body }));
    await new Promise(setImmediate);
  }
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

test.run();
