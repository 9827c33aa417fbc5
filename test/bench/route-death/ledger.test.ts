import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Ledger } from '../../../bench/route-death/ledger.ts';

const test = suite('Ledger of the main job');

/** A ledger of `dialogs` dialogs that all broke at 1,000 ms. */
function broken(dialogs: number, options = { unseen: false }): Ledger {
  const ledger = new Ledger(dialogs, options);
  ledger.established = dialogs;
  ledger.break(1000);
  return ledger;
}

function verify(ledger: Ledger, dialog: number): void {
  ledger.verifiedNear(dialog);
  ledger.verifiedFar(dialog);
}

test('a dialog that is healed and verified is not lost, and its healing is timed from the break', () => {
  const ledger = broken(1);
  ledger.detected(0, 1200);
  ledger.recovered(0, 1500);
  verify(ledger, 0);
  const { healMs, ...counts } = ledger.close(9000);
  assert.equal(counts, {
    established: 1,
    broken: 1,
    healed: 1,
    lost: 0,
    verified: 1,
    detectMs: 200,
    stormMs: 300,
  });
  assert.equal(healMs, { p50: 500, p90: 500, p99: 500, p999: 500, max: 500 });
});

test('percentiles are samples: the smallest that so many do not exceed', () => {
  const ledger = broken(1000);
  for (let dialog = 0; dialog < 1000; dialog++) {
    ledger.detected(dialog, 1000);
    ledger.recovered(dialog, 1001 + dialog);
    verify(ledger, dialog);
  }
  assert.equal(ledger.close(9000).healMs, { p50: 500, p90: 900, p99: 990, p999: 999, max: 1000 });
});

test('a lost dialog counts as broken until the end: unhealed, or healed and verified in one direction only', () => {
  const ledger = broken(3);
  for (const dialog of [0, 1, 2]) ledger.detected(dialog, 1100);
  for (const dialog of [0, 1]) ledger.recovered(dialog, 1300);
  verify(ledger, 0);
  ledger.verifiedNear(1);
  const { lost, healed, verified, healMs } = ledger.close(9000);
  assert.equal({ lost, healed, verified }, { lost: 2, healed: 2, verified: 1 });
  assert.is(healMs.p50, 8000);
  assert.is(healMs.max, 8000);
});

test('a dialog that breaks again is not healed until it works again', () => {
  const ledger = broken(1);
  ledger.detected(0, 1100);
  ledger.recovered(0, 1200);
  ledger.detected(0, 1300);
  verify(ledger, 0);
  assert.is(ledger.healed, 0);
  ledger.recovered(0, 1700);
  const { healed, lost, healMs } = ledger.close(9000);
  assert.equal({ healed, lost, max: healMs.max }, { healed: 1, lost: 0, max: 700 });
});

test('a heal by the far end counts where the caller has not noticed the break, and only there', () => {
  const ledger = broken(2);
  ledger.healedByFarEnd(0, 1250);
  ledger.detected(1, 1300);
  ledger.healedByFarEnd(1, 1310);
  assert.is(ledger.healed, 1);
  ledger.recovered(1, 1320);
  for (const dialog of [0, 1]) verify(ledger, dialog);
  const { broken: breaks, healed, lost, detectMs, healMs } = ledger.close(9000);
  assert.equal({ breaks, healed, lost, detectMs }, { breaks: 2, healed: 2, lost: 0, detectMs: 300 });
  assert.equal([healMs.p50, healMs.max], [250, 320]);
});

test('healing that is to go unseen is timed from the request; a dialog of which the program hears is lost', () => {
  const ledger = broken(2, { unseen: true });
  ledger.began(0, 1500);
  ledger.succeeded(0, 1520);
  ledger.began(1, 1500);
  ledger.detected(1, 1510);
  ledger.recovered(1, 1530);
  ledger.succeeded(1, 1540);
  for (const dialog of [0, 1]) verify(ledger, dialog);
  const { lost, healMs } = ledger.close(9000);
  assert.is(lost, 1);
  assert.is(healMs.p50, 20);
});

test('a request that never met the break proves neither a break nor a heal', () => {
  const ledger = broken(2, { unseen: true });
  for (const dialog of [0, 1]) {
    ledger.began(dialog, 1500);
    ledger.succeeded(dialog, 1520);
    verify(ledger, dialog);
  }
  ledger.unbroken = 1;
  const { broken: breaks, healed, lost } = ledger.close(9000);
  assert.equal({ breaks, healed, lost }, { breaks: 1, healed: 1, lost: 0 });
});

test('where nobody says that a route is broken, a failed INFO does', () => {
  const ledger = broken(2);
  const { broken: breaks, healed, lost, detectMs, stormMs } = ledger.close(9000);
  assert.equal(
    { breaks, healed, lost, detectMs, stormMs },
    {
      breaks: 2,
      healed: 0,
      lost: 2,
      detectMs: null,
      stormMs: null,
    },
  );
});

test('a run that ended before the break has nothing broken and nothing lost', () => {
  const ledger = new Ledger(5, { unseen: false });
  ledger.established = 3;
  const { established, broken: breaks, lost, healMs } = ledger.close(9000);
  assert.equal({ established, breaks, lost, max: healMs.max }, { established: 3, breaks: 0, lost: 0, max: null });
});

test.run();
