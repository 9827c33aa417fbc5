import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog } from '../../core/index.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import { host, nearOffer } from '../engine/world.ts';

const test = suite('How soon a hop that has fallen silent is known to be dead');

const probeIntervalMs = 375;

/** When the first hop was asked whether it lives. */
function probesTo(ground: Bed): number[] {
  return ground.network.log
    .filter((datagram) => datagram.to.port === ground.hop.port)
    .filter(({ bytes }) => new TextDecoder().decode(bytes).startsWith('OPTIONS'))
    .map(({ sentAtMs }) => sentAtMs);
}

test('whenever between two probes it falls silent, its dialogs know within 1.5 s and are healed by another hop', async () => {
  let worstMs = 0;
  let bestMs = Number.POSITIVE_INFINITY;
  for (let phaseMs = 0; phaseMs <= probeIntervalMs; phaseMs += 5) {
    const ground = await bed();
    const { dialog } = await call(ground);
    const { clock, network, hop, nearPort } = ground;
    await clock.run(2 * probeIntervalMs + phaseMs);
    network.partition({ host, port: nearPort }, { host, port: hop.port });
    const silentAtMs = clock.nowMs();
    while (!ground.seen().includes('recovering') && clock.nowMs() < silentAtMs + 5000) await clock.run(1);
    const knownMs = clock.nowMs() - silentAtMs;
    worstMs = Math.max(worstMs, knownMs);
    bestMs = Math.min(bestMs, knownMs);
    await clock.run(10);
    assert.equal(ground.seen(), ['recovering', 'healthy'], `phase ${phaseMs}`);
    await finish(ground, dialog);
  }
  assert.ok(worstMs <= 1375, `the slowest took ${worstMs} ms`);
  assert.ok(worstMs > 1375 - 10, `the slowest took only ${worstMs} ms: are all phases tried?`);
  assert.ok(bestMs >= 1000 - 10, `the quickest took only ${bestMs} ms`);
});

test('the same when it hears us but answers nothing any more', async () => {
  let worstMs = 0;
  for (let phaseMs = 0; phaseMs <= probeIntervalMs; phaseMs += 25) {
    const ground = await bed();
    const { dialog } = await call(ground);
    const { clock, hop } = ground;
    await clock.run(2 * probeIntervalMs + phaseMs);
    hop.answersProbes = false;
    const silentAtMs = clock.nowMs();
    while (!ground.seen().includes('recovering') && clock.nowMs() < silentAtMs + 5000) await clock.run(1);
    worstMs = Math.max(worstMs, clock.nowMs() - silentAtMs);
    hop.answersProbes = true;
    await clock.run(10);
    await finish(ground, dialog);
  }
  assert.ok(worstMs <= 1500, `the slowest took ${worstMs} ms`);
});

for (const intervalMs of [100, 375, 2000, 60_000]) {
  test(`asked every ${intervalMs} ms: its silence is known after four intervals, its return after one`, async () => {
    let worstMs = 0;
    for (const part of [0, 0.01, 0.3, 0.7, 0.99]) {
      const ground = await bed({ hops: 1, stack: { recovery: { probeIntervalMs: intervalMs } } });
      const { dialog } = await call(ground);
      const { clock, network, hop, nearPort } = ground;
      const places = [
        { host, port: nearPort },
        { host, port: hop.port },
      ] as const;
      const asked = probesTo(ground).length;
      await clock.run((2 + part) * intervalMs);
      assert.ok(Math.abs(probesTo(ground).length - asked - 2) <= 1);
      network.partition(...places);
      const silentAtMs = clock.nowMs();
      const stepMs = intervalMs / 100;
      while (ground.seen().length === 0 && clock.nowMs() < silentAtMs + 5 * intervalMs) await clock.run(stepMs);
      const knownMs = clock.nowMs() - silentAtMs;
      assert.ok(knownMs > 2.6 * intervalMs, `known after ${knownMs} ms`);
      worstMs = Math.max(worstMs, knownMs);
      network.heal(...places);
      await clock.run(intervalMs + 10);
      assert.equal(ground.seen(), ['recovering', 'healthy']);
      await finish(ground, dialog);
    }
    assert.ok(worstMs > 3.5 * intervalMs && worstMs <= 4 * intervalMs, `the slowest took ${worstMs} ms`);
  });
}

