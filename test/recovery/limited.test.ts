import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FailureResponseError, SipError, type StackOptions } from '../../core/index.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import { host, noted } from '../engine/world.ts';

const test = suite('Mode limited: held requests, and an end to trying (UCMA’s LimitedRetry)');

const waitForIt = ['P-Dialog-Recovery-Action: Wait-For-Session-Update'];
const healIt = ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'];

async function limited(recovery: StackOptions['recovery'] = {}): Promise<Bed> {
  const log: string[] = [];
  const ground = await bed({
    hops: 1,
    stack: { recovery: { mode: 'limited', ...recovery }, application: noted(log) },
  });
  return { ...ground, seen: () => [...ground.seen(), ...log] };
}

/** Every request but BYE is answered with that 430. */
function broken({ hop }: Bed, headers: readonly string[] = waitForIt): void {
  hop.script = (request) => {
    if (request.method === 'BYE') return false;
    hop.reply(request, 430, { headers });
    return true;
  };
}

test('Q10: requests wait while the route is broken, and go in their order when it is mended', async () => {
  const ground = await limited();
  const { dialog } = await call(ground);
  const { hop, clock, note } = ground;
  broken(ground);
  note('first', dialog.request('INFO'));
  await clock.run(20);
  for (const name of ['a', 'b', 'c']) {
    note(name, dialog.request('INFO', { headers: { 'X-Name': name } }));
    await clock.run(200);
  }
  assert.equal(ground.seen(), ['first failed 430 intermediary', 'recovering']);
  assert.is(hop.requests('INFO').length, 1);
  hop.script = () => false;
  await clock.run(5_000);
  const sent = hop.requests('INFO').slice(1);
  assert.equal(
    sent.map((request) => request.header('X-Name')),
    ['a', 'b', 'c'],
  );
  assert.equal(ground.seen().sort(), [
    'a 200',
    'b 200',
    'c 200',
    'first failed 430 intermediary',
    'healthy',
    'recovering',
  ]);
  await finish(ground, dialog);
});

test('Q10: so many may wait; the next one is refused at once, and one may be given up', async () => {
  const ground = await limited();
  const { dialog } = await call(ground);
  const { hop, clock, note } = ground;
  broken(ground);
  dialog.request('INFO').catch(() => undefined);
  await clock.run(20);
  const giveUp = new AbortController();
  let succeeded = 0;
  for (let index = 0; index < 64; index++) {
    const signal = index === 10 ? { signal: giveUp.signal } : {};
    dialog.request('INFO', signal).then(
      () => succeeded++,
      (error: SipError) => ground.log.push(error.code),
    );
  }
  note('more', dialog.request('INFO'));
  await clock.run(1);
  assert.ok(ground.seen().includes('more failed SIP_QUEUE_FULL'));
  giveUp.abort();
  await clock.run(1);
  assert.ok(ground.seen().includes('SIP_ABORTED'));
  hop.script = () => false;
  await clock.run(5_000);
  assert.is(succeeded, 63);
  await finish(ground, dialog);
});

test('Q10: behind a quick heal no more than so many wait either, whatever the mode', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock, note } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 430, { headers: healIt });
    return true;
  };
  dialog.request('INFO').catch(() => undefined);
  await clock.run(10);
  for (let index = 0; index < 63; index++) dialog.request('INFO').catch(() => undefined);
  note('more', dialog.request('INFO'));
  await clock.run(1);
  assert.equal(ground.seen(), ['more failed SIP_QUEUE_FULL']);
  hop.script = () => false;
  hop.accept(hop.last('UPDATE'));
  await clock.run(100);
  await finish(ground, dialog);
});

test('Q2: after six failed heals it gives up: what waited fails unsent, then the session ends by BYE', async () => {
  const ground = await limited();
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  broken(ground);
  dialog.request('INFO').catch(() => undefined);
  await clock.run(20);
  const errors: unknown[] = [];
  for (const name of ['a', 'b']) {
    dialog.request('INFO').catch((error: unknown) => {
      errors.push(error);
      ground.log.push(`${name} rejected`);
    });
  }
  await clock.run(63_000);
  assert.is(hop.requests('UPDATE').length, 6);
  assert.equal(ground.seen(), ['a rejected', 'b rejected', 'recovering', 'ended local recovery-failed']);
  assert.is(hop.requests('INFO').length, 1);
  assert.is(hop.requests('BYE').length, 1);
  for (const error of errors) {
    assert.ok(error instanceof SipError && error.code === 'SIP_RECOVERY_FAILED');
    assert.ok(error.cause instanceof FailureResponseError && error.cause.response.status === 430);
  }
  await ground.rest();
});

