import { subscribe } from 'node:diagnostics_channel';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DialogEndedMessage, ShardLostMessage } from '../../core/index.ts';
import { busyShard, codeOf, createEnds, shardOf, until } from './ends.ts';

const test = suite('A shard that is busy for ever');

test('is ended and begun anew like one that died, and takes nobody else with it', async () => {
  const lost: ShardLostMessage[] = [];
  const ended: string[] = [];
  const isLost = new Promise<void>((resolve) => {
    subscribe('sipmend:shard-lost', (message) => {
      lost.push(message as ShardLostMessage);
      resolve();
    });
  });
  subscribe('sipmend:dialog-ended', (message) => {
    const { dialog, reason } = message as DialogEndedMessage;
    ended.push(`${dialog.callId} ${reason}`);
  });
  const ends = await createEnds('udp', { application: new URL('./application-module.js', import.meta.url) });
  const { near } = ends;
  const dialog = await busyShard(ends);
  const [other] = await ends.callOut(1);
  assert.ok(other);
  assert.is(shardOf(other), 1);
  const asked = codeOf(dialog.request('INFO'));
  await isLost;
  assert.equal(lost, [{ shard: 0, reason: 'its thread has not turned for 30 s' }]);
  assert.is(await asked, 'SIP_SHARD_LOST');
  await until(() => ended.length > 0);
  assert.equal(ended, [`${dialog.callId} shard-lost`]);
  assert.is((await other.request('INFO')).status, 200);
  const { receivedResponses } = await near.counters();
  assert.ok(receivedResponses >= 2, `${receivedResponses}`);
  const shards = new Set<number>();
  while (shards.size < 2) for (const young of await ends.callOut(2)) shards.add(shardOf(young));
  const back = await ends.callIn(20);
  for (const each of back) assert.is((await each.request('INFO')).status, 200);
  assert.is(lost.length, 1);
  await ends.close();
});

test.run();
