import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  goalsOf,
  type Held,
  heldBesideOurs,
  lossesOf,
  type Measured,
  rowsOf,
  sippLimitOf,
  tableOf,
} from '../../../bench/peers/row.ts';

const test = suite('Rows of the bench of peers');

function measured(parts: Partial<Measured>): Measured {
  return {
    ...{ who: 'sipmend', role: 'callee', against: 'raw far end', asked: 4000, perSecond: 4000 },
    ...{ failed: 0, retransmissions: 0, cpuPerCallUs: 100, rssSize: 1e8 },
    ...parts,
  };
}

const held: Held[] = [
  { who: 'sipmend', dialogs: 10, rssPerDialog: 1000, toldPerDialog: 448, ratioToOurs: 1 },
  { who: 'Kamailio', dialogs: 10, rssPerDialog: 500, toldPerDialog: 400, ratioToOurs: 0.5 },
];

test('each stands beside ours of its role and rate, a proxy beside our callee', () => {
  const rows = rowsOf([
    measured({}),
    measured({ asked: 1000, cpuPerCallUs: 200 }),
    measured({ role: 'caller', against: 'SIPp', cpuPerCallUs: 50 }),
    measured({ who: 'SIPp', role: 'caller', against: 'SIPp', cpuPerCallUs: 25 }),
    measured({ who: 'Kamailio', role: 'proxy', asked: 1000, cpuPerCallUs: 500 }),
    measured({ who: 'Kamailio', role: 'proxy', asked: 7 }),
  ]);
  assert.equal(
    rows.map(({ ratioToOurs }) => ratioToOurs),
    [1, 1, 1, 0.5, 2.5, null],
  );
});

test('the same far end is preferred where we met it', () => {
  const rows = rowsOf([
    measured({ against: 'SIPp', cpuPerCallUs: 10 }),
    measured({}),
    measured({ who: 'npm sip', cpuPerCallUs: 200 }),
  ]);
  assert.is(rows[2]?.ratioToOurs, 2);
});

test('whoever does with less is named', () => {
  const rows = rowsOf([measured({}), measured({ who: 'npm sip', cpuPerCallUs: 80 }), measured({ who: 'Kamailio' })]);
  assert.equal(lossesOf(rows, held), [
    'npm sip as callee at 4,000 calls a second takes 0.80 of our CPU',
    'a dialog of Kamailio takes 500 octets, 0.50 of ours',
  ]);
});

test('a dialog weighs what the system or the program says, whichever is more', () => {
  const one = { who: 'sipmend', dialogs: 10, rssPerDialog: 300, toldPerDialog: 400 };
  const other = { who: 'Kamailio', dialogs: 10, rssPerDialog: 800, toldPerDialog: 700 };
  assert.equal(
    heldBesideOurs([one, other]).map(({ ratioToOurs }) => ratioToOurs),
    [1, 2],
  );
  assert.is(heldBesideOurs([other])[0]?.ratioToOurs, null);
});

test('SIPp with itself says what SIPp with us may send again', () => {
  const sipp = (asked: number, retransmissions: number): Measured =>
    measured({ who: 'SIPp', against: 'SIPp', asked, retransmissions });
  const all = [sipp(1000, 0), sipp(4000, 5), measured({ against: 'SIPp', retransmissions: 6 })];
  assert.is(sippLimitOf(all), 4000);
  assert.is(sippLimitOf(all.slice(0, 1)), undefined);
  assert.equal(
    goalsOf(all).map(({ atMost, value, met }) => [atMost, value, met]),
    [[5, 6, false]],
  );
});

test('the table has a line for each, and one for each who holds dialogs', () => {
  const lines = tableOf(rowsOf([measured({})]), held).split('\n');
  assert.is(lines.length, 2 + 1 + 3);
  assert.match(lines[1] ?? '', /sipmend\s+callee\s+raw far end\s+4,000\s+4,000\s+0\s+0\s+100\s+100\s+1\.00/);
});

test.run();
