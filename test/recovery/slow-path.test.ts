import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FailureResponseError } from '../../core/index.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import { RawPeer } from '../engine/raw-peer.ts';
import { host } from '../engine/world.ts';

const test = suite('The slow path: fail quickly, recover for ever (figures 2 and 3)');

const waitForIt = ['P-Dialog-Recovery-Action: Wait-For-Session-Update'];

test('each kind of break fails the request first, then tells the status, then heals', async () => {
  for (const [status, headers] of [
    [430, waitForIt],
    [430, ['P-Dialog-Recovery-Action: Registration-Route-Set-Update, Dialog-Route-Set-Update']],
    [404, []],
    [408, []],
    [480, []],
    [500, []],
    [503, []],
    [504, []],
    [481, []],
  ] as const) {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    ground.hop.script = (request) => {
      if (request.method === 'INFO') ground.hop.reply(request, status, { headers });
      return request.method === 'INFO';
    };
    ground.note('info', dialog.request('INFO'));
    await ground.clock.run(20);
    assert.is(ground.seen().length, 3);
    assert.match(ground.seen()[0] ?? '', `info failed ${status}`);
    assert.equal(ground.seen().slice(1), ['recovering', 'healthy'], String(status));
    const { cause, causeStatus } = await ground.take(dialog.routeStatus());
    assert.equal([cause, causeStatus], ['response', status]);
    assert.is(ground.hop.requests('INFO').length, 1, 'never sent again by itself');
    await finish(ground, dialog);
  }
});

/** A program whose error arrives behind so many async functions. */
async function behind(depth: number, promise: Promise<unknown>): Promise<void> {
  if (depth > 0) return await behind(depth - 1, promise);
  await promise;
}

for (const depth of [0, 1, 2, 3, 4, 5, 20]) {
  test(`the rejection is seen before the event, also behind ${depth} async functions`, async () => {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    const { hop, log, clock } = ground;
    for (const status of [500, 430, 481]) {
      hop.script = (request) => {
        if (request.method === 'INFO') hop.reply(request, status, { headers: status === 430 ? waitForIt : [] });
        return request.method === 'INFO';
      };
      log.length = 0;
      behind(depth, dialog.request('INFO')).catch((error: unknown) => {
        log.push(error instanceof FailureResponseError ? `rejected ${error.response.status}` : String(error));
      });
      await clock.run(20);
      assert.equal(ground.seen(), [`rejected ${status}`, 'recovering', 'healthy']);
    }
    await finish(ground, dialog);
  });
}

test('a lost flow rejects every request on it before any event, also those of other dialogs', async () => {
  const ground = await bed({ hops: 1 });
  const calls = [await call(ground), await call(ground)];
  const { hop, network, clock } = ground;
  hop.script = ({ method }) => method === 'INFO';
  for (const [index, { dialog }] of calls.entries()) {
    ground.note(`a${index}`, behind(5, dialog.request('INFO')));
    ground.note(`b${index}`, dialog.request('MESSAGE', { body: 'x', contentType: 'text/plain' }));
  }
  hop.script = () => true;
  await clock.run(10);
  network.kill({ host, port: 5070 });
  await clock.run(600);
  const seen = ground.seen();
  assert.equal(
    seen.slice(0, 4).sort(),
    ['a0', 'a1', 'b0', 'b1'].map((name) => `${name} failed 503 local`),
  );
  assert.equal(seen.slice(4), ['recovering', 'recovering']);
  await RawPeer.open(ground, 'hop', 5070);
  await clock.run(400);
  await finish(ground, ...calls.map(({ dialog }) => dialog));
});

/** A hop that fails every heal; gives when each of them came, from the break on. */
async function failing(ground: Bed, status: number, headers: readonly string[], untilMs: number): Promise<number[]> {
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  const atMs: number[] = [];
  hop.script = (request) => {
    if (request.method === 'UPDATE') atMs.push(clock.nowMs());
    if (request.method === 'UPDATE' || request.method === 'INFO') hop.reply(request, status, { headers });
    return true;
  };
  dialog.request('INFO').catch(() => undefined);
  await clock.run(untilMs);
  hop.script = () => false;
  await clock.run(300_000);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  await finish(ground, dialog);
  return atMs;
}

test('Q1: told to wait, we fail the request for good, stop the session timer, heal at once and on, and take the far end’s heal whenever it comes', async () => {
  const ground = await bed({ hops: 1 });
  const { hop, clock } = ground;
  hop.capabilities = [...hop.capabilities, 'Require: timer', 'Session-Expires: 600;refresher=uac'];
  const { dialog, raw } = await call(ground);
  hop.script = (request) => {
    hop.reply(request, 430, { headers: waitForIt });
    return true;
  };
  ground.note('info', dialog.request('INFO'));
  await clock.run(20);
  assert.equal(ground.seen(), ['info failed 430 intermediary', 'recovering']);
  assert.is(hop.requests('UPDATE').length, 1);
  await clock.run(1_000_000);
  assert.ok(hop.requests('UPDATE').length > 10);
  assert.is(ground.seen().length, 2, 'the session has not expired');
  hop.script = () => false;
  raw.request('UPDATE', {
    headers: [
      'Supported: timer, ms-dialog-route-set-update',
      `Record-Route: <${hop.uri};lr>`,
      'Session-Expires: 600;refresher=uas',
    ],
  });
  await clock.run(10);
  assert.is(hop.responses('UPDATE').at(-1)?.status, 200);
  assert.equal(ground.seen().slice(2), ['healthy']);
  const heals = hop.requests('UPDATE').length;
  await clock.run(299_000);
  assert.is(hop.requests('UPDATE').length, heals);
  await clock.run(2_000);
  assert.is(hop.requests('UPDATE').length, heals + 1, 'half of a full interval later we refresh');
  assert.is(hop.requests('INFO').length, 1);
  await finish(ground, dialog);
});

