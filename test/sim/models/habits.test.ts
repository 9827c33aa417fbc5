import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog as OurDialog, StackOptions } from '../../../core/index.ts';
import { nearOffer } from '../../engine/world.ts';
import type { Habit } from '../plan.ts';
import type { StrictEndpointOptions } from './agent.ts';
import { modelCredentials } from './challenger.ts';
import type { Dialog } from './dialog.ts';
import { Ground, host, onlyDialog } from './ground.ts';
import { type Ours, ours } from './ours.ts';
import type { StrictEndpoint } from './strict-endpoint.ts';

const test = suite('habits of a strict endpoint');

interface Scene {
  readonly ground: Ground;
  readonly our: Ours;
  readonly model: StrictEndpoint;
}

/** A stack of ours and a model with one habit, and a plain proxy between them that records itself in refreshes as well. */
async function scene(
  habit: Habit,
  model: Partial<StrictEndpointOptions> & { readonly isMoody?: boolean } = {},
  stack: Partial<StackOptions> = {},
): Promise<Scene> {
  const ground = new Ground();
  await ground.proxy('proxy', 5080, { recordsRefreshes: true });
  const our = await ours(ground, 5060, { hops: [`sip:${host}:5080`], ...stack });
  const outbound = [{ host, port: 5080 }];
  return { ground, our, model: await ground.endpoint('model', 5070, { habits: [habit], outbound, ...model }) };
}

async function call({ ground, our, model }: Scene): Promise<{ readonly dialog: OurDialog; readonly its: Dialog }> {
  const dialog = await ground.take(our.stack.invite(ground.target(5070), { body: nearOffer }));
  await ground.clock.run(40_000);
  ground.said();
  return { dialog, its: onlyDialog(model) };
}

async function close({ ground, our, model }: Scene): Promise<void> {
  for (const dialog of model.dialogs) void model.bye(dialog);
  await ground.clock.run(100);
  await ground.take(our.stack.close());
  await ground.rest();
}

/** The messages between ours and the proxy, but what asks whether the hop lives. */
function ladder(ground: Ground): string[] {
  return ground
    .said()
    .filter((line) => /^(ours > proxy|proxy > ours)/.test(line) && !/OPTIONS| 100 /.test(line))
    .map((line) => line.replace(/^ours > proxy /, '> ').replace(/^proxy > ours /, '< '));
}

for (const [habit, first] of [
  ['refuses-update', []],
  ['does-not-know-update', []],
  ['bodyless-update-481', ['> UPDATE', '< 481 UPDATE']],
] as const) {
  test(`${habit}: a heal finds another way`, async () => {
    const there = await scene(habit);
    const { ground } = there;
    const { dialog, its } = await call(there);
    its.routeSet = [];
    await ground.take(dialog.heal());
    await ground.clock.run(10);
    const rest = habit === 'bodyless-update-481' ? ['> UPDATE', '< 200 UPDATE'] : ['> INVITE', '< 200 INVITE', '> ACK'];
    assert.equal(ladder(ground), [...first, ...rest]);
    assert.equal(its.routeSet, [`<sip:${host}:5080;lr>`]);
    await close(there);
  });
}

test('refuses-update: an UPDATE is answered 405, or 501 by who does not know it', async () => {
  for (const [habit, status] of [
    ['refuses-update', 405],
    ['does-not-know-update', 501],
  ] as const) {
    const ground = new Ground();
    const near = await ground.endpoint('near', 5060);
    await ground.endpoint('far', 5070, { habits: [habit] });
    const { dialog } = await ground.take(near.invite(ground.target(5070)));
    if (dialog === undefined) throw new Error('no dialog');
    assert.not(dialog.peerAllows?.includes('UPDATE'));
    assert.is((await ground.take(near.update(dialog, true))).status, status);
    await ground.take(near.bye(dialog));
    await ground.rest();
  }
});

test('drops-record-route: the 2xx to a refresh has none, which then is the route set of who has healed', async () => {
  for (const drops of [false, true]) {
    const there = await scene(drops ? 'drops-record-route' : 'gives-up');
    const { ground, our } = there;
    const { dialog, its } = await call(there);
    await ground.take(dialog.heal());
    const { routeSet = [] } = await ground.take(dialog.export());
    assert.is(routeSet.length, drops ? 0 : 1);
    assert.is(its.routeSet.length, 1);
    assert.is((await ground.take(dialog.request('INFO', { body: '1', contentType: 'text/plain' }))).status, 200);
    assert.is(our.dialogs.length, 0);
    await close(there);
  }
});