test('after three minutes it gives up as well, also when no hop was alive to try', async () => {
  const ground = await limited();
  const { dialog } = await call(ground);
  const { clock, network } = ground;
  network.kill({ host, port: 5070 });
  await clock.run(2_000);
  assert.equal(ground.seen(), ['recovering']);
  dialog.request('INFO').catch((error: SipError) => {
    const status = error.cause instanceof FailureResponseError ? error.cause.response.status : 0;
    ground.log.push(`rejected ${error.code} ${status}`);
  });
  await clock.run(177_500);
  assert.equal(ground.seen(), ['recovering']);
  await clock.run(3_000);
  assert.equal(ground.seen(), ['rejected SIP_RECOVERY_FAILED 503', 'recovering', 'ended local recovery-failed']);
  await ground.rest();
});

test('a break that is mended in time leaves nothing of its limits; the next one has them in full', async () => {
  const ground = await limited();
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  for (let round = 0; round < 2; round++) {
    broken(ground);
    dialog.request('INFO').catch(() => undefined);
    await clock.run(28_000);
    hop.script = () => false;
    await clock.run(152_500);
  }
  assert.equal(ground.seen(), ['recovering', 'healthy', 'recovering', 'healthy']);
  await finish(ground, dialog);
});

test('the fast path stays, and when its heal meets hop trouble those behind go on waiting', async () => {
  const ground = await limited();
  const { dialog } = await call(ground);
  const { hop, clock, note } = ground;
  let first = true;
  hop.script = (request) => {
    if (request.method === 'INFO' && first) hop.reply(request, 430, { headers: healIt });
    first = false;
    return true;
  };
  note('first', dialog.request('INFO'));
  await clock.run(10);
  note('behind', dialog.request('INFO'));
  await clock.run(10);
  hop.reply(hop.last('UPDATE'), 504);
  await clock.run(100);
  assert.equal(ground.seen(), ['first failed 504 intermediary because of 430', 'recovering']);
  hop.script = () => false;
  await clock.run(3_000);
  assert.equal(ground.seen().sort(), [
    'behind 200',
    'first failed 504 intermediary because of 430',
    'healthy',
    'recovering',
  ]);
  await finish(ground, dialog);
});

test('those behind a quick heal that takes too long go on waiting for the broken route', async () => {
  const ground = await limited();
  const { dialog } = await call(ground);
  const { hop, clock, note } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 430, { headers: healIt });
    return true;
  };
  note('first', dialog.request('INFO'));
  await clock.run(1_000);
  note('behind', dialog.request('INFO'));
  await clock.run(10_000);
  assert.equal(ground.seen(), ['first failed 430 intermediary', 'recovering']);
  assert.is(hop.requests('INFO').length, 1);
  hop.script = () => false;
  hop.accept(hop.last('UPDATE'));
  await clock.run(100);
  assert.is(hop.requests('INFO').length, 2);
  assert.ok(ground.seen().includes('behind 200'));
  await finish(ground, dialog);
});

test('passive as well: it waits for the far end, but not longer', async () => {
  const ground = await limited({ passive: true });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  broken(ground);
  dialog.request('INFO').catch(() => undefined);
  await clock.run(179_000);
  assert.equal(ground.seen(), ['recovering']);
  await clock.run(1_100);
  assert.equal(ground.seen(), ['recovering', 'ended local recovery-failed']);
  assert.is(hop.requests('UPDATE').length, 0);
  await ground.rest();
});

test('a deadline ends a break in mode maximum too; until then requests are attempted', async () => {
  const ground = await bed({
    hops: 1,
    stack: { recovery: { deadlineMs: 600_000 }, application: noted([]) },
  });
  const log: string[] = [];
  const { dialog } = await call(ground);
  const { hop, clock, take } = ground;
  broken(ground);
  dialog.request('INFO').catch(() => undefined);
  await clock.run(599_000);
  assert.is((await take(dialog.routeStatus())).status, 'recovering');
  dialog.heal().catch((error: SipError) => log.push(error.code));
  ground.note('late', dialog.request('INFO'));
  await clock.run(100);
  assert.ok(ground.seen().includes('late failed 430 intermediary'));
  await clock.run(1_000);
  assert.is(hop.requests('BYE').length, 1);
  await ground.rest();
});

test('an asked heal that waits for a live hop is told when the break is given up', async () => {
  const ground = await limited({ deadlineMs: 10_000 });
  const { dialog } = await call(ground);
  const { clock, network, note } = ground;
  network.kill({ host, port: 5070 });
  await clock.run(2_000);
  note('heal', dialog.heal());
  await clock.run(10_000);
  assert.equal(ground.seen(), ['heal failed SIP_RECOVERY_FAILED', 'recovering', 'ended local recovery-failed']);
  await ground.rest();
});

test.run();
