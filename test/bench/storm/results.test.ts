import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { goalsOf } from '../../../bench/storm/goals.ts';
import type { Rest } from '../../../bench/storm/messages.ts';
import { medianIndex, type Played, type PlayedRound, resultsOf } from '../../../bench/storm/results.ts';
import { Round } from '../../../bench/storm/round.ts';
import type { Scenario } from '../../../bench/storm/scenario.ts';

const test = suite('Results of the storm');

const dialogs = 10_000;
const scenario: Scenario = {
  dialogs,
  transport: 'udp',
  fault: 'dead-hop',
  rounds: 3,
  outageS: 30,
  settleS: 0,
  shards: 0,
  perShardPorts: false,
  killShard: undefined,
};

/** A storm of 10,000 dialogs that took so long, for which the stack's process used twice as much CPU. */
function round(stormMs: number, farEndCpu = 0.5): PlayedRound {
  const round = new Round(dialogs);
  round.begin(dialogs);
  for (let dialog = 0; dialog < dialogs; dialog++) {
    round.marked(dialog, 1100, 1100);
    round.recovered(dialog, 1100 + stormMs);
    round.proved(dialog);
  }
  const figures = { ...round.close(1000, 1100 + stormMs), cpuMs: 2 * stormMs };
  return { figures, repeated: 1, acks: 0, farEndCpu, shed: 0, outage: undefined, revival: undefined };
}

function rest(rssSize: number, heapSize: number, count: number): Rest {
  const traffic = { messages: 0, connects: 0 };
  const none = { count: 0, capacity: 0, usedSize: 0, heldSize: 0 };
  const memory = { dialogs: none, clientTransactions: none, serverTransactions: none, timers: none };
  return { rssSize, heapSize, dialogs: count, clientTransactions: 0, shed: 0, traffic, memory, failures: [] };
}

function played(rounds: readonly PlayedRound[]): Played {
  return {
    established: dialogs,
    rounds,
    floor: { roundTripsPerSecond: 100_000, cpuPerRoundTripUs: 10 },
    requestSize: 447,
    responseSize: 391,
    empty: rest(50e6, 5e6, 0),
    warm: rest(50e6, 5e6, 0),
    full: rest(58e6, 7e6, dialogs),
    informed: dialogs,
    memory: { atS: [0, 1, 2], sizes: [{ name: 'stack', octets: [50e6, 62e6, 58e6] }] },
  };
}

test('the round of the median time counts, and is held against the floor', () => {
  const results = resultsOf(played([round(300), round(100), round(200)]));
  assert.is(results.stormMs, 200);
  assert.is(results.floorMs, 100);
  assert.is(results.ratioToFloor, 2);
  assert.is(results.healsPerSecond, 50_000);
  assert.is(results.cpuPerHealUs, 40);
  assert.is(results.cpuRatioToFloor, 4);
  assert.is(results.retransmissions, 1);
  assert.equal([results.rssPerDialogBytes, results.heapPerDialogBytes], [800, 200]);
  assert.is(results.peakRssPerDialogBytes, 1200);
  assert.is(results.rounds.length, 3);
});

test('of an even number the earlier one is the median; without rounds there is none', () => {
  const times = (...ms: (number | null)[]): { stormMs: number | null }[] => ms.map((stormMs) => ({ stormMs }));
  assert.is(medianIndex(times(4, 2, 3, 1)), 1);
  assert.is(medianIndex(times(null, 5)), 1);
  assert.is(medianIndex([]), -1);
  assert.is(resultsOf(played([])).stormMs, null);
});

test('of an outage, healing is timed from the return of the hops', () => {
  const outage = { ms: 30_000, messages: 0, connects: 0, perSecond: 0, healedAfterMs: 500 };
  const results = resultsOf(played([{ ...round(30_500), outage }]));
  assert.is(results.stormMs, 30_500);
  assert.is(results.ratioToFloor, 5);
});

test('where the far end used all of its core, CPU is what is compared', () => {
  const namesOf = (farEndCpu: number): string[] =>
    goalsOf(scenario, resultsOf(played([round(100, farEndCpu)]))).map(({ name }) => name);
  assert.ok(namesOf(0.5).includes('storm to floor'));
  assert.ok(namesOf(0.96).includes('CPU of a heal to that of the floor'));
});

test('over TCP the goal of time is the longer one of 0.6 s for 100,000 dialogs and five floors', () => {
  const goals = goalsOf({ ...scenario, transport: 'tcp' }, resultsOf(played([round(499)])));
  const goal = goals.find(({ name }) => name === 'storm');
  assert.equal([goal?.atMost, goal?.met], [500, true]);
});

test('a lost dialog misses its goal in whatever round', () => {
  const bad = round(100);
  const results = resultsOf(played([round(100), { ...bad, figures: { ...bad.figures, lost: 1 } }, round(90)]));
  assert.is(results.lostInAll, 1);
  assert.is(goalsOf(scenario, results)[0]?.met, false);
});

test.run();