test('changes-contact: it moves to its other port and back', async () => {
  const ground = new Ground();
  const other = ground.network.udp({ host, port: 5071 });
  ground.name(5071, 'other');
  const far = await ground.endpoint('far', 5070, { habits: ['changes-contact'], otherTransport: other });
  const near = await ground.endpoint('near', 5060);
  const { dialog } = await ground.take(near.invite(ground.target(5070)));
  if (dialog === undefined) throw new Error('no dialog');
  await ground.clock.run(10);
  assert.is((await ground.take(near.update(dialog, false))).status, 200);
  assert.is(dialog.remoteTarget, `sip:model@${host}:5071`);
  ground.said();
  await ground.take(near.info(dialog, 1));
  assert.equal(ground.said(), ['near > other INFO', 'far executed 1', 'other > near 200 INFO']);
  assert.is((await ground.take(far.update(onlyDialog(far), false))).status, 200);
  assert.is(dialog.remoteTarget, `sip:model@${host}:5070`);
  assert.is(onlyDialog(far).localTarget, dialog.remoteTarget);
  const crossing = [far.update(onlyDialog(far), false), near.update(dialog, false)];
  for (const each of crossing) assert.is((await ground.take(each)).status, 200);
  assert.is(dialog.remoteTarget, `sip:model@${host}:5071`, 'the 2xx says what the UPDATE says');
  assert.is(onlyDialog(far).localTarget, dialog.remoteTarget);
  await ground.take(near.bye(dialog));
  await ground.rest();
});

test('no-option-tag: it keeps its route set, whatever a refresh says', async () => {
  const there = await scene('no-option-tag');
  const { dialog, its } = await call(there);
  its.routeSet = [];
  await there.ground.take(dialog.heal());
  assert.equal(its.routeSet, []);
  its.routeSet = [`<sip:${host}:5080;lr>`];
  await close(there);
});

test('keeps-session-timer: it ends what nobody refreshes, and others do not', async () => {
  for (const keeps of [true, false]) {
    const ground = new Ground();
    const near = await ground.endpoint('near', 5060, { sessionIntervalS: 90 });
    const far = await ground.endpoint('far', 5070, {
      habits: keeps ? ['keeps-session-timer'] : [],
      sessionIntervalS: 90,
    });
    const { dialog } = await ground.take(near.invite(ground.target(5070)));
    if (dialog === undefined) throw new Error('no dialog');
    assert.is(dialog.timer?.intervalS, 90);
    await ground.clock.run(600_000);
    assert.ok(
      ground.said().filter((line) => line.endsWith('> far UPDATE') || line.endsWith('> near UPDATE')).length > 10,
    );
    assert.is(far.dialogs.length, 1);
    ground.network.partition({ host, port: 5060 }, { host, port: 5070 });
    await ground.clock.run(91_000);
    assert.is(far.dialogs.length, keeps ? 0 : 1);
    if (keeps) assert.ok(ground.said().includes('far ended local session-expired'));
    ground.network.heal({ host, port: 5060 }, { host, port: 5070 });
    await ground.take(near.bye(dialog));
    await ground.rest();
  }
});

test('gives-up: it ends the dialog when nobody answers, and others go on', async () => {
  for (const givesUp of [true, false]) {
    const ground = new Ground();
    const near = await ground.endpoint('near', 5060, { habits: givesUp ? ['gives-up'] : [] });
    const far = await ground.endpoint('far', 5070);
    const { dialog } = await ground.take(near.invite(ground.target(5070)));
    if (dialog === undefined) throw new Error('no dialog');
    ground.network.partition({ host, port: 5060 }, { host, port: 5070 });
    assert.is((await ground.take(near.info(dialog, 1))).status, 408);
    assert.is(near.dialogs.length, givesUp ? 0 : 1);
    if (givesUp) assert.ok(ground.said().includes('near ended local gave up 408'));
    ground.network.heal({ host, port: 5060 }, { host, port: 5070 });
    await ground.clock.run(40_000);
    for (const each of far.dialogs) await ground.take(far.bye(each));
    await ground.rest();
  }
});

test('forks: two ring and two answer, now and then; one of them is ended by the caller', async () => {
  const there = await scene('forks', { isMoody: true });
  const { ground, our, model } = there;
  const counts: number[] = [];
  for (let count = 0; count < 12; count++) {
    const promise = our.stack.invite(ground.target(5070), { body: nearOffer });
    const settled = promise.then(
      (dialog) => dialog.bye(),
      () => undefined,
    );
    await ground.take(settled);
    await ground.clock.run(5_000);
    counts.push(ground.said().filter((line) => line === 'model established').length);
  }
  assert.ok(counts.includes(2) && counts.includes(1), String(counts));
  assert.is(model.dialogs.length, 0);
  await close(there);
});

