import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bed, call, finish } from '../engine/bed.ts';
import { host } from '../engine/world.ts';

const test = suite('How soon a hop that has fallen silent is known to be dead');

const probeIntervalMs = 375;

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

test.run();
