import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { noCounts } from '../../core/engine/counters.ts';
import { Vitals } from '../../core/shard/vitals.ts';

const test = suite('Vitals of a shard');

test('what one thread notes the other reads in the same memory', () => {
  const here = new Vitals();
  const there = new Vitals(here.memory);
  const { beats } = here;
  there.beat();
  assert.is.not(here.beats, beats);
  there.noteShed(7);
  there.noteDialogs(5);
  assert.equal([here.shed, here.dialogs], [7, 5]);
});

test('counts of several lives are added up, beyond 32 bits', () => {
  const sum = noCounts();
  for (const receivedRequests of [2 ** 40, 3]) {
    const life = new Vitals();
    life.noteCounters({ ...noCounts(), receivedRequests: 1, closedOverloaded: 1 });
    life.noteCounters({ ...noCounts(), receivedRequests, closedOverloaded: 2 });
    life.addTo(sum);
  }
  assert.equal(sum, { ...noCounts(), receivedRequests: 2 ** 40 + 3, closedOverloaded: 4 });
});

test('a life that has not noted anything adds nothing', () => {
  const sum = noCounts();
  new Vitals().addTo(sum);
  assert.equal(sum, noCounts());
});

test.run();
