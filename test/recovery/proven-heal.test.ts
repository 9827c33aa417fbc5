import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createEdge, type EdgeHost } from '../../core/create-edge.ts';
import type { Dialog, StackOptions } from '../../core/index.ts';
import { farAnswer, host, nearOffer, noted, type World, world } from '../engine/world.ts';

const test = suite('A heal of the far end by a hop that is not listed here');

const challenge = { realm: 'near.example', users: { far: 'secret' } };

/** A call from near to far by edge 5070. Far has edge 5080 as well; near has not, and leaves it to far to heal. */
async function ground(options: { readonly near?: object; readonly far?: Partial<StackOptions> }) {
  const made: World = world();
  const log: string[] = [];
  let atFar: Dialog | undefined;
  const edges: EdgeHost[] = [];
  for (const port of [5070, 5080]) {
    made.name(port, port === 5070 ? 'edge' : 'second');
    edges.push(
      await createEdge({
        transports: [made.network.udp({ host, port })],
        clients: [host],
        clock: made.clock,
        random: made.random(port),
      }),
    );
  }
  const near = await made.stack('near', 5060, {
    hops: [`sip:${host}:5070`],
    recovery: { passive: true, ...options.near },
    application: noted(log),
  });
  await made.stack('far', 5061, {
    hops: [`sip:${host}:5080`],
    application: { onCall: (call) => void call.answer({ body: farAnswer }).then((dialog) => (atFar = dialog)) },
    ...options.far,
  });
  await made.clock.run(10);
  const dialog = await made.take(near.invite(`sip:bob@${host}:5061`, { body: nearOffer }));
  await made.clock.run(20);
  if (atFar === undefined) throw new Error('far has no dialog');
  made.network.partition({ host, port: 5060 }, { host, port: 5070 });
  await made.clock.run(3000);
  assert.equal(log, ['recovering']);
  made.log.length = 0;
  const end = async (): Promise<void> => {
    await made.take(dialog.bye());
    await Promise.all(edges.map((edge) => edge.close()));
    await made.rest();
  };
  return { ...made, near, dialog, atFar: atFar as Dialog, seenByNear: log, end };
}

const ladder = (log: readonly string[]): string[] => log.filter((line) => line.includes('UPDATE'));

test('Q5: with credentials for our challenge it heals: one more round trip, and the route is by that hop', async () => {
  const bed = await ground({
    near: { challenge },
    far: { credentials: [{ realm: 'near.example', username: 'far', password: 'secret' }] },
  });
  const status = await bed.take(bed.atFar.heal());
  assert.equal([status.status, status.healedBy], ['healthy', 'local']);
  assert.equal(ladder(bed.log), [
    'far > second UPDATE',
    'second > near UPDATE',
    'near > second 401 UPDATE',
    'second > far 401 UPDATE',
    'far > second UPDATE',
    'second > near UPDATE',
    'near > second 200 UPDATE',
    'second > far 200 UPDATE',
  ]);
  assert.equal(bed.seenByNear, ['recovering', 'healthy']);
  bed.log.length = 0;
  await bed.take(bed.dialog.request('INFO'));
  assert.equal(bed.log.slice(0, 2), ['near > second INFO', 'second > far INFO']);
  await bed.end();
});

test('Q5: without them near’s route stays as it is, whatever far believes', async () => {
  for (const far of [{}, { credentials: [{ username: 'far', password: 'guessed' }] }]) {
    const bed = await ground({ near: { challenge }, far });
    const failed = await bed.take(
      bed.atFar.heal().then(
        () => '',
        (error: Error) => error.message,
      ),
    );
    assert.is(failed, '401 Unauthorized');
    assert.equal(bed.seenByNear, ['recovering']);
    bed.network.heal({ host, port: 5060 }, { host, port: 5070 });
    await bed.clock.run(100_000);
    assert.is((await bed.take(bed.dialog.heal())).healedBy, 'local');
    await bed.end();
  }
});

test('Q5: without a challenge near answers by RFC 3261: far has its route, near keeps the broken one', async () => {
  const bed = await ground({});
  assert.is((await bed.take(bed.atFar.heal())).status, 'healthy');
  assert.equal(bed.seenByNear, ['recovering']);
  bed.network.heal({ host, port: 5060 }, { host, port: 5070 });
  await bed.take(bed.dialog.heal());
  await bed.end();
});

test.run();
