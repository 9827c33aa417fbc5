import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bed, call, finish } from '../engine/bed.ts';
import type { RawPeer } from '../engine/raw-peer.ts';
import { host } from '../engine/world.ts';

const test = suite('What a 430 Dialog-Route-Set-Update may not have sent again');

const healIt = ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'];

/** Answers the first request of that method when it comes for the `copy`th time, and all else as a good peer. */
function losesStateAt(peer: RawPeer, method: string, copy: number): void {
  let branch: string | undefined;
  let copies = 0;
  peer.script = (request) => {
    branch ??= request.method === method ? request.header('Via') : undefined;
    if (request.method !== method || request.header('Via') !== branch) return false;
    if (++copies === copy) peer.reply(request, 430, { headers: healIt });
    return true;
  };
}

function sequences(peer: RawPeer, method: string): number {
  return new Set(peer.requests(method).map(({ cseq }) => cseq)).size;
}

test('an INFO that was repeated may have arrived: it fails with the 430, then the route is broken, then it heals', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop } = ground;
  losesStateAt(hop, 'INFO', 2);
  ground.note('info', dialog.request('INFO'));
  await ground.clock.run(600);
  assert.equal(ground.seen(), ['info failed 430 intermediary', 'recovering', 'healthy']);
  await ground.clock.run(60_000);
  assert.is(sequences(hop, 'INFO'), 1);
  assert.is(sequences(hop, 'UPDATE'), 1);
  assert.is((await ground.take(ground.near.counts())).healedRequests, 0);
  await finish(ground, dialog);
});

for (const protocol of ['udp', 'tcp'] as const) {
  test(`an INFO is sent again when the 430 comes before T1, and not from T1 on, over ${protocol}: a hop further on may repeat it`, async () => {
    for (const [atMs, outcome] of [
      [498, ['info 200']],
      [499, ['info 200']],
      [500, ['info failed 430 intermediary', 'recovering', 'healthy']],
      [501, ['info failed 430 intermediary', 'recovering', 'healthy']],
    ] as const) {
      const ground = await bed({ hops: 1, protocol });
      const { dialog } = await call(ground);
      const { hop, clock } = ground;
      hop.script = ({ method }) => method === 'INFO';
      ground.note('info', dialog.request('INFO'));
      const fromMs = clock.nowMs();
      await clock.run(atMs - 1); // the answer takes 1 ms
      assert.is(clock.nowMs(), fromMs + atMs - 1);
      hop.script = () => false;
      hop.reply(hop.last('INFO'), 430, { headers: healIt });
      await clock.run(100);
      assert.equal(ground.seen(), [...outcome], `${atMs} ms`);
      assert.is(sequences(hop, 'INFO'), outcome.length === 1 ? 2 : 1);
      await finish(ground, dialog);
    }
  });
}

test('an INFO is not sent again for a 430 by another flow than its own: a stranger who has seen it go by may say so', async () => {
  for (const protocol of ['udp', 'tcp'] as const) {
    const ground = await bed({ hops: 1, protocol });
    const { dialog } = await call(ground);
    const { hop, other, clock } = ground;
    hop.script = ({ method }) => method === 'INFO';
    ground.note('info', dialog.request('INFO'));
    await clock.run(3);
    other.reply({ ...hop.last('INFO'), port: ground.nearPort }, 430, { headers: healIt });
    await clock.run(100);
    assert.equal(ground.seen(), ['info failed 430 intermediary', 'recovering', 'healthy'], protocol);
    assert.is(sequences(hop, 'INFO'), 1);
    hop.script = () => false;
    await finish(ground, dialog);
  }
});

test('an UPDATE and an OPTIONS do no harm when they are carried out twice: they are sent again', async () => {
  for (const method of ['UPDATE', 'OPTIONS']) {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    const { hop } = ground;
    losesStateAt(hop, method, 2);
    ground.note('request', dialog.request(method));
    await ground.clock.run(600);
    assert.equal(ground.seen(), ['request 200'], method);
    assert.is((await ground.take(ground.near.counts())).healedRequests, 1);
    await finish(ground, dialog);
  }
});

test('a heal whose 200 has no usable Record-Route is none: the INFO fails with its 430, never with a 200', async () => {
  for (const [what, recordRoute] of [
    ['a strict router', [`<sip:${host}:5070>`]],
    ['31 URIs', Array.from({ length: 31 }, () => `<sip:${host}:5070;lr>`)],
  ] as const) {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    const { hop, clock } = ground;
    const usable = hop.recordRoute;
    losesStateAt(hop, 'INFO', 1);
    hop.recordRoute = recordRoute;
    ground.note('info', dialog.request('INFO'));
    await clock.run(50);
    assert.equal(ground.seen(), ['info failed 430 intermediary', 'recovering'], what);
    const { status } = await ground.take(dialog.routeStatus());
    assert.is(status, 'recovering', what);
    hop.recordRoute = usable;
    await clock.run(3000);
    assert.equal(ground.seen().slice(2), ['healthy'], what);
    assert.is(sequences(hop, 'INFO'), 1);
    await finish(ground, dialog);
  }
});

test.run();
