import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog, RecoveryMode } from '../../core/index.ts';
import { needs } from '../skip.ts';
import { description, type End, host, openEnd } from './end.ts';
import { type Kamailio, startKamailio } from './kamailio.ts';
import { freePorts } from './ports.ts';

const test = suite('A call through two Kamailio proxies, the first of which is killed');
const kamailioTest = needs(test, 'kamailio');

/** A call between two ends through the first of two proxies; then that one is killed. */
async function brokenCall(
  second: 'edge' | 'stock',
  farMode: RecoveryMode,
  act: (cast: Cast) => Promise<void>,
): Promise<void> {
  const ports = await freePorts('first', 'second');
  const proxies: Kamailio[] = [];
  const ends: End[] = [];
  try {
    proxies.push(await startKamailio({ config: 'edge', port: ports.first }));
    proxies.push(await startKamailio({ config: second, port: ports.second }));
    const firstHop = `sip:${host}:${ports.first}`;
    const hops = [firstHop, `sip:${host}:${ports.second}`];
    const near = await openEnd([firstHop]);
    const far = await openEnd([firstHop], { mode: farMode });
    ends.push(near, far);
    const farPort = far.stack.locals[0]?.port ?? 0;
    const dialog = await near.stack.invite(`sip:bob@${host}:${farPort}`, {
      body: description,
      signal: AbortSignal.timeout(10_000),
    });
    await far.sees('answered');
    const [farDialog] = far.answered;
    if (farDialog === undefined) throw new Error('no dialog at the far end');
    for (const { stack } of ends) stack.setHops(hops);
    await proxies[0]?.kill();
    await act({ near, far, dialog, farDialog });
  } finally {
    await Promise.all(ends.map(({ stack }) => stack.destroy()));
    await Promise.all(proxies.map((proxy) => proxy.kill()));
  }
}

interface Cast {
  readonly near: End;
  readonly far: End;
  readonly dialog: Dialog;
  readonly farDialog: Dialog;
}

kamailioTest('it survives, heals through the second, carries an INFO each way, and is ended by a BYE through it', () =>
  brokenCall('edge', 'maximum', async ({ near, far, dialog, farDialog }) => {
    await Promise.race([near.sees('healthy'), far.sees('healthy')]);
    assert.is((await dialog.request('INFO')).status, 200);
    await far.sees('request INFO');
    assert.is((await farDialog.request('INFO')).status, 200);
    await near.sees('request INFO');
    await dialog.bye();
    await far.sees('ended remote bye');
  }),
);

kamailioTest(
  "by a proxy of the stock configuration's logic our direction heals, and the event says that the peer's does not",
  () =>
    brokenCall('stock', 'none', async ({ near, far, dialog, farDialog }) => {
      await near.sees('recovering');
      await near.sees('healthy');
      assert.is(near.statuses.at(-1)?.healedBy, 'local');
      assert.is(near.statuses.at(-1)?.peerRouteRefreshed, false);
      assert.is((await dialog.request('INFO')).status, 200);
      await far.sees('request INFO');
      const failed = await farDialog.request('INFO').then(
        () => undefined,
        (error) => error.message,
      );
      assert.is(failed, '503 Service Unavailable');
      await dialog.bye();
      await far.sees('ended remote bye');
    }),
);

test.run();
