import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Application, Dialog, IncomingCall, IncomingRequest } from '../../core/index.ts';
import { type Bed, bed } from './bed.ts';
import { Chaos, diceOf } from './chaos.ts';
import { parse } from './raw-peer.ts';

const test = suite('Whatever happens');

const first = Number(process.env['CHAOS_FIRST'] ?? 1);
const count = Number(process.env['CHAOS_COUNT'] ?? 20);

const runs = Array.from({ length: count }, (_, index) => first + index).flatMap((seed) =>
  (['udp', 'tcp'] as const).map((protocol) => ({ seed, protocol })),
);

for (const { seed, protocol } of runs) {
  test(`seed ${seed} over ${protocol}: every promise settles, nothing throws, and nothing is left`, async () => {
    const dice = diceOf(seed);
    const asked: (IncomingRequest | IncomingCall)[] = [];
    const lives = new Map<number, string[]>();
    const note = (dialog: Dialog, what: string): void => {
      const life = lives.get(dialog.id) ?? [];
      lives.set(dialog.id, life);
      life.push(what);
    };
    const application: Application = {
      onCall: (call) => void asked.push(call),
      onRequest: (request) => void asked.push(request),
      onRouteStatus: (dialog, { status, replaced }) => note(dialog, replaced ? `${status} replaced` : status),
      refreshRegistration: async () => {
        if (dice() < 0.4) throw new Error('no registrar');
        return undefined;
      },
      relocateMedia: () => (dice() < 0.1 ? { body: 'v=0\r\n' } : undefined),
      onEnded: (dialog) => note(dialog, 'ended'),
    };
    const routeSet = dice() < 0.25 ? 'rfc3261' : 'ms-sipre';
    const modes = ['none', 'limited', 'limited', 'maximum', 'maximum', 'maximum'] as const;
    const mode = modes[Math.floor(dice() * modes.length)] ?? 'maximum';
    const passive = dice() < 0.2;
    const replaces = dice() < 0.5;
    const limits = dice() < 0.3 ? { deadlineMs: 20_000, mediaTimeoutMs: 10_000 } : {};
    const ground = await bed({
      hops: Math.floor(dice() * 3),
      stack: {
        application,
        recovery: { mode, routeSet, passive, replaces, ...limits },
        sessionTimer: { intervalS: dice() < 0.5 ? 90 : 0 },
      },
      network: { seed, cutting: protocol === 'tcp' ? 0.3 : 0 },
      protocol,
    });
    const chaos = new Chaos(ground, dice, asked, { heals: mode !== 'none' });
    await chaos.run(150);
    ground.network.change({ loss: 0, duplication: 0, reordering: 0, jitterMs: 0 });
    await chaos.calmDown();
    assert.is(chaos.pending, 0, 'promises that never settled');
    assert.equal(
      ground.log.filter((line) => line.startsWith('threw')),
      [],
    );
    for (const [id, life] of lives)
      assert.match(
        `${life.join(' ')} `,
        /^(recovering( replaced)? healthy |(recovering( replaced)? )?healthy replaced )*(recovering( replaced)? )?ended $/,
        `dialog ${id}`,
      );
    checkSequences(ground);
    await ground.rest();
  });
}

/** Inside a dialog each of our requests has a CSeq of its own; only retransmissions repeat one. */
function checkSequences({ network }: Bed): void {
  const branches = new Map<string, string>();
  for (const { from, bytes } of network.log) {
    const message = parse(new TextDecoder().decode(bytes), 0);
    const inDialog = message.header('To').includes(';tag=');
    if (from.port !== 5060 || message.status > 0 || !inDialog || ['ACK', 'CANCEL'].includes(message.method)) continue;
    const key = `${message.header('Call-ID')} ${message.header('From')} ${message.header('To')} ${message.cseq}`;
    const branch = `${message.method} ${message.header('Via')}`;
    assert.is(branches.get(key) ?? branch, branch, key);
    branches.set(key, branch);
  }
}

test.run();
