import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Dialog, SipError, type StackOptions } from '../../core/index.ts';
import { type Bed, bed, call } from '../engine/bed.ts';
import { host, seeded } from '../engine/world.ts';

const test = suite('Programs that do anything, on routes that do anything');

const modes: readonly NonNullable<StackOptions['recovery']>[] = [
  { mode: 'maximum' },
  { mode: 'limited' },
  { mode: 'maximum', passive: true, deadlineMs: 300_000, mediaTimeoutMs: 100_000 },
  { mode: 'limited', passive: true },
  { mode: 'none' },
];

const actions = ['Dialog-Route-Set-Update', 'Registration-Route-Set-Update', 'Wait-For-Session-Update', 'X-Other'];

/** Whole numbers below `below`, the same ones for the same seed. */
function numbers(seed: number): (below: number) => number {
  const source = seeded(seed);
  const octets = new Uint8Array(2);
  return (below) => {
    source(octets);
    return ((octets[0] as number) * 256 + (octets[1] as number)) % below;
  };
}

/** The hop answers as it likes: mostly well, else with anything, or not at all. */
function answersAnything({ hop }: Bed, random: (below: number) => number): void {
  hop.script = (request) => {
    if (random(2) === 0 || request.method === 'INVITE') return false;
    const status = [430, 430, 430, 404, 480, 486, 488, 500, 503, 504, 0][random(11)] as number;
    const headers = [`P-Dialog-Recovery-Action: ${actions[random(4)]}`, `Retry-After: ${random(40)}`];
    if (status !== 0) hop.reply(request, status, { headers });
    return true;
  };
}

async function run(seed: number, recovery: NonNullable<StackOptions['recovery']>): Promise<void> {
  const random = numbers(seed);
  let promised = 0;
  let settled = 0;
  const follow = (promise: Promise<unknown>): void => {
    promised++;
    promise.then(
      () => settled++,
      (error: unknown) => {
        assert.instance(error, SipError);
        settled++;
      },
    );
  };
  const ground = await bed({
    hops: 1,
    network: { seed },
    stack: {
      recovery,
      application: {
        refreshRegistration: async () => {
          if (random(3) === 0) throw new Error('no registrar');
          return random(2) === 0 ? undefined : { contact: `sip:near@${host}:5060` };
        },
        relocateMedia: () => (random(4) === 0 ? { body: 'v=0\r\n' } : undefined),
        onEnded: (dialog) => void ended.add(dialog.id),
      },
    },
  });
  const ended = new Set<number>();
  const dialogs: Dialog[] = [];
  for (let index = 0; index < 6; index++) dialogs.push((await call(ground, index < 3 ? { group: 'one' } : {})).dialog);
  answersAnything(ground, random);
  const ends = [
    { host, port: 5060 },
    { host, port: 5070 },
  ] as const;
  for (let step = 0; step < 150; step++) {
    const dialog = dialogs[random(dialogs.length)] as Dialog;
    const giveUp = new AbortController();
    const signal = random(4) === 0 ? { signal: giveUp.signal } : {};
    switch (random(8)) {
      case 0:
      case 1:
      case 2:
        follow(dialog.request('INFO', { ...signal, confirmWithRemote: random(2) === 0 }));
        break;
      case 3:
        follow(dialog.request('UPDATE', signal));
        break;
      case 4:
        follow(
          dialog.heal(signal).catch((error: Error) => (recovery.mode === 'none' ? undefined : Promise.reject(error))),
        );
        break;
      case 5:
        dialog.reportMedia(random(2) === 0 ? 'alive' : 'dead');
        break;
      case 6:
        dialog.relate(`group ${random(2)}`);
        break;
      case 7:
        if (random(6) === 0) ground.network.partition(...ends);
        else ground.network.heal(...ends);
        if (random(20) === 0) follow(dialog.bye());
        break;
    }
    await ground.clock.run(random(10) === 0 ? random(60_000) : random(300));
    giveUp.abort();
  }
  ground.network.heal(...ends);
  ground.hop.script = () => false;
  await ground.clock.run(400_000);
  for (const dialog of dialogs) {
    if (ended.has(dialog.id)) continue;
    const { status } = await ground.take(dialog.routeStatus());
    if (recovery.passive !== true) assert.is(status, 'healthy', `dialog ${dialog.id}`);
    follow(dialog.bye());
  }
  await ground.rest();
  assert.is(settled, promised, 'a promise that never settles');
}

for (const [index, recovery] of modes.entries()) {
  test(`leave nothing behind, and every promise settles: ${JSON.stringify(recovery)}`, async () => {
    for (let seed = 1; seed <= 6; seed++) {
      try {
        await run(seed * 10 + index, recovery);
      } catch (error) {
        throw new Error(`seed ${seed * 10 + index}: ${error instanceof Error ? error.message : error}`, {
          cause: error,
        });
      }
    }
  });
}

test.run();
