import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StackOptions } from '../../core/index.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import { host, noted } from '../engine/world.ts';

const test = suite('What is taken for a broken route, in each mode');

type Mode = 'none' | 'limited' | 'maximum' | 'passive';

/**
 * What becomes of the dialog: `told` the sender alone; `healed` at once, with both events; `healed unseen`; `left` to the far end, one event;
 * `ended` before or by BYE.
 */
type Fate = 'told' | 'healed' | 'healed unseen' | 'left' | 'ended';

const recoveryOf: Readonly<Record<Mode, NonNullable<StackOptions['recovery']>>> = {
  none: { mode: 'none' },
  limited: { mode: 'limited' },
  maximum: { mode: 'maximum' },
  passive: { passive: true },
};

const action = (value: string): readonly string[] => [`P-Dialog-Recovery-Action: ${value}`];

/** The final response to an INFO, and its fate in the modes none, limited, maximum, passive. @see RFC 5057 §5.1 for none */
const responses: readonly (readonly [number, readonly string[], Fate, Fate, Fate, Fate])[] = [
  [400, [], 'told', 'told', 'told', 'told'],
  [403, [], 'told', 'told', 'told', 'told'],
  [404, [], 'ended', 'healed', 'healed', 'left'],
  [405, [], 'told', 'told', 'told', 'told'],
  [408, [], 'ended', 'healed', 'healed', 'left'],
  [410, [], 'ended', 'told', 'told', 'told'],
  [415, [], 'told', 'told', 'told', 'told'],
  [420, [], 'told', 'told', 'told', 'told'],
  [430, [], 'told', 'told', 'told', 'told'],
  [430, action('X-Other'), 'told', 'told', 'told', 'told'],
  [430, action('Dialog-Route-Set-Update'), 'told', 'healed unseen', 'healed unseen', 'healed unseen'],
  [430, action('Registration-Route-Set-Update'), 'told', 'healed', 'healed', 'healed'],
  [430, action('Wait-For-Session-Update'), 'told', 'healed', 'healed', 'left'],
  [477, [], 'told', 'healed', 'healed', 'left'],
  [478, [], 'told', 'healed', 'healed', 'left'],
  [480, [], 'ended', 'healed', 'healed', 'left'],
  [481, [], 'ended', 'healed', 'healed', 'healed'],
  [486, [], 'told', 'told', 'told', 'told'],
  [488, [], 'told', 'told', 'told', 'told'],
  [491, [], 'told', 'told', 'told', 'told'],
  [500, [], 'told', 'healed', 'healed', 'left'],
  [501, [], 'told', 'told', 'told', 'told'],
  [502, [], 'ended', 'healed', 'healed', 'left'],
  [503, [], 'told', 'healed', 'healed', 'left'],
  [504, [], 'told', 'healed', 'healed', 'left'],
  [600, [], 'told', 'told', 'told', 'told'],
  [603, [], 'told', 'told', 'told', 'told'],
];

const modes: readonly Mode[] = ['none', 'limited', 'maximum', 'passive'];

/** A call in that mode, what happens to it, and its fate. */
async function fateOf(mode: Mode, happens: (ground: Bed, info: () => void) => Promise<void>): Promise<Fate> {
  const log: string[] = [];
  const ground = await bed({ hops: 1, stack: { recovery: recoveryOf[mode], application: noted(log) } });
  const { dialog } = await call(ground);
  let told = false;
  await happens(ground, () => {
    dialog.request('INFO').then(
      () => log.unshift('succeeded'),
      () => {
        told = true;
        assert.equal(log, [], 'the rejection comes before any event');
      },
    );
  });
  const { hop, clock } = ground;
  hop.script = () => false;
  const fate = read(log, told);
  if (fate === 'left') assert.is(hop.requests('UPDATE').length, 0);
  if (fate === 'ended') {
    await ground.rest();
    return fate;
  }
  await clock.run(100);
  await finish(ground, dialog);
  return fate;
}

function read(log: readonly string[], told: boolean): Fate {
  const seen = log.join(', ');
  if (seen === 'succeeded') return 'healed unseen';
  if (seen === 'recovering, healthy') return 'healed';
  if (seen === 'recovering') return 'left';
  if (/^ended (local|remote) (unreachable|does-not-exist)$/.test(seen)) return 'ended';
  assert.is(seen, '');
  assert.ok(told, 'nobody was told anything');
  return 'told';
}

for (const [index, mode] of modes.entries()) {
  test(`Q7: each final response in mode ${mode}`, async () => {
    for (const [status, headers, ...fates] of responses) {
      const fate = await fateOf(mode, async ({ hop, clock }, info) => {
        let fails = 1;
        hop.script = (request) => {
          if (request.method !== 'INFO' || fails-- <= 0) return false;
          hop.reply(request, status, { headers });
          return true;
        };
        info();
        await clock.run(100);
      });
      assert.is(fate, fates[index], `${status} ${headers}`);
    }
  });
}

/** Each kind of silence, and its fate in the same order. */
const silences: readonly {
  readonly name: string;
  readonly happens: (ground: Bed, info: () => void) => Promise<void>;
  readonly fates: readonly Fate[];
}[] = [
  {
    name: 'a request that nobody answers, while the hop answers its probes',
    happens: async ({ hop, clock }, info) => {
      hop.script = ({ method }) => method === 'INFO';
      info();
      await clock.run(32_100);
    },
    fates: ['ended', 'healed', 'healed', 'left'],
  },
  {
    name: 'a hop that falls silent, and comes back',
    happens: async ({ network, clock }, info) => {
      const ends = [
        { host, port: 5060 },
        { host, port: 5070 },
      ] as const;
      network.partition(...ends);
      info();
      await clock.run(33_000);
      network.heal(...ends);
      await clock.run(1_000);
    },
    fates: ['ended', 'healed', 'healed', 'left'],
  },
];

for (const { name, happens, fates } of silences) {
  test(`Q7: ${name}, in each mode`, async () => {
    for (const [index, mode] of modes.entries()) assert.is(await fateOf(mode, happens), fates[index], mode);
  });
}

test.run();