test('Q2: heals are tried after 0, 2, 4, 8, 16, 32, 60, 60 … s less up to half, counted from the end of the last', async () => {
  for (const seed of [1, 2, 3]) {
    const ground = await bed({ hops: 1, network: { seed } });
    const fromMs = ground.clock.nowMs();
    const atMs = await failing(ground, 500, [], 290_000);
    assert.ok((atMs[0] ?? 0) - fromMs < 20, 'the first one at once');
    const gaps = atMs.slice(1).map((time, index) => time - (atMs[index] ?? 0));
    const most = [2, 4, 8, 16, 32, 60, 60, 60, 60];
    assert.ok(gaps.length >= 7, `${gaps}`);
    for (const [index, gap] of gaps.entries()) {
      const seconds = (most[index] ?? 60) * 1000;
      assert.ok(gap >= seconds / 2 && gap <= seconds + 10, `gap ${index} is ${gap}`);
    }
  }
});

test('Retry-After of the far end is waited for, five minutes at most', async () => {
  const ground = await bed({ hops: 1 });
  const atMs = await failing(ground, 480, ['Retry-After: 100'], 250_000);
  const gaps = atMs.slice(1).map((time, index) => time - (atMs[index] ?? 0));
  assert.equal(
    gaps.map((gap) => Math.round(gap / 1000)),
    [100, 100],
  );
});

test('a 503 with Retry-After binds the hop that sent it: the next heal goes by another', async () => {
  const ground = await bed();
  const { dialog } = await call(ground);
  const { hop, other, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'BYE') return false;
    hop.reply(request, 503, { headers: ['Retry-After: 250'] });
    return true;
  };
  dialog.request('INFO').catch(() => undefined);
  await clock.run(20);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  assert.is(other.requests('UPDATE').length, 1);
  assert.is(hop.requests('UPDATE').length, 0);
  await finish(ground, dialog);
});

test('where it is the only hop, all its dialogs wait until it takes requests again', async () => {
  const ground = await bed({ hops: 1 });
  const calls = [await call(ground), await call(ground)];
  const { hop, clock } = ground;
  hop.script = (request) => {
    hop.reply(request, 503, { headers: ['Retry-After: 50'] });
    return true;
  };
  const fromMs = clock.nowMs();
  for (const { dialog } of calls) dialog.request('INFO').catch(() => undefined);
  await clock.run(30_000);
  assert.ok(hop.requests('UPDATE').length <= 2);
  hop.script = () => false;
  await clock.run(19_900);
  assert.equal(ground.seen(), ['recovering', 'recovering']);
  await clock.run(200);
  assert.equal(ground.seen().slice(2), ['healthy', 'healthy']);
  assert.ok(clock.nowMs() - fromMs < 50_300);
  await finish(ground, ...calls.map(({ dialog }) => dialog));
});

test('a request without an answer fails with 408, and only then is its route held to be broken', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  ground.hop.script = ({ method }) => method === 'INFO';
  ground.note('info', dialog.request('INFO'));
  await ground.clock.run(31_900);
  assert.equal(ground.seen(), []);
  await ground.clock.run(200);
  assert.equal(ground.seen(), ['info failed 408 local', 'recovering', 'healthy']);
  assert.is((await ground.take(dialog.routeStatus())).cause, 'timeout');
  await finish(ground, dialog);
});

test('an answer that concerns a dialog says nothing of the others', async () => {
  const ground = await bed({ hops: 1 });
  const calls = [await call(ground), await call(ground)];
  ground.hop.script = (request) => {
    if (request.method === 'INFO') ground.hop.reply(request, 503);
    return request.method === 'INFO';
  };
  calls[0]?.dialog.request('INFO').catch(() => undefined);
  await ground.clock.run(20);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  await finish(ground, ...calls.map(({ dialog }) => dialog));
});

test('requests are sent straight through while the route is broken, and their failures tell nothing new', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO' || request.method === 'UPDATE') hop.reply(request, 430, { headers: waitForIt });
    return request.method !== 'BYE';
  };
  for (const name of ['one', 'two', 'three']) {
    ground.note(name, dialog.request('INFO'));
    await clock.run(100);
  }
  assert.is(hop.requests('INFO').length, 3);
  assert.equal(
    ground.seen(),
    ['one', 'two', 'three'].flatMap((name, index) => {
      const failed = `${name} failed 430 intermediary`;
      return index === 0 ? [failed, 'recovering'] : [failed];
    }),
  );
  hop.script = () => false;
  await clock.run(5000);
  await finish(ground, dialog);
});

test('a late failure of a request that the old route took says nothing of the new one', async () => {
  for (const late of ['503', '481', 'silence']) {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    const { hop, clock } = ground;
    hop.script = (request) => {
      if (request.method === 'MESSAGE') hop.reply(request, 500);
      return request.method === 'MESSAGE' || request.method === 'INFO';
    };
    ground.note('old', dialog.request('INFO'));
    dialog.request('MESSAGE', { body: 'x', contentType: 'text/plain' }).catch(() => undefined);
    await clock.run(20);
    assert.equal(ground.seen(), ['recovering', 'healthy']);
    if (late !== 'silence') hop.reply(hop.requests('INFO')[0] ?? hop.last('INFO'), Number(late));
    await clock.run(33_000);
    assert.is(ground.seen().length, 3, late);
    assert.match(ground.seen()[2] ?? '', 'old failed');
    await finish(ground, dialog);
  }
});

test.run();
