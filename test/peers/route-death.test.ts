import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createStack, type Dialog, type RecoveryMode, type RouteStatus, type Stack } from '../../core/index.ts';
import { udp } from '../../transport/index.ts';
import { needs } from '../skip.ts';
import { type Kamailio, startKamailio } from './kamailio.ts';
import { freePorts } from './ports.ts';

const test = suite('A call through two Kamailio proxies, the first of which is killed');
const kamailioTest = needs(test, 'kamailio');

const host = '127.0.0.1';

/** One end of the call, and what it sees. */
interface End {
  readonly stack: Stack;
  readonly seen: string[];
  readonly statuses: RouteStatus[];
  /** The dialogs that it answered into. */
  readonly answered: Dialog[];
  /** Resolves when `seen` holds this. */
  sees(what: string): Promise<void>;
}

async function end(hops: readonly string[], mode: RecoveryMode): Promise<End> {
  const seen: string[] = [];
  const statuses: RouteStatus[] = [];
  const answered: Dialog[] = [];
  let wake = (): void => {};
  const note = (what: string): void => {
    seen.push(what);
    wake();
  };
  const stack = await createStack({
    transports: [udp({ host, port: 0 })],
    hops,
    recovery: { mode },
    application: {
      onCall: (call) =>
        void call.answer({ body: description }).then((dialog) => {
          answered.push(dialog);
          note('answered');
        }),
      onRequest: (request) => {
        request.respond(200);
        note(`request ${request.method}`);
      },
      onRouteStatus: (_dialog, routeStatus) => {
        statuses.push(routeStatus);
        note(routeStatus.status);
      },
      onEnded: (_dialog, by, reason) => note(`ended ${by} ${reason}`),
    },
  });
  const sees = async (what: string): Promise<void> => {
    const guard = AbortSignal.timeout(20_000);
    guard.addEventListener('abort', () => wake(), { once: true });
    while (!seen.includes(what)) {
      assert.not(guard.aborted, `'${what}' among: ${seen.join(', ')}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { stack, seen, statuses, answered, sees };
}

const description = `v=0\r\no=- 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n`;

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
    const near = await end([firstHop], 'maximum');
    const far = await end([firstHop], farMode);
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
