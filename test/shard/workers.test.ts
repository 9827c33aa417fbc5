import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, createEnds, shardOf, until } from './ends.ts';

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

test.run();
