import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createStack, type Dialog, type Stack } from '../../core/index.ts';
import { type Clock, memoryNetwork, systemClock, VirtualClock } from '../../transport/index.ts';
import { host, nearOffer, obliging, seeded } from '../engine/world.ts';

const test = suite('A rejection is seen before the status event that belongs to it');

const dialogs = 100;
const rounds = 100;

/** A program whose error arrives behind so many async functions. */
async function behind(depth: number, promise: Promise<unknown>): Promise<void> {
  if (depth > 0) return await behind(depth - 1, promise);
  await promise;
}

/** Many dialogs at once, each of which fails again as soon as it is healed: the depth differs from one failure to the next. */
async function failures(clock: Clock): Promise<{ rejections: number; events: number; overtaken: number }> {
  const network = memoryNetwork({ clock, seed: 1, delayMs: 0 });
  const counts = { rejections: 0, events: 0, overtaken: 0 };
  const depths = new Uint8Array(dialogs * rounds);
  seeded(7)(depths);
  const rejected = new Set<number>();
  let started = 0;
  let done = (): void => {};
  const allDone = new Promise<void>((resolve) => {
    done = resolve;
  });
  const open = (port: number, application: Parameters<typeof createStack>[0]['application']): Promise<Stack> =>
    createStack({
      transports: [network.udp({ host, port })],
      clock,
      random: seeded(port),
      limits: { dialogs: 256, transactions: 65_536 },
      ...(application && { application }),
    });
  const fail = (dialog: Dialog): void => {
    const depth = (depths[started++] ?? 0) % 6;
    behind(depth, dialog.request('INFO')).catch(() => {
      rejected.add(dialog.id);
      counts.rejections++;
    });
  };
  const far = await open(5080, { ...obliging, onRequest: (request) => request.respond(500) });
  const near = await open(5060, {
    onRouteStatus: (dialog, { status }) => {
      if (status === 'recovering') {
        counts.events++;
        if (!rejected.delete(dialog.id)) counts.overtaken++;
      } else if (started < dialogs * rounds) {
        fail(dialog);
      } else if (counts.events === dialogs * rounds) {
        done();
      }
    },
  });
  const calls = Array.from({ length: dialogs }, () => near.invite(`sip:bob@${host}:5080`, { body: nearOffer }));
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    let settled = false;
    promise.then(
      () => {
        settled = true;
      },
      () => {
        settled = true;
      },
    );
    if (clock instanceof VirtualClock) while (!settled) await clock.run(1);
    return promise;
  };
  for (const dialog of await settle(Promise.all(calls))) fail(dialog);
  await settle(allDone);
  await Promise.all([near.destroy(), far.destroy()]);
  return counts;
}

for (const [where, clock] of [
  ['in virtual time', () => new VirtualClock()],
  ['on the real clock', () => systemClock],
] as const) {
  test(`10,000 failed requests behind 0 to 5 nested async functions, ${where}`, async () => {
    assert.equal(await failures(clock()), { rejections: 10_000, events: 10_000, overtaken: 0 });
  });
}

test.run();