test('a hop that is asked seldom is asked at once, and often, when a request has waited 3.5 s for it in vain', async () => {
  const ground = await bed({ stack: { recovery: { probeIntervalMs: 60_000 } } });
  const { dialog } = await call(ground);
  const { clock, network, hop, nearPort } = ground;
  await clock.run(61_000);
  network.partition({ host, port: nearPort }, { host, port: hop.port });
  ground.note('info', dialog.request('INFO'));
  while (ground.seen().length === 0) await clock.run(10);
  assert.ok(clock.nowMs() - 61_000 <= 3500 + 1000 + 50, `${clock.nowMs()}`);
  await clock.run(10);
  assert.equal(ground.seen(), ['info failed 503 local', 'recovering', 'healthy']);
  await finish(ground, dialog);
});

test('one that was heard just before is not asked, but is for the next request', async () => {
  const ground = await bed({ stack: { recovery: { probeIntervalMs: 60_000 } } });
  const { dialog, raw } = await call(ground);
  const { clock, network, hop, nearPort } = ground;
  await clock.run(61_000);
  hop.script = ({ method }) => method === 'INFO';
  ground.note('first', dialog.request('INFO'));
  await clock.run(3400);
  raw.request('OPTIONS');
  await clock.run(50);
  network.partition({ host, port: nearPort }, { host, port: hop.port });
  await clock.run(550);
  ground.note('second', dialog.request('INFO'));
  await clock.run(3500 + 1000 + 50);
  assert.equal(ground.seen(), ['first failed 503 local', 'second failed 503 local', 'recovering', 'healthy']);
  await finish(ground, dialog);
});

test('so is one that holds back a re-INVITE which the program has given up', async () => {
  const ground = await bed({ stack: { recovery: { probeIntervalMs: 60_000 } } });
  const { dialog } = await call(ground);
  const { clock, network, hop, nearPort } = ground;
  await clock.run(61_000);
  network.partition({ host, port: nearPort }, { host, port: hop.port });
  const giveUp = new AbortController();
  ground.note('invite', dialog.request('INVITE', { signal: giveUp.signal }));
  await clock.run(1000);
  giveUp.abort();
  await clock.run(2500 + 1000 + 50);
  assert.equal(ground.seen().slice(1), ['recovering', 'healthy']);
  await finish(ground, dialog);
});

test('a heal that has waited as long has its hop asked as well', async () => {
  const ground = await bed({ hops: 1, stack: { recovery: { probeIntervalMs: 60_000 } } });
  const { dialog } = await call(ground);
  const { clock, network, hop, nearPort } = ground;
  await clock.run(61_000);
  network.partition({ host, port: nearPort }, { host, port: hop.port });
  ground.note('heal', dialog.heal());
  await clock.run(3500 + 1000);
  assert.equal(ground.seen(), ['heal failed 503 local', 'recovering']);
  network.heal({ host, port: nearPort }, { host, port: hop.port });
  await clock.run(61_000);
  assert.equal(ground.seen().slice(2), ['healthy']);
  await finish(ground, dialog);
});

for (const protocol of ['udp', 'tcp'] as const) {
  test(`a heal that waits for a silent hop, which carries nothing and is not asked by itself, is known to be lost by then, over ${protocol}`, async () => {
    const ground = await bed({ protocol });
    const { dialog } = await call(ground);
    const { clock, hop, other } = ground;
    await clock.run(1000);
    for (const peer of [hop, other]) {
      peer.answersProbes = false;
      peer.script = () => true;
    }
    while (!ground.seen().includes('recovering')) await clock.run(1);
    await clock.run(10);
    assert.is(other.requests('UPDATE').length, 1);
    hop.answersProbes = true;
    hop.script = () => false;
    await clock.run((protocol === 'udp' ? 3500 : 4000) + 1100 + 2000); // the second attempt is 2 s after the first at most
    assert.equal(ground.seen(), ['recovering', 'healthy']);
    assert.is(hop.requests('UPDATE').length, 1);
    other.answersProbes = true;
    other.script = () => false;
    await clock.run(1000);
    await finish(ground, dialog);
  });
}

