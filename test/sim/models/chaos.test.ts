import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Dice } from '../dice.ts';
import type { Habit } from '../plan.ts';
import { Ground, host, type ProxyWishes } from './ground.ts';
import type { StrictEndpoint } from './strict-endpoint.ts';

const test = suite('models among themselves, in bad weather');

const habits: readonly Habit[] = [
  'refuses-update',
  'does-not-know-update',
  'bodyless-update-481',
  'drops-record-route',
  'changes-contact',
  'no-option-tag',
  'keeps-session-timer',
  'gives-up',
  'forks',
  'rings-reliably',
  'wants-longer-sessions',
  'glares',
];

const minutes = 10;

for (let seed = 1; seed <= 8; seed++) {
  test(`seed ${seed}: they come to rest, and carry out nothing twice`, async () => {
    const dice = new Dice(seed);
    const conditions = { loss: 0.1, duplication: 0.05, reordering: 0.05, jitterMs: 20, cutting: 0.2, delayMs: 5 };
    const ground = new Ground(dice.pick(['udp', 'tcp']), { seed, ...conditions });
    const executed = new Map<number, number>();
    const proxyWishes: ProxyWishes = {
      recordsRefreshes: dice.chance(0.5),
      routeless: dice.pick(['forward', 'refuse']),
    };
    const proxies = [5080, 5081];
    for (const port of proxies) await ground.proxy(`proxy${port}`, port, proxyWishes);
    const ends: StrictEndpoint[] = [];
    for (const [name, port] of [
      ['near', 5060],
      ['far', 5070],
    ] as const) {
      const protocol = dice.pick(['udp', 'tcp'] as const);
      const otherTransport = ground.network[protocol]({ host, port: port + 1 });
      ground.name(port, name);
      ends.push(
        await ground.endpoint(name, port, {
          protocol,
          otherTransport,
          seed: 2 * seed + (name === 'near' ? 0 : 1),
          habits: habits.filter(() => dice.chance(0.25)),
          sessionIntervalS: dice.pick([0, 90, 200]),
          outbound: dice.chance(0.8) ? proxies.map((proxy) => ({ host, port: proxy })) : [],
          isMoody: true,
          user: {
            onExecuted: (info) => executed.set(info, (executed.get(info) ?? 0) + 1),
            onEstablished: () => undefined,
            onEnded: () => undefined,
          },
        }),
      );
    }
    const untilMs = 60_000 * minutes;
    const targets = [5070, 5060].map(
      (port, index) => `sip:model@${host}:${port};transport=${ends[1 - index]?.protocol}`,
    );
    let infos = 0;
    while (ground.clock.nowMs() < untilMs) {
      await ground.clock.run(dice.below(6_000));
      const index = dice.below(2);
      const end = ends[index];
      if (end === undefined) throw new Error('no end');
      const dialog = dice.pick(end.dialogs);
      const what = dice.pick(['invite', 'info', 'info', 'update', 'update-offer', 'reinvite', 'bye', 'fault'] as const);
      if (what === 'fault') await misfortune(ground, dice, proxies, proxyWishes);
      else if (what === 'invite' || dialog === undefined) void end.invite(targets[index] ?? '');
      else if (what === 'info') void end.info(dialog, ++infos);
      else if (what === 'bye') void end.bye(dialog);
      else if (what === 'reinvite') void end.reinvite(dialog);
      else void end.update(dialog, what === 'update-offer');
    }
    for (const end of ends) end.calmDown();
    ground.network.change({ loss: 0, duplication: 0, reordering: 0 });
    await ground.clock.run(400_000);
    for (const end of ends) for (const dialog of end.dialogs) void end.bye(dialog);
    await ground.clock.run(400_000);
    await ground.rest();
    const twice = [...executed].filter(([, count]) => count > 1);
    assert.equal(twice, []);
    assert.ok(executed.size > 0);
  });
}

/** A proxy loses its memory, or is away for some time. */
async function misfortune(ground: Ground, dice: Dice, proxies: readonly number[], wishes: ProxyWishes): Promise<void> {
  const port = dice.pick(proxies);
  await ground.stopProxy(port);
  await ground.clock.run(dice.pick([0, 100, 5_000, 40_000]));
  await ground.proxy(`proxy${port}`, port, wishes);
}

test.run();
