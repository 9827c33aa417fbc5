import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Application, StackOptions } from '../../core/index.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import { nearOffer, noted } from '../engine/world.ts';

const test = suite('Media and a broken route: the guard, and the way to move media');

const waitForIt = ['P-Dialog-Recovery-Action: Wait-For-Session-Update'];
const minuteMs = 60_000;

async function mediaBed(application: Application = {}, recovery: StackOptions['recovery'] = {}): Promise<Bed> {
  const log: string[] = [];
  const ground = await bed({ hops: 1, stack: { recovery, application: noted(log, application) } });
  return { ...ground, seen: () => [...ground.seen(), ...log] };
}

function broken({ hop }: Bed): void {
  hop.script = (request) => {
    if (request.method === 'BYE') return false;
    hop.reply(request, 430, { headers: waitForIt });
    return true;
  };
}

test('Q14: 15 minutes without media on a broken route end the session by BYE', async () => {
  const ground = await mediaBed();
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  broken(ground);
  dialog.request('INFO').catch(() => undefined);
  await clock.run(5 * minuteMs);
  dialog.reportMedia('dead');
  await clock.run(14 * minuteMs);
  dialog.reportMedia('dead');
  assert.equal(ground.seen(), ['recovering']);
  await clock.run(minuteMs + 100);
  assert.equal(ground.seen(), ['recovering', 'ended local media-timeout']);
  assert.is(hop.requests('BYE').length, 1);
  await ground.rest();
});

test('Q14: who never reports, or reports media alive, is never ended so', async () => {
  for (const report of ['nothing', 'alive', 'dead, then alive'] as const) {
    const ground = await mediaBed();
    const { dialog } = await call(ground);
    const { hop, clock } = ground;
    if (report !== 'nothing') dialog.reportMedia('alive');
    broken(ground);
    dialog.request('INFO').catch(() => undefined);
    await clock.run(minuteMs);
    if (report === 'dead, then alive') {
      dialog.reportMedia('dead');
      await clock.run(14 * minuteMs);
      dialog.reportMedia('alive');
    }
    await clock.run(60 * minuteMs);
    assert.equal(ground.seen(), ['recovering'], report);
    hop.script = () => false;
    await clock.run(2 * minuteMs);
    await finish(ground, dialog);
  }
});

test('Q14: media that were dead before the break count from the break; a healed route stops the clock', async () => {
  const ground = await mediaBed({}, { mediaTimeoutMs: 10 * minuteMs });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  dialog.reportMedia('dead');
  await clock.run(60 * minuteMs);
  assert.equal(ground.seen(), []);
  broken(ground);
  dialog.request('INFO').catch(() => undefined);
  await clock.run(8 * minuteMs);
  hop.script = () => false;
  await clock.run(60 * minuteMs);
  assert.equal(ground.seen(), ['recovering', 'healthy']);
  broken(ground);
  dialog.request('INFO').catch(() => undefined);
  await clock.run(10 * minuteMs + 100);
  assert.equal(ground.seen().slice(2), ['recovering', 'ended local media-timeout']);
  await ground.rest();
});

test('after a break the program may move media by a re-INVITE; the answer comes to onSessionChanged', async () => {
  const moved = nearOffer.replace('near 1 1', 'near 1 2');
  const told: string[] = [];
  const ground = await mediaBed({
    relocateMedia: async () => ({ body: moved }),
    onSessionChanged: (_dialog, body) => void told.push(new TextDecoder().decode(body).split('\r\n')[1] ?? ''),
  });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  let fails = 1;
  hop.script = (request) => {
    if (request.method !== 'INFO' || fails-- <= 0) return false;
    hop.reply(request, 430, { headers: waitForIt });
    return true;
  };
  dialog.request('INFO').catch(() => undefined);
  await clock.run(100);
  assert.is(hop.requests('INVITE').length, 2);
  assert.is(hop.last('INVITE').body, moved);
  assert.equal(told, ['o=far 1 1 IN IP4 10.0.0.1']);
  await finish(ground, dialog);
});

test('so it may when media are reported dead on a route that works; one that wants nothing sends nothing', async () => {
  const asked: string[] = [];
  const ground = await mediaBed({
    relocateMedia: (dialog) => {
      asked.push(dialog.callId);
      return asked.length === 1 ? undefined : { body: nearOffer };
    },
  });
  const { dialog } = await call(ground);
  dialog.reportMedia('dead');
  await ground.clock.run(100);
  assert.equal([asked.length, ground.hop.requests('INVITE').length], [1, 1]);
  dialog.reportMedia('alive');
  dialog.reportMedia('dead');
  await ground.clock.run(100);
  assert.equal([asked.length, ground.hop.requests('INVITE').length], [2, 2]);
  await finish(ground, dialog);
});

test('a re-INVITE that is refused, or a program that fails, is a warning and no more', async () => {
  const warnings: string[] = [];
  let times = 0;
  const ground = await mediaBed({
    relocateMedia: () => {
      if (times++ === 0) throw new Error('no relay');
      return { body: nearOffer };
    },
    onWarning: (message) => void warnings.push(message),
  });
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, 488);
    return request.method === 'INVITE';
  };
  for (let round = 0; round < 2; round++) {
    dialog.reportMedia('dead');
    await clock.run(100);
    dialog.reportMedia('alive');
  }
  assert.equal(warnings, ['Media were not relocated: no relay', 'Media were not relocated: 488 Because']);
  assert.equal(ground.seen(), []);
  await finish(ground, dialog);
});

test.run();
