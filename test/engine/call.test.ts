import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog } from '../../core/index.ts';
import { host, nearOffer, noted, obliging, world } from './world.ts';

const test = suite('A call without hops (RFC 3261 §13, §15)');

test('is set up, carries an INFO, is ended, and leaves nothing behind', async () => {
  const { clock, log, stack, network } = world({ delayMs: 5 });
  const far = await stack('far', 5070, { application: noted(log, obliging), hops: [`sip:${host}:5060`] });
  const near = await stack('near', 5060, { hops: [`sip:${host}:5070`], application: noted(log) });
  let dialog: Dialog | undefined;
  near.invite('sip:bob@10.0.0.1:5070', { body: nearOffer }).then(
    (d) => {
      dialog = d;
      log.push(`${clock.nowMs()} established`);
    },
    (e) => log.push(`failed ${e}`),
  );
  await clock.run(1000);
  console.log(log.join('\n'));
  log.length = 0;
  network.partition({ host, port: 5060 }, { host, port: 5070 });
  await clock.run(10000);
  console.log('---', clock.nowMs());
  network.heal({ host, port: 5060 }, { host, port: 5070 });
  await clock.run(1000);
  assert.ok(dialog);
  dialog?.request('INFO', { contentType: 'text/plain', body: 'hello' }).then(
    (r) => log.push(`info ${r.status}`),
    (e) => log.push(`failed ${e}`),
  );
  await clock.run(1000);
  dialog?.routeStatus().then((s) => console.log(s));
  await clock.run(1000);
  dialog?.bye().then(() => log.push('bye done'));
  await clock.runUntilIdle();
  console.log(log.join('\n'));
  void Promise.all([near.counts(), far.counts()]).then((c) => log.push(JSON.stringify(c)));
  await clock.run(10);
  console.log(log.at(-1));
  await near.destroy();
  await far.destroy();
});

test.run();
