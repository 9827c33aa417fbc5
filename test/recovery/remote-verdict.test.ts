import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FailureResponseError, type ResponseOrigin } from '../../core/index.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';

const test = suite('The far end’s own verdict (figure 4)');

const healIt = ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'];
const waitForIt = ['P-Dialog-Recovery-Action: Wait-For-Session-Update'];
const registerFirst = ['P-Dialog-Recovery-Action: Registration-Route-Set-Update'];

/** INFO is answered so, 0 is silence; a heal likewise, undefined accepts it. */
function answering(
  { hop }: Bed,
  info: readonly [status: number, headers?: readonly string[]],
  heal?: readonly [status: number, headers?: readonly string[]],
): void {
  hop.script = (request) => {
    const answer = request.method === 'INFO' ? info : request.method === 'BYE' ? undefined : heal;
    if (answer === undefined) return false;
    const [status, headers = []] = answer;
    if (status !== 0) hop.reply(request, status, { headers });
    return true;
  };
}

test('Q12: a final word of the far end leaves the status healthy; hop trouble in the heal makes it recovering', async () => {
  for (const [heal, status, seen] of [
    [[486], 'healthy', ['info failed 486 intermediary because of 430']],
    [[400], 'healthy', ['info failed 400 intermediary because of 430']],
    [[600], 'healthy', ['info failed 600 remote because of 430']],
    [[430, waitForIt], 'recovering', ['info failed 430 intermediary because of 430', 'recovering']],
    [[408], 'recovering', ['info failed 408 intermediary because of 430', 'recovering']],
    [[503], 'recovering', ['info failed 503 intermediary because of 430', 'recovering']],
    [[504], 'recovering', ['info failed 504 intermediary because of 430', 'recovering']],
    [[0], 'recovering', ['info failed 430 intermediary', 'recovering']],
  ] as const) {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    answering(ground, [430, healIt], heal);
    ground.note('info', dialog.request('INFO'));
    await ground.clock.run(heal[0] === 0 ? 4_100 : 20);
    assert.equal(ground.seen(), seen);
    assert.is((await ground.take(dialog.routeStatus())).status, status);
    ground.hop.script = () => false;
    await ground.clock.run(70_000);
    await finish(ground, dialog);
  }
});

test('who made a response: an endpoint names a Contact or itself, a server of Microsoft’s names itself in ms-diagnostics', async () => {
  for (const [status, headers, origin] of [
    [486, [], 'intermediary'],
    [486, ['User-Agent: phone'], 'remote'],
    [486, ['Contact: <sip:bob@10.0.0.1>'], 'remote'],
    [486, ['User-Agent: phone', 'ms-diagnostics: 1003;reason="gone";source="server.contoso.com"'], 'intermediary'],
    [603, [], 'remote'],
    [603, ['Ms-Diagnostics: 15;SOURCE="edge.contoso.com";reason="x"'], 'intermediary'],
    [603, ['ms-diagnostics: 51004;reason="Action initiated by user"'], 'remote'],
    [603, ['ms-client-diagnostics: 52000;source="phone"'], 'remote'],
    [488, [], 'remote'],
  ] as readonly [number, readonly string[], ResponseOrigin][]) {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    answering(ground, [status, headers]);
    const error = await ground.take(dialog.request('INFO').catch((reason: unknown) => reason));
    assert.ok(error instanceof FailureResponseError);
    assert.is(error.origin, origin, `${status} ${headers}`);
    await finish(ground, dialog);
  }
});

test('confirmWithRemote: where the answer may be a hop’s, one heal asks; when the peer answers it, the failure was none of the peer’s', async () => {
  for (const [info, told] of [
    [[430, waitForIt], '430 intermediary'],
    [[404], '404 intermediary'],
    [[408], '408 intermediary'],
    [[480], '480 intermediary'],
    [[481], '481 intermediary'],
    [[500], '500 intermediary'],
    [[503], '503 intermediary'],
    [[0], '408 local'],
  ] as const) {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    const { hop, clock, take } = ground;
    answering(ground, info);
    ground.note('info', dialog.request('INFO', { confirmWithRemote: true }));
    await clock.run(info[0] === 0 ? 32_100 : 20);
    assert.equal(ground.seen(), [`info failed ${told}`], `${info}`);
    assert.is(hop.requests('UPDATE').length, 1);
    assert.is(new Set(hop.requests('INFO').map(({ cseq }) => cseq)).size, 1, 'never sent again');
    assert.is((await take(dialog.routeStatus())).status, 'healthy');
    await finish(ground, dialog);
  }
});

