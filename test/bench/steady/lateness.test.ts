import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readArguments } from '../../../bench/steady/arguments.ts';
import { recordOf } from '../../../bench/steady/identity.ts';
import { latenessOf } from '../../../bench/steady/lateness.ts';
import { firstDueS, isOurs, refreshesIn, refreshS } from '../../../bench/steady/scenario.ts';

const test = suite('Refreshes of a steady state');

test('they are spread evenly: as many dialogs of ours in each second, and in each part of the set-up', () => {
  const dialogs = 18_000;
  const due = new Map<number, number[]>();
  for (let dialog = 0; dialog < dialogs; dialog++) {
    if (isOurs(dialog)) due.set(firstDueS(dialog), [...(due.get(firstDueS(dialog)) ?? []), dialog]);
  }
  assert.is(due.size, refreshS);
  for (const together of due.values()) {
    assert.is(together.length, 10);
    assert.ok((together.at(-1) ?? 0) - (together[0] ?? 0) > dialogs / 2);
  }
});

test('100,000 dialogs refresh 66,667 times in ten minutes', () => {
  assert.is(Math.round(refreshesIn({ dialogs: 100_000, minutes: 10, transport: 'udp' })), 66_667);
});

test('a record of ours is due when it should be, one of the peer’s was just refreshed', () => {
  const peer = { host: '127.0.0.1', port: 5060 };
  assert.equal(recordOf(2, peer).sessionTimer, { intervalS: 1800, refresher: 'local', remainingS: 900 + firstDueS(2) });
  assert.equal(recordOf(3, peer).sessionTimer, { intervalS: 1800, refresher: 'remote', remainingS: 1800 });
});

test('lateness is reckoned from each dialog’s own due time, and what did not come is missing', () => {
  const adoptedAt = [1_000, 1_000, 1_001, 1_001, 1_002, 1_002];
  const due = (dialog: number): number => (adoptedAt[dialog] ?? 0) + 1_000 * firstDueS(dialog);
  const seenAt = [due(0) + 5, 0, due(2) + 40, 0, 0, 0];
  const toMs = 1_000_000 + 2_000;
  const { due: count, missing, lateMs } = latenessOf(adoptedAt, seenAt, { fromMs: 1_000, toMs });
  assert.equal([count, missing, lateMs.p50, lateMs.max], [3, 1, 5, 40]);
  assert.is(latenessOf(adoptedAt, seenAt, { fromMs: due(0) + 1, toMs: due(0) + 10_000 }).due, 0);
});

test('arguments are read, and refused with a sentence', () => {
  assert.equal(readArguments([]), {
    kind: 'run',
    scenario: { dialogs: 100_000, minutes: 10, transport: 'udp' },
    json: undefined,
  });
  for (const args of [
    ['--dialogs', '1'],
    ['--minutes', '15'],
    ['--minutes', 'x'],
    ['--transport', 'tcp'],
    ['--shards', '2'],
  ]) {
    const read = readArguments(args);
    assert.ok(read.kind === 'wrong' && read.message.length > 10);
  }
});

test.run();
