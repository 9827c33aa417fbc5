import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog } from '../../core/index.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import { host, noted } from '../engine/world.ts';
import { JumpClock } from '../jump-clock.ts';

const test = suite('Clocks that jump');

const hoursMs = 5 * 3_600_000;
const timer = (refresher: string): string[] => [`Session-Expires: 600;refresher=${refresher}`, 'Require: timer'];
const resilient = ['Allow: INVITE, ACK, BYE, CANCEL, UPDATE, INFO', 'Supported: timer, ms-dialog-route-set-update'];
const registerFirst = ['P-Dialog-Recovery-Action: Registration-Route-Set-Update, Dialog-Route-Set-Update'];

interface Jumping extends Bed {
  jump(ms: number): void;
}

async function jumping(): Promise<Jumping> {
  const log: string[] = [];
  const ground = await bed({ hops: 0 });
  const clock = new JumpClock(ground.clock);
  const near = await ground.stack('jumper', 5065, {
    hops: [ground.hop.uri],
    clock,
    application: { ...noted(log), refreshRegistration: async () => undefined },
  });
  await ground.clock.run(10);
  const jump = (ms: number): void => clock.jump(ms);
  return { ...ground, near, nearPort: 5065, jump, seen: () => [...ground.seen(), ...log] };
}

/** Brings a dialog somewhere, and gives what lets it out again. */
const places: Readonly<Record<string, (ground: Jumping, dialog: Dialog) => Promise<() => void>>> = {
  'healthy and idle': async () => () => undefined,
  'a request under way': async ({ hop, clock, note }, dialog) => {
    hop.script = ({ method }) => method === 'INFO';
    note('info', dialog.request('INFO'));
    await clock.run(10);
    return () => undefined;
  },
  'a heal under way': async ({ hop, clock, note }, dialog) => {
    hop.script = ({ method }) => method === 'UPDATE';
    note('heal', dialog.heal());
    await clock.run(10);
    return () => undefined;
  },
  'between two heals': async ({ hop, clock }, dialog) => {
    hop.script = (request) => {
      if (request.method !== 'BYE') hop.reply(request, 500);
      return request.method !== 'BYE';
    };
    dialog.request('INFO').catch(() => undefined);
    await clock.run(100_000);
    return () => undefined;
  },
  'no live hop': async ({ hop, clock, network, nearPort }) => {
    const ends = [
      { host, port: nearPort },
      { host, port: hop.port },
    ] as const;
    network.partition(...ends);
    await clock.run(100_000);
    return () => network.heal(...ends);
  },
  'waiting for the registration': async ({ hop, clock }, dialog) => {
    hop.script = (request) => {
      if (request.method !== 'BYE') hop.reply(request, 430, { headers: registerFirst });
      return request.method !== 'BYE';
    };
    dialog.request('INFO').catch(() => undefined);
    await clock.run(20_000);
    return () => undefined;
  },
};

for (const [place, bring] of Object.entries(places)) {
  for (const refresher of ['uac', 'uas']) {
    test(`${place}, refreshed by the ${refresher}: hours forward end nothing, and what is broken heals in its time`, async () => {
      const ground = await jumping();
      const { hop, clock, take } = ground;
      hop.capabilities = [...resilient, ...timer(refresher)];
      const { dialog, raw } = await call(ground);
      const release = await bring(ground, dialog);
      ground.jump(hoursMs);
      await clock.run(100);
      hop.script = () => false;
      release();
      await clock.run(70_000);
      assert.is(hop.requests('BYE').length, 0);
      assert.not(
        ground.seen().some((line) => line.startsWith('ended')),
        ground.seen().join(),
      );
      assert.is((await take(dialog.routeStatus())).status, 'healthy');
      assert.is((await take(dialog.request('MESSAGE'))).status, 200);
      raw.request('OPTIONS');
      await clock.run(10);
      await finish(ground, dialog);
    });
  }
}

test('a clock that goes back, against its contract, stops what waits for time and nothing else', async () => {
  const ground = await jumping();
  const { clock, take, hop } = ground;
  hop.capabilities = [...resilient, ...timer('uac')];
  const { dialog, raw } = await call(ground);
  await clock.run(10_000);
  ground.jump(-3_600_000);
  assert.is((await take(dialog.request('INFO'))).status, 200);
  assert.is((await take(dialog.heal())).status, 'healthy');
  raw.request('UPDATE', { headers: ['Supported: timer', 'Session-Expires: 600;refresher=uas'] });
  await clock.run(100);
  assert.is(hop.responses('UPDATE').at(-1)?.status, 200);
  assert.is(hop.requests('UPDATE').length, 1);
  await clock.run(3_600_000 + 301_000);
  assert.is(hop.requests('UPDATE').length, 2, 'the session timer goes on when the clock has caught up');
  assert.equal(ground.seen(), []);
  await finish(ground, dialog);
});

test.run();
