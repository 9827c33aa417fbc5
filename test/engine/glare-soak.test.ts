import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Application, Dialog } from '../../core/index.ts';
import { diceOf } from './chaos.ts';
import { farAnswer, host, nearOffer, world } from './world.ts';

const test = suite('Two ends that change the session at will (RFC 3261 §14, RFC 3311 §5)');

const sides = ['near', 'far'] as const;

for (let seed = 1; seed <= 10; seed++) {
  test(`seed ${seed}: each offer is taken or told as 491, the call lives`, async () => {
    const dice = diceOf(seed);
    const ground = world({ seed, loss: dice() < 0.5 ? 0 : 0.1, jitterMs: 30 });
    const { clock, log, take } = ground;
    /** What each side answers with. */
    const own = new Map<string, string>([
      ['near', nearOffer],
      ['far', farAnswer],
    ]);
    const dialogs: Record<string, Dialog> = {};
    const outcomes: string[] = [];
    const application = (side: string): Application => ({
      onCall: (call) =>
        void call.answer({ body: farAnswer }).then((dialog) => {
          dialogs[side] = dialog;
        }),
      onRequest: (request) => request.respond(200, request.method === 'INFO' ? {} : { body: own.get(side) ?? '' }),
      onEnded: (_dialog, by, reason) => void outcomes.push(`ended ${by} ${reason}`),
      onRouteStatus: (_dialog, { status }) => void outcomes.push(status),
    });
    const near = await ground.stack('near', 5060, { application: application('near') });
    await ground.stack('far', 5070, { application: application('far') });
    dialogs['near'] = await take(near.invite(`sip:bob@${host}:5070`, { body: nearOffer }));
    for (let ms = 0; ms < 40_000 && dialogs['far'] === undefined; ms += 100) await clock.run(100);
    let version = 1;
    let pending = 0;
    for (let round = 0; round < 40; round++) {
      const side = sides[dice() < 0.5 ? 0 : 1];
      const body = `v=0\r\no=${side} 1 ${++version} IN IP4 10.0.0.1\r\ns=-\r\n`;
      const method = dice() < 0.6 ? 'INVITE' : 'UPDATE';
      pending++;
      const offer = dialogs[side]?.request(method, dice() < 0.8 ? { body } : {});
      offer
        ?.then(
          () => outcomes.push('200'),
          (error) => outcomes.push(String(error.message)),
        )
        .finally(() => pending--);
      await clock.run([0, 1, 5, 100, 3000][Math.floor(dice() * 5)] ?? 0);
    }
    await clock.run(120_000);
    assert.is(pending, 0, 'promises that never settled');
    const strange = outcomes.filter((outcome) => outcome !== '200' && outcome !== '491 Request Pending');
    assert.equal(strange, [], log.join('\n'));
    assert.ok(outcomes.includes('200'));
    for (const side of sides) assert.is((await take(dialogs[side]?.request('INFO') ?? Promise.reject())).status, 200);
    await take(dialogs['near'].bye());
    await clock.runUntilIdle();
    await ground.rest();
  });
}

test.run();
