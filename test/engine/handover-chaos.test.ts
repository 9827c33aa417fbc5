import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog, IncomingCall, IncomingRequest } from '../../core/index.ts';
import { bed } from './bed.ts';
import { Chaos, diceOf } from './chaos.ts';
import { parse } from './raw-peer.ts';

const test = suite('Handing dialogs over in the midst of everything');

const seeds = Array.from({ length: 12 }, (_, index) => 500 + index);

for (const seed of seeds) {
  test(`seed ${seed}: what is released can be adopted, and goes on where it stopped`, async () => {
    const dice = diceOf(seed);
    const asked: (IncomingRequest | IncomingCall)[] = [];
    const lives = new Map<number, string[]>();
    const note = ({ id }: Dialog, what: string): void => {
      const life = lives.get(id) ?? [];
      lives.set(id, life);
      life.push(what);
    };
    const ground = await bed({
      hops: Math.floor(dice() * 3),
      stack: {
        application: {
          onCall: (call) => void asked.push(call),
          onRequest: (request) => void asked.push(request),
          onRouteStatus: (dialog, { status }) => note(dialog, status),
          onEnded: (dialog) => note(dialog, 'ended'),
        },
        sessionTimer: { intervalS: dice() < 0.5 ? 90 : 0 },
      },
      network: { seed },
    });
    const chaos = new Chaos(ground, dice, asked, { handsOver: true, heals: true });
    await chaos.run(150);
    ground.network.change({ loss: 0, duplication: 0, reordering: 0, jitterMs: 0 });
    await chaos.calmDown();
    assert.is(chaos.pending, 0, 'promises that never settled');
    assert.ok(chaos.handedOver > 0);
    assert.equal(
      ground.log.filter((line) => line.startsWith('threw')),
      [],
    );
    for (const [id, life] of lives)
      assert.match(`${life.join(' ')} `, /^(recovering healthy )*(recovering )?(ended )?$/, `dialog ${id}`);
    const numbers = new Map<string, string>();
    for (const { from, bytes } of ground.network.log) {
      const message = parse(new TextDecoder().decode(bytes), 0);
      const isOurs = from.port === 5060 && message.status === 0 && message.header('To').includes(';tag=');
      if (!isOurs || ['ACK', 'CANCEL'].includes(message.method)) continue;
      const key = `${message.header('Call-ID')} ${message.header('From')} ${message.header('To')} ${message.cseq}`;
      const request = `${message.method} ${message.header('Via')}`;
      assert.is(numbers.get(key) ?? request, request, `a CSeq number that was used twice: ${key}`);
      numbers.set(key, request);
    }
    await ground.rest();
  });
}

test.run();