test('confirmWithRemote: the peer’s refusal of the heal is the error, with the first failure as its cause', async () => {
  for (const [info, cause] of [
    [[430, waitForIt], 430],
    [[404], 404],
    [[0], 408],
  ] as const) {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    answering(ground, info, [603]);
    ground.note('info', dialog.request('INFO', { confirmWithRemote: true }));
    await ground.clock.run(info[0] === 0 ? 32_100 : 20);
    assert.equal(ground.seen(), [`info failed 603 remote because of ${cause}`]);
    assert.is((await ground.take(dialog.routeStatus())).status, 'healthy');
    await finish(ground, dialog);
  }
});

test('confirmWithRemote: a claim that the dialog is gone is the sender’s error only when the last rung says so too', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  answering(ground, [481], [481]);
  ground.note('info', dialog.request('INFO', { confirmWithRemote: true }));
  await ground.clock.run(50);
  assert.equal(ground.seen(), ['info failed 481 remote because of 481', 'ended remote does-not-exist']);
  await ground.rest();
});

test('confirmWithRemote: hop trouble in the heal breaks the route by what came first; so does a heal that takes longer than 4 s', async () => {
  for (const [heal, told, afterMs] of [
    [[430, waitForIt], 'info failed 430 intermediary because of 404', 20],
    [[0], 'info failed 404 intermediary', 4_100],
  ] as const) {
    const ground = await bed({ hops: 1 });
    const { dialog } = await call(ground);
    answering(ground, [404], heal);
    ground.note('info', dialog.request('INFO', { confirmWithRemote: true }));
    await ground.clock.run(afterMs);
    assert.equal(ground.seen(), [told, 'recovering']);
    const { cause, causeStatus } = await ground.take(dialog.routeStatus());
    assert.equal([cause, causeStatus], ['response', 404]);
    ground.hop.script = () => false;
    await ground.clock.run(70_000);
    assert.is(ground.seen()[2], 'healthy');
    await finish(ground, dialog);
  }
});

test('confirmWithRemote: what a lost registration answers is not asked about, for a heal would meet the same', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  answering(ground, [430, registerFirst]);
  ground.note('info', dialog.request('INFO', { confirmWithRemote: true }));
  await ground.clock.run(20);
  assert.equal(ground.seen(), ['info failed 430 intermediary', 'recovering', 'healthy']);
  await finish(ground, dialog);
});

test('confirmWithRemote: an answer that can only be the peer’s is told as it is', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  answering(ground, [486]);
  ground.note('info', dialog.request('INFO', { confirmWithRemote: true }));
  await ground.clock.run(20);
  assert.equal(ground.seen(), ['info failed 486 intermediary']);
  assert.is(ground.hop.requests('UPDATE').length, 0);
  await finish(ground, dialog);
});

test('confirmWithRemote: a passive stack asks too, and leaves the break to the far end when that shows one', async () => {
  const ground = await bed({ hops: 1, stack: { recovery: { passive: true } } });
  const { dialog, raw } = await call(ground);
  answering(ground, [430, waitForIt], [503]);
  ground.note('info', dialog.request('INFO', { confirmWithRemote: true }));
  await ground.clock.run(100_000);
  assert.equal(ground.seen(), ['info failed 503 intermediary because of 430', 'recovering']);
  assert.is(ground.hop.requests('UPDATE').length, 1);
  assert.is((await ground.take(dialog.routeStatus())).status, 'recovering');
  ground.hop.script = () => false;
  raw.request('UPDATE', { headers: ['Supported: ms-dialog-route-set-update', `Record-Route: <${ground.hop.uri};lr>`] });
  await ground.clock.run(10);
  assert.is((await ground.take(dialog.routeStatus())).status, 'healthy');
  await finish(ground, dialog);
});

test.run();
