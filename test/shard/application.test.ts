import { createSocket } from 'node:dgram';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DialogEndedMessage, WarningMessage } from '../../core/index.ts';
import { body, busyShard, codeOf, createEnds, nextLoss, shardOf, until, workers } from './ends.ts';

const test = suite('Applications beside their dialogs');

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

test('a handler may throw whatever it likes: its shard is lost at once, and the warning says of what', async () => {
  for (const [thrown, reason] of [
    ['null', 'null'],
    ['undefined', 'undefined'],
    ["'text'", "'text'"],
    ['new Error(`no licence`)', 'no licence'],
  ] as const) {
    const module = `export const application = { onCall: () => { throw ${thrown}; } };`;
    const ends = await createEnds('udp', { shards: 1, application: new URL(`data:text/javascript,${module}`) });
    const lost = nextLoss();
    const calling = codeOf(ends.far.invite(ends.uriOf(ends.near), { body }));
    assert.equal(await lost, { shard: 0, reason });
    await ends.close();
    await calling;
  }
});

test('when it is closed, peers of a shard that has died are counted as not told', async () => {
  const ends = await createEnds('udp', { application: new URL('./application-module.js', import.meta.url) });
  await ends.callIn(20);
  const lost = nextLoss();
  await ends.kill(1);
  await lost;
  const { undelivered = 0 } = await ends.near.close();
  assert.ok(undelivered > 0 && undelivered < 20, `${undelivered}`);
  assert.is((await ends.far.counts()).dialogs, undelivered);
  await ends.close();
});

test('in a shard that is started anew an application sees the hops of today from the first', async () => {
  const look = `const see = () => { try { tell.postMessage(stack.hops[0].uri); } catch { setImmediate(see); } }; see();`;
  const module = `export const application = (stack) => { const tell = new BroadcastChannel('hops'); tell.unref(); ${look} return {}; };`;
  const hops = ['sip:192.0.2.1:5060', 'sip:192.0.2.2:5060'];
  const seen: string[] = [];
  const channel = new BroadcastChannel('hops');
  channel.onmessage = ({ data }) => void seen.push(data);
  const application = new URL(`data:text/javascript,${encodeURIComponent(module)}`);
  const ends = await createEnds('udp', { shards: 1, application, hops: hops.slice(0, 1) });
  await until(() => seen.length === 1);
  ends.near.setHops(hops.slice(1));
  await ends.kill(0);
  await until(() => seen.length === 2);
  assert.equal(seen, hops);
  channel.close();
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
    stranger.send(messageOf(number), local.port, local.host);
    if (number % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  stranger.close();
  await ends.close();
});

/** A request of a stranger's, large enough that a ring is soon full of them. */
function messageOf(number: number): string {
  const from = `From: <sip:stranger@127.0.0.1>;tag=${number}\r\nCall-ID: stranger-${number}\r\nCSeq: 1 MESSAGE\r\n`;
  const via = `Via: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK${number}\r\nMax-Forwards: 70\r\n`;
  return `MESSAGE sip:us@127.0.0.1 SIP/2.0\r\n${via}${from}To: <sip:us@127.0.0.1>\r\nSubject: ${'.'.repeat(1000)}\r\n\r\n`;
}

test.run();
