import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Clock } from '../../transport/contract.ts';
import { readPerTurnMax } from '../../transport/limits.ts';
import { ReadBudget, type Reader } from '../../transport/read-budget.ts';

const test = suite('What is read of peers in one turn');

/** Turns of an event loop, one by one. */
function loop(): { readonly clock: Clock; turn(): void } {
  const deferred: (() => void)[] = [];
  return {
    clock: { nowMs: () => 0, wake: () => () => undefined, defer: (callback) => void deferred.push(callback) },
    turn: () => {
      for (const callback of deferred.splice(0)) callback();
    },
  };
}

const chunk = 64 * 1024;
const inTurn = readPerTurnMax / chunk;

/** Floods of so many readers, each of which brings a chunk whenever it may; who has brought one, turn by turn. */
function flood(readers: number, turns: number): number[][] {
  const { clock, turn: next } = loop();
  const budget = new ReadBudget(clock);
  const paused = new Set<number>();
  const all = Array.from(
    { length: readers },
    (_, index): Reader => ({
      pauseReading: () => void paused.add(index),
      resumeReading: () => void paused.delete(index),
    }),
  );
  const brought: number[][] = [];
  for (let turn = 0; turn < turns; turn++) {
    const those = all.flatMap((_, index) => (paused.has(index) ? [] : [index]));
    for (const index of those) budget.spend(all[index] as Reader, chunk);
    brought.push(those);
    next();
  }
  return brought;
}

test('within the budget nobody waits', () => {
  for (const those of flood(inTurn, 5)) assert.is(those.length, inTurn);
});

test('past it all that come wait, and then each has its turn, in order', () => {
  const [first, ...others] = flood(100, 40);
  assert.is(first?.length, 100);
  for (const those of others.slice(1)) assert.ok(those.length <= 2 * inTurn, `${those.length} in one turn`);
  const counts = new Map<number, number>();
  for (const index of others.flat()) counts.set(index, (counts.get(index) ?? 0) + 1);
  assert.ok(Math.max(...counts.values()) - Math.min(...counts.values()) <= 1);
  assert.is(counts.size, 100, 'nobody is forgotten');
});

test('who brings little does not wait for those who bring much: many such go on together', () => {
  const { clock, turn } = loop();
  const budget = new ReadBudget(clock);
  let resumed = 0;
  const reader = (): Reader => ({ pauseReading: () => undefined, resumeReading: () => void resumed++ });
  budget.spend(reader(), 2 * readPerTurnMax);
  for (let count = 0; count < 1_000; count++) budget.spend(reader(), 300);
  turn();
  assert.is(resumed, 1, 'the one that brought more than a turn’s');
  turn();
  assert.is(resumed, 1_001);
});

test('who ends is read again, and forgotten', () => {
  const { clock, turn } = loop();
  const budget = new ReadBudget(clock);
  const log: string[] = [];
  const reader: Reader = { pauseReading: () => void log.push('pause'), resumeReading: () => void log.push('resume') };
  budget.spend(reader, 2 * readPerTurnMax);
  budget.forget(reader);
  turn();
  assert.equal(log, ['pause', 'resume']);
});

test.run();