for (const protocol of ['udp', 'tcp'] as const) {
  /**
   * A call whose peer has no UPDATE; its hop hears nothing for 5 s, and then all of it: something that was given up, and the heal that came
   * after it. The INVITEs that the peer has answered, and those whose answer was acknowledged.
   */
  const afterSilence = async (ground: Bed, ask: (dialog: Dialog) => void, quietMs = 1000) => {
    const { clock, network, hop } = ground;
    hop.capabilities = ['Allow: INVITE, ACK, BYE, CANCEL', 'Supported: ms-dialog-route-set-update'];
    const { dialog } = await call(ground);
    await clock.run(quietMs);
    const place = { host, port: hop.port };
    network.pause(place);
    ask(dialog);
    await clock.run(5000);
    network.resume(place);
    await clock.run(10_000);
    const answered = hop.requests('INVITE').map(({ cseq }) => cseq);
    const acknowledged = hop.requests('ACK').map(({ cseq }) => cseq);
    assert.is(new Set(answered).size, 3, 'the call, what was given up, and the heal');
    return { dialog, answered: [...new Set(answered)], acknowledged: [...new Set(acknowledged)] };
  };

  test(`a re-INVITE that was given up with its hop, and arrives all the same, has its 2xx acknowledged, over ${protocol}`, async () => {
    const ground = await bed({ hops: 1, protocol });
    const { dialog, answered, acknowledged } = await afterSilence(ground, (each) =>
      ground.note('re-INVITE', each.request('INVITE', { body: nearOffer })),
    );
    assert.equal(ground.seen(), ['re-INVITE failed 503 local', 'recovering', 'healthy']);
    assert.equal(acknowledged, answered);
    await finish(ground, dialog);
  });

  test(`so has a heal by INVITE, over ${protocol}`, async () => {
    const ground = await bed({ hops: 1, protocol });
    const { dialog, answered, acknowledged } = await afterSilence(ground, (each) => ground.note('heal', each.heal()));
    assert.equal(ground.seen(), ['heal failed 503 local', 'recovering', 'healthy']);
    assert.equal(acknowledged, answered);
    await finish(ground, dialog);
  });

  test(`and a session refresh by INVITE, over ${protocol}`, async () => {
    const ground = await bed({ hops: 1, protocol, stack: { sessionTimer: { intervalS: 90 } } });
    ground.hop.script = (request) => {
      if (request.method !== 'INVITE') return false;
      ground.hop.accept(request, { headers: ['Session-Expires: 90;refresher=uac'] });
      return true;
    };
    const { dialog, answered, acknowledged } = await afterSilence(ground, () => undefined, 44_500);
    assert.equal(ground.seen(), ['recovering', 'healthy']);
    assert.equal(acknowledged, answered);
    await finish(ground, dialog);
  });
}

test('requests that the far end alone leaves unanswered cost a hop that is asked seldom a few probes, and nothing else', async () => {
  const ground = await bed({ stack: { recovery: { probeIntervalMs: 60_000 } } });
  const { dialog } = await call(ground);
  const { clock, hop } = ground;
  hop.script = (request) => request.method === 'INFO';
  const asked = probesTo(ground).length;
  for (let sent = 0; sent < 100; sent++) {
    ground.note('info', dialog.request('INFO'));
    await clock.run(3);
  }
  await clock.run(20_000);
  const more = probesTo(ground).length - asked;
  assert.ok(more >= 2 && more <= 4, `${more}`);
  assert.equal(ground.seen(), []);
  hop.script = () => false;
  await clock.run(20_000);
  await finish(ground, dialog);
});

test.run();