test('rings-reliably: a caller that takes them acknowledges its rings, and it those of the far end', async () => {
  const there = await scene('rings-reliably', { isMoody: true });
  const { ground, our, model } = there;
  let rings: string[] = [];
  for (let count = 0; count < 8 && rings.length < 3; count++) {
    const called = our.stack.invite(ground.target(5070), { body: nearOffer }).then(
      (dialog) => dialog.bye(),
      () => undefined,
    );
    await ground.take(called);
    await ground.clock.run(100);
    rings = ladder(ground).filter((line) => / 180 | PRACK/.test(line));
  }
  assert.equal(rings.slice(0, 3), ['< 180 INVITE', '> PRACK', '< 200 PRACK']);
  model.calmDown();
  const { status, dialog } = await ground.take(model.invite(ground.target(5060)));
  assert.is(status, 200);
  await ground.clock.run(100);
  assert.ok(ground.said().includes('model > proxy PRACK'));
  if (dialog !== undefined) await ground.take(model.bye(dialog));
  await close(there);
});

test('rings-reliably: without a PRACK the call is refused', async () => {
  const ground = new Ground();
  const near = await ground.endpoint('near', 5060, { habits: ['rings-reliably'] });
  await ground.endpoint('far', 5070, { habits: ['rings-reliably'] });
  const refused = (): boolean => ground.log.some((line) => line.startsWith('far > near 504 INVITE'));
  for (let count = 0; count < 6 && !refused(); count++) {
    const called = near.invite(ground.target(5070));
    await ground.clock.run(1.5);
    ground.network.partition({ host, port: 5060 }, { host, port: 5070 });
    await ground.take(called);
    await ground.clock.run(40_000);
    ground.network.heal({ host, port: 5060 }, { host, port: 5070 });
  }
  assert.ok(refused());
  await ground.rest();
});

test('wants-longer-sessions: it takes the second offer', async () => {
  const wish = { sessionTimer: { intervalS: 90 } };
  const there = await scene('wants-longer-sessions', { isMoody: true }, wish);
  const { ground, our, model } = there;
  let answered: OurDialog | undefined;
  for (let count = 0; count < 5 && answered === undefined; count++)
    answered = await ground.take(our.stack.invite(ground.target(5070), { body: nearOffer }).catch(() => undefined));
  await ground.clock.run(100);
  assert.is(onlyDialog(model).timer?.intervalS, 120);
  assert.ok(ladder(ground).includes('< 422 INVITE'));
  await close(there);
});

test('glares: refreshes are refused now and then, and get through at last', async () => {
  const ground = new Ground();
  const near = await ground.endpoint('near', 5060);
  const far = await ground.endpoint('far', 5070, { habits: ['glares'], isMoody: true });
  let dialog: Dialog | undefined;
  while (dialog === undefined) dialog = (await ground.take(near.invite(ground.target(5070)))).dialog;
  ground.said();
  for (let count = 0; count < 20; count++) await ground.take(near.update(dialog, count % 2 === 0));
  for (let count = 0; count < 10; count++) await ground.take(near.reinvite(dialog));
  const said = ground.said();
  for (const line of ['491 UPDATE', '500 UPDATE', '200 UPDATE', '491 INVITE', '200 INVITE'])
    assert.ok(said.includes(`far > near ${line}`), line);
  far.calmDown();
  assert.is((await ground.take(near.reinvite(dialog))).status, 200);
  await ground.take(near.bye(dialog));
  await ground.rest();
});

test('challenges: it wants proof of everything, until it is calm', async () => {
  const credentials = [modelCredentials];
  const there = await scene('challenges', { isMoody: true }, { credentials });
  const { ground, our, model } = there;
  let dialog: OurDialog | undefined;
  for (let count = 0; count < 5 && dialog === undefined; count++)
    dialog = await ground.take(our.stack.invite(ground.target(5070), { body: nearOffer }).catch(() => undefined));
  if (dialog === undefined) throw new Error('no dialog');
  await ground.clock.run(100);
  assert.ok(ladder(ground).includes('< 401 INVITE'));
  assert.is((await ground.take(dialog.request('INFO', { body: '1', contentType: 'text/plain' }))).status, 200);
  await ground.take(dialog.heal());
  await ground.take(dialog.bye());
  await ground.clock.run(100);
  assert.is(model.dialogs.length, 0);
  model.calmDown();
  const stranger = await ground.endpoint('other', 5090);
  assert.is((await ground.take(stranger.invite(ground.target(5070)))).status, 200);
  await close({ ground, our, model });
});

test.run();
