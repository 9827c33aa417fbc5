import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Tally, type Who } from '../../../bench/soak/tally.ts';

const test = suite('Tally of a break');

/** Dialogs, each of a call of its own unless told otherwise. */
function who(id: number, callId: string = `call ${id}`): Who {
  return { id: id as Who['id'], callId };
}

const [a, b, c] = [who(1), who(2), who(3)];

test('who was hit is counted once, and timed to its last heal', () => {
  const tally = new Tally();
  tally.begin(10);
  for (const dialog of [a, b, a]) tally.broke(dialog);
  tally.healed(a, 1_100);
  tally.broke(a);
  assert.equal([tally.hit, tally.recovering], [2, 2]);
  tally.healed(a, 1_500);
  tally.healed(b, 1_200);
  tally.healed(c, 1_300);
  const { open, hit, healed, ended, healMs } = tally.close(1_000);
  assert.equal({ open, hit, healed, ended }, { open: 10, hit: 2, healed: 2, ended: 0 });
  assert.equal([healMs.p50, healMs.max], [200, 500]);
  assert.equal([tally.recovering, tally.hit], [0, 0]);
});

test('who hangs up while it is broken was hit, and is not waited for', () => {
  const tally = new Tally();
  tally.begin(2);
  tally.broke(a);
  tally.ended(a);
  tally.ended(b);
  assert.equal([tally.hit, tally.recovering], [1, 0]);
  assert.equal(tally.close(0).ended, 1);
});

test('the next break begins anew, but for who is broken still', () => {
  const tally = new Tally();
  tally.begin(2);
  for (const dialog of [a, b]) tally.broke(dialog);
  tally.healed(a, 1);
  tally.begin(2);
  assert.equal([tally.hit, tally.recovering], [1, 1]);
});

test('both ends have the same mark for a dialog', () => {
  const [near, far] = [new Tally(), new Tally()];
  near.broke(who(1, 'kf3a90gd'));
  near.broke(who(2, 'kf3a90ge'));
  far.broke(who(7, 'kf3a90gd'));
  assert.is(new Set([...near.marks, ...far.marks]).size, 2);
});

test('of two dialogs of one Call-ID each has to heal', () => {
  const tally = new Tally();
  const [first, second] = [who(1, 'call'), who(2, 'call')];
  for (const dialog of [first, second]) tally.broke(dialog);
  tally.healed(first, 1);
  assert.equal([tally.hit, tally.recovering], [2, 1]);
  tally.ended(second);
  assert.is(tally.recovering, 0);
});

test.run();
