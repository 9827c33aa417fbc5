import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bed, call, finish } from '../engine/bed.ts';

const test = suite('Peers with and without Session Dialog Resiliency');

test('Q16: the route status says whether the peer takes new routes; ours is healed either way', async () => {
  for (const supports of [true, false]) {
    const ground = await bed({ hops: 1 });
    const { hop, take } = ground;
    hop.capabilities = [
      'Allow: INVITE, ACK, BYE, CANCEL, UPDATE',
      `Supported: timer${supports ? ', MS-Dialog-Route-Set-Update' : ''}`,
    ];
    const { dialog } = await call(ground);
    assert.is((await take(dialog.routeStatus())).peerSupportsRecovery, supports);
    const { status, peerRouteRefreshed } = await take(dialog.heal());
    assert.equal([status, peerRouteRefreshed], ['healthy', supports]);
    await finish(ground, dialog);
  }
});

test('Q16: what a peer says in a later refresh counts', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog, raw } = await call(ground);
  raw.request('UPDATE', { headers: ['Supported: timer'] });
  await ground.clock.run(10);
  assert.is((await ground.take(dialog.routeStatus())).peerSupportsRecovery, false);
  await finish(ground, dialog);
});

test.run();
