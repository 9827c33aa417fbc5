import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readArguments } from '../../../bench/soak/arguments.ts';
import { ageingRound, planOf } from '../../../bench/soak/plan.ts';
import { ageMsOf, type Scenario } from '../../../bench/soak/scenario.ts';

const test = suite('Plan of a soak');

const scenario: Scenario = {
  minutes: 20,
  dialogs: 20_000,
  callsPerSecond: 100,
  breaks: 60,
  shards: 2,
  transport: 'udp',
  seed: 1,
  leakBytesPerCall: 0,
};

test('the same seed gives the same plan, another one another', () => {
  assert.equal(planOf(scenario), planOf(scenario));
  assert.not.equal(planOf(scenario), planOf({ ...scenario, seed: 2 }));
});

test('breaks come one after the other, within the time', () => {
  const plan = planOf(scenario);
  assert.is(plan.length, 60);
  const partMs = (20 * 60_000) / 60;
  for (const [part, { atMs }] of plan.entries()) assert.ok(atMs >= part * partMs && atMs < (part + 1) * partMs);
});

test('each kind comes as often as the others, on both edges', () => {
  const plan = planOf(scenario);
  for (const kind of ['dead-hop', 'silent-hop', 'lost-state', 'partition'] as const) {
    assert.is(plan.filter((planned) => planned.kind === kind).length, 15);
  }
  for (const edge of [0, 1]) assert.ok(plan.filter((planned) => planned.edge === edge).length > 15);
});

test('ageing breaks each edge in each way, for a quarter of the time and 5 minutes at most', () => {
  for (const transport of ['udp', 'tcp'] as const) {
    const ways = ageingRound(transport).map(({ kind, edge }) => `${kind} ${edge}`);
    assert.equal([ways.length, new Set(ways).size], [8, 8]);
  }
  const minutes = [1, 20, 600].map((each) => ageMsOf({ ...scenario, minutes: each }) / 60_000);
  assert.equal(minutes, [0.25, 5, 5]);
});

test('connections are reset where there are some', () => {
  const kinds = new Set(planOf({ ...scenario, transport: 'tcp' }).map(({ kind }) => kind));
  assert.ok(kinds.has('flow-lost') && !kinds.has('partition'));
});

test('without any option it is the soak that is meant', () => {
  assert.equal(readArguments([]), { kind: 'run', scenario, json: undefined, html: undefined, svg: undefined });
});

test('every option is read', () => {
  const args = [
    ...['--minutes', '0.5', '--dialogs', '10', '--calls-per-second', '5', '--breaks', '0', '--shards', '0'],
    ...[
      '--transport',
      'tcp',
      '--seed',
      '7',
      '--leak-bytes-per-call',
      '100',
      '--json',
      'a',
      '--html',
      'b',
      '--svg',
      'c',
    ],
  ];
  assert.equal(readArguments(args), {
    kind: 'run',
    scenario: {
      ...{ minutes: 0.5, dialogs: 10, callsPerSecond: 5, breaks: 0, shards: 0, transport: 'tcp', seed: 7 },
      leakBytesPerCall: 100,
    },
    json: 'a',
    html: 'b',
    svg: 'c',
  });
});

for (const args of [
  ['--minutes', '0'],
  ['--minutes', ''],
  ['--dialogs', '0'],
  ['--breaks', '1.5'],
  ['--transport', 'tls'],
  ['5'],
]) {
  test(`'${args.join(' ')}' is refused with a sentence`, () => {
    const read = readArguments(args);
    assert.ok(read.kind === 'wrong' && read.message.length > 10);
  });
}

test.run();
