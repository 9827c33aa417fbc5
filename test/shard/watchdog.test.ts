import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { silentRoundsMax, Watchdog } from '../../core/shard/watchdog.ts';

const test = suite('Watchdog of shards');

function roundsUntilSilent(watchdog: Watchdog, shard: number, beats: number): number {
  let rounds = 1;
  while (!watchdog.isSilent(shard, beats)) rounds++;
  return rounds;
}

test('a shard whose beats stand still is silent after so many rounds, and no sooner', () => {
  const watchdog = new Watchdog();
  assert.not(watchdog.isSilent(3, 17));
  assert.is(roundsUntilSilent(watchdog, 3, 17), silentRoundsMax);
});

test('one beat makes up for all the silence before', () => {
  const watchdog = new Watchdog();
  for (let round = 0; round < silentRoundsMax; round++) assert.not(watchdog.isSilent(0, 1));
  assert.not(watchdog.isSilent(0, 2));
  assert.is(roundsUntilSilent(watchdog, 0, 2), silentRoundsMax);
});

test('each shard has a silence of its own', () => {
  const watchdog = new Watchdog();
  for (let round = 0; round < silentRoundsMax; round++) {
    watchdog.isSilent(0, 5);
    assert.not(watchdog.isSilent(1, round));
  }
  assert.ok(watchdog.isSilent(0, 5));
  assert.not(watchdog.isSilent(1, silentRoundsMax));
});

test('a life that begins anew is not held to the beats of the one before', () => {
  const watchdog = new Watchdog();
  for (let round = 0; round < silentRoundsMax; round++) watchdog.isSilent(0, 0);
  watchdog.forget(0);
  assert.not(watchdog.isSilent(0, 0));
});

test.run();
