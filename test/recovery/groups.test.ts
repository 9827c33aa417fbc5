import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog, StackOptions } from '../../core/index.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import type { RawDialog } from '../engine/raw-dialog.ts';

const test = suite('Related dialogs ([MS-SIPRE] §3.7.5.3.4)');

const waitForIt = ['P-Dialog-Recovery-Action: Wait-For-Session-Update'];

interface Grouped extends Bed {
  readonly dialogs: readonly Dialog[];
  readonly raws: readonly RawDialog[];
  /** Heals by dialog, in the order of the calls. */
  heals(): number[];
}

/** Calls in these groups; undefined for one of its own. */
async function grouped(groups: readonly (string | undefined)[], stack: Partial<StackOptions> = {}): Promise<Grouped> {
  const ground = await bed({ hops: 1, stack });
  const calls = [];
  for (const group of groups) calls.push(await call(ground, group === undefined ? {} : { group }));
  const dialogs = calls.map(({ dialog }) => dialog);
  const heals = (): number[] =>
    dialogs.map(
      ({ callId }) => ground.hop.requests('UPDATE').filter((request) => request.header('Call-ID') === callId).length,
    );
  return { ...ground, dialogs, raws: calls.map(({ raw }) => raw), heals };
}

/** INFO is answered once with a 430 that says wait. */
function breaksOnce({ hop }: Bed): void {
  let fails = 1;
  hop.script = (request) => {
    if (request.method !== 'INFO' || fails-- <= 0) return false;
    hop.reply(request, 430, { headers: waitForIt });
    return true;
  };
}

test('Q17: when the route of one was mended, the others of its group are healed within a second, and nobody else', async () => {
  const ground = await grouped(['conference', 'conference', 'conference', 'other', undefined]);
  breaksOnce(ground);
  ground.dialogs[0]?.request('INFO').catch(() => undefined);
  await ground.clock.run(1_100);
  assert.equal(ground.heals(), [1, 1, 1, 0, 0]);
  await ground.clock.run(100_000);
  assert.equal(ground.heals(), [1, 1, 1, 0, 0], 'heals that follow lead to no further ones');
  await finish(ground, ...ground.dialogs);
});

test('Q17: others that are broken begin anew; those that healed meanwhile are not healed twice', async () => {
  const ground = await grouped(['a', 'a', 'a']);
  const { hop, clock, dialogs, raws } = ground;
  hop.script = (request) => {
    if (request.method === 'BYE') return false;
    hop.reply(request, 430, { headers: waitForIt });
    return true;
  };
  for (const dialog of dialogs) dialog.request('INFO').catch(() => undefined);
  await clock.run(300_000);
  hop.script = () => false;
  const before = ground.heals();
  for (const raw of raws.slice(0, 2)) {
    raw.request('UPDATE', { headers: ['Supported: ms-dialog-route-set-update', `Record-Route: <${hop.uri};lr>`] });
  }
  await clock.run(1_100);
  assert.equal(
    ground.heals().map((count, index) => count - (before[index] ?? 0)),
    [0, 0, 1],
  );
  for (const dialog of dialogs) assert.is((await ground.take(dialog.routeStatus())).status, 'healthy');
  await finish(ground, ...dialogs);
});

test('Q17: a dialog is in one group at a time, and leaves it when it ends', async () => {
  const ground = await grouped([undefined, undefined, undefined]);
  const { clock, dialogs, take } = ground;
  const [first, second, third] = dialogs;
  first?.relate('a');
  second?.relate('a');
  second?.relate('b');
  third?.relate('a');
  await take(third?.bye() ?? Promise.reject(new Error('no third')));
  breaksOnce(ground);
  first?.request('INFO').catch(() => undefined);
  await clock.run(2_000);
  assert.equal(ground.heals(), [1, 0, 0]);
  await finish(ground, ...dialogs.slice(0, 2));
});

test('Q17: a passive stack heals no others for a heal of the far end’s', async () => {
  const ground = await grouped(['a', 'a'], { recovery: { passive: true } });
  const { clock, dialogs, raws, hop } = ground;
  breaksOnce(ground);
  dialogs[0]?.request('INFO').catch(() => undefined);
  await clock.run(1_000);
  raws[0]?.request('UPDATE', {
    headers: ['Supported: ms-dialog-route-set-update', `Record-Route: <${hop.uri};lr>`],
  });
  await clock.run(5_000);
  assert.equal(ground.heals(), [0, 0]);
  await finish(ground, ...dialogs);
});

test('Q17: the group whose heal fails is healed again when its next one is mended', async () => {
  const ground = await grouped(['a', 'a']);
  const { clock, dialogs, hop, take } = ground;
  let refuse = true;
  hop.script = (request) => {
    const isSecond = request.header('Call-ID') === dialogs[1]?.callId;
    if (request.method !== 'UPDATE' || !isSecond || !refuse) return false;
    hop.reply(request, 488);
    return true;
  };
  await take(dialogs[0]?.heal() ?? Promise.reject(new Error('no first')));
  await clock.run(1_100);
  assert.equal(ground.heals(), [1, 1]);
  refuse = false;
  await take(dialogs[1]?.heal() ?? Promise.reject(new Error('no second')));
  await clock.run(1_100);
  assert.equal(ground.heals(), [2, 2]);
  await finish(ground, ...dialogs);
});

test('Q17: who was healed while nobody else was in the group is healed with those that have joined since', async () => {
  const ground = await bed({ hops: 1 });
  const first = await call(ground, { group: 'a' });
  await ground.take(first.dialog.heal());
  await ground.clock.run(60_000);
  const second = await call(ground, { group: 'a' });
  await ground.take(second.dialog.heal());
  await ground.clock.run(1_100);
  const heals = ground.hop.requests('UPDATE').map((request) => request.header('Call-ID'));
  assert.equal(
    heals,
    [first, second, first].map(({ dialog }) => dialog.callId),
  );
  await finish(ground, first.dialog, second.dialog);
});

test.run();
