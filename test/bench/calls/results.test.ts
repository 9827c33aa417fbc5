import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CallFigures, Look } from '../../../bench/calls/messages.ts';
import { goalsOf, type Played, resultsOf } from '../../../bench/calls/results.ts';

const test = suite('Results of the bench of calls');

const times = { p50: 1, p90: 2, p99: 3, p999: 4, max: 5 };
const figures: CallFigures = {
  ...{ begun: 8000, ended: 8000, failed: 0, failures: [], perSecond: 4000 },
  ...{ setUpMs: times, quantilesMs: [], lateMs: times },
};

function look(atMs: number, cpuMs: number, received = 0, sent = 0): Look {
  return {
    ...{ atMs, cpuMs, rssSize: 1e6 * atMs, dialogsSize: null, loopDelayMs: { p50: 0, p99: 1, max: 2 } },
    ...{ repetitions: { received, sent }, shed: 0, failures: [] },
  };
}

const played: Played = {
  figures,
  failedBefore: 0,
  stack: { before: look(1000, 500), after: look(3000, 2100) },
  farEnd: { before: look(0, 0, 2, 1), after: look(2000, 400, 2, 1) },
};
const scenario = { as: 'uac', callsPerSecond: 4000, seconds: 2, transport: 'udp', shards: 0 } as const;

test('only what was used and repeated since the warm-up counts', () => {
  const results = resultsOf(played);
  assert.is(results.cpuPerCallUs, 200);
  assert.equal([results.stackCpu, results.farEndCpu], [0.8, 0.2]);
  assert.equal(results.retransmissions, { received: 0, sent: 0 });
  assert.is(results.retransmissionsBefore, 3);
  assert.equal(results.rssSize, { start: 1e9, end: 3e9 });
  assert.ok(goalsOf(scenario, results).every(({ met }) => met));
});

test('a message that was sent again misses the goal, whoever sent it', () => {
  for (const after of [look(2000, 400, 3, 1), look(2000, 400, 2, 2)]) {
    const results = resultsOf({ ...played, farEnd: { ...played.farEnd, after } });
    assert.is(goalsOf(scenario, results)[0]?.met, false);
  }
});

test('a lower rate is held against no other goal', () => {
  assert.is(goalsOf({ ...scenario, callsPerSecond: 100 }, resultsOf(played)).length, 1);
});

test.run();
