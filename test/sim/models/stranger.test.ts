import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Forgery } from '../plan.ts';
import type { Dialog } from './dialog.ts';
import { Ground, host, onlyDialog } from './ground.ts';
import { Stranger } from './stranger.ts';
import type { StrictEndpoint } from './strict-endpoint.ts';

const test = suite('a stranger');

interface Scene {
  readonly ground: Ground;
  readonly stranger: Stranger;
  readonly near: StrictEndpoint;
  readonly far: StrictEndpoint;
  /** What far has. */
  readonly dialog: Dialog;
  forge(what: Forgery, dice?: number): Promise<string[]>;
}

async function scene(protocol: 'udp' | 'tcp' = 'udp'): Promise<Scene> {
  const stranger: { it?: Stranger } = {};
  const ground = new Ground(protocol, {}, ({ bytes }) => stranger.it?.overhears(bytes));
  const near = await ground.endpoint('near', 5060);
  const far = await ground.endpoint('far', 5070);
  const { clock } = ground;
  const transport = ground.network[protocol]({ host, port: 5099 });
  ground.name(5099, 'stranger');
  stranger.it = new Stranger({ transport, clock, seed: 1 });
  await stranger.it.start();
  await ground.take(near.invite(ground.target(5070)));
  await clock.run(10);
  ground.said();
  const dialog = onlyDialog(far);
  const forge = async (what: Forgery, dice = 1): Promise<string[]> => {
    const about = { callId: dialog.callId, ownTag: dialog.localTag, usedCseq: () => 1 };
    assert.is(stranger.it?.forge(what, { host, port: 5070 }, about, dice), true);
    await clock.run(20);
    return ground.said();
  };
  return { ground, stranger: stranger.it, near, far, dialog, forge };
}

async function close({ ground, stranger, far, dialog }: Scene): Promise<void> {
  if (dialog.state === 'confirmed') await ground.take(far.bye(dialog));
  await ground.clock.run(40_000);
  await stranger.stop();
  await ground.rest();
}

test('moves the target and the route of whoever believes tags', async () => {
  const there = await scene();
  assert.equal(await there.forge('refresh'), ['stranger > far UPDATE', 'far > stranger 200 UPDATE']);
  assert.equal(there.dialog.routeSet, [`<sip:stranger@${host}:5099;lr>`]);
  assert.is(there.dialog.remoteTarget, `sip:stranger@${host}:5099`);
  there.far.calmDown();
  there.dialog.routeSet = [];
  there.dialog.remoteTarget = there.ground.target(5060);
  await close(there);
});

test('forges re-INVITEs, which it never acknowledges', async () => {
  const there = await scene();
  const lines = await there.forge('reinvite');
  assert.equal(lines, ['stranger > far INVITE', 'far > stranger 200 INVITE']);
  await there.ground.clock.run(40_000);
  assert.is(there.far.dialogs.length, 0);
  void there.near.bye(onlyDialog(there.near));
  await close(there);
});

for (const what of ['response', '430'] as const) {
  test(`forges ${what === '430' ? 'a 430' : 'a response'} to a request that is under way`, async () => {
    const there = await scene();
    const { ground, far, dialog } = there;
    const asked = far.info(dialog, 1);
    await ground.clock.run(0);
    ground.network.partition({ host, port: 5060 }, { host, port: 5070 });
    await ground.clock.run(600);
    ground.said();
    await there.forge(what);
    const { status } = await ground.take(asked);
    assert.ok(what === '430' ? status === 430 : status === 200 || status === 481);
    ground.network.heal({ host, port: 5060 }, { host, port: 5070 });
    await close(there);
  });
}

test('guesses a tag wrong, and uses a CSeq again', async () => {
  const there = await scene();
  assert.equal(await there.forge('bye-guessed'), ['stranger > far BYE', 'far > stranger 481 BYE']);
  const lines = await there.forge('old-cseq');
  assert.match(lines[1] ?? '', /^far > stranger 500/);
  await close(there);
});

test('sends again what it heard, scans, and sends garbage', async () => {
  const there = await scene();
  for (let dice = 0; dice < 8; dice++) {
    assert.is((await there.forge('replay', dice)).filter((line) => line.startsWith('stranger > far')).length, 1);
    const scanned = await there.forge('scan', dice);
    assert.match(scanned[0] ?? '', /^stranger > far (OPTIONS|REGISTER|INVITE)/);
    await there.forge('garbage', dice);
  }
  assert.is(there.far.dialogs.includes(there.dialog), true);
  const { ground, far } = there;
  await ground.clock.run(5_000);
  for (const dialog of far.dialogs) void far.bye(dialog);
  await close(there);
});

test('breaks only its own connections', async () => {
  const there = await scene('tcp');
  for (let dice = 0; dice < 4; dice++) await there.forge('garbage', dice);
  assert.is((await there.ground.take(there.far.info(there.dialog, 1))).status, 200);
  await close(there);
});

test.run();
