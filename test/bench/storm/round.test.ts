import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Round } from '../../../bench/storm/round.ts';

const test = suite('Round of the storm');

/** A storm of so many dialogs that is about to begin. */
function begun(dialogs: number): Round {
  const round = new Round(dialogs);
  round.begin(dialogs);
  return round;
}

test('healing is timed from the break, the storm from the first mark to the last heal', () => {
  const round = begun(2);
  round.marked(0, 1100, 1110);
  round.marked(1, 1100, 1120);
  round.recovered(0, 1150);
  assert.is(round.isHealed, false);
  round.recovered(1, 1300);
  assert.is(round.isHealed, true);
  round.proved(0);
  round.proved(1);
  const { broken, healed, lost, verified, detectMs, markMs, stormMs, healMs } = round.close(1000, 1300);
  assert.equal(
    { broken, healed, lost, verified, detectMs, markMs, stormMs },
    { broken: 2, healed: 2, lost: 0, verified: 2, detectMs: 100, markMs: 20, stormMs: 200 },
  );
  assert.equal(healMs, { p50: 150, p90: 300, p99: 300, p999: 300, max: 300 });
});

test('a dialog that is not healed, or not verified, is lost, and stands as broken until the end', () => {
  const round = begun(3);
  for (const dialog of [0, 1, 2]) round.marked(dialog, 1100, 1100);
  round.recovered(0, 1200);
  round.recovered(1, 1200);
  round.proved(0);
  const { lost, verified, healMs } = round.close(1000, 9000);
  assert.equal({ lost, verified, p50: healMs.p50, max: healMs.max }, { lost: 2, verified: 1, p50: 8000, max: 8000 });
});

test('a dialog that breaks again is healed when it works again', () => {
  const round = begun(1);
  round.marked(0, 1100, 1100);
  round.recovered(0, 1200);
  round.marked(0, 1300, 1300);
  assert.is(round.isHealed, false);
  round.recovered(0, 1700);
  round.proved(0);
  const { healed, healMs } = round.close(1000, 9000);
  assert.equal({ healed, max: healMs.max }, { healed: 1, max: 700 });
});

test('healing that is to go unseen is timed from the INFO; a dialog of which the program hears is lost', () => {
  const round = begun(2);
  for (const dialog of [0, 1]) round.asked(dialog, 1500);
  round.succeeded(0, 1520);
  round.marked(1, 1510, 1510);
  round.recovered(1, 1530);
  assert.is(round.isHealed, false, 'not by the word of the stack');
  round.succeeded(1, 1540);
  assert.is(round.isHealed, true);
  for (const dialog of [0, 1]) round.proved(dialog);
  const { lost, detectMs, markMs, stormMs, healMs } = round.close(1000, 9000);
  assert.equal({ lost, detectMs, markMs, stormMs }, { lost: 1, detectMs: null, markMs: null, stormMs: 40 });
  assert.is(healMs.p50, 20);
});

test('nothing of one storm is left in the next', () => {
  const round = begun(1);
  round.marked(0, 1100, 1100);
  round.recovered(0, 1200);
  round.proved(0);
  round.begin(1);
  const { broken, healed, lost, verified, detectMs, stormMs } = round.close(2000, 3000);
  assert.equal(
    { broken, healed, lost, verified, detectMs, stormMs },
    { broken: 0, healed: 0, lost: 1, verified: 0, detectMs: null, stormMs: null },
  );
});

test('a dialog that went with its shard takes no part: the others end the storm', () => {
  const round = begun(3);
  for (const dialog of [0, 1, 2]) round.marked(dialog, 1100, 1100);
  round.recovered(0, 1200);
  round.recovered(1, 1250);
  round.lost(1);
  assert.is(round.isHealed, false);
  round.lost(2);
  assert.is(round.isHealed, true);
  round.proved(0);
  const { healed, lost, verified, healMs } = round.close(1000, 9000);
  assert.equal(
    { healed, lost, verified, gone: round.gone, max: healMs.max },
    { healed: 1, lost: 0, verified: 1, gone: 2, max: 200 },
  );
});

test.run();
