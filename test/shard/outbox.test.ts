import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Outbox } from '../../core/shard/outbox.ts';

interface Thing {
  readonly key: number | undefined;
  readonly number: number;
}

const test = suite('What waits for the reader of a stream');

function createOutbox(): Outbox<Thing> {
  return new Outbox(({ key }) => key);
}

const numbersOf = (things: readonly Thing[]): number[] => things.map(({ number }) => number);

test('gives things in their order, so many at a time', () => {
  const outbox = createOutbox();
  for (let number = 0; number < 5; number++) outbox.push({ key: undefined, number });
  assert.equal(numbersOf(outbox.take(2)), [0, 1]);
  outbox.push({ key: undefined, number: 5 });
  assert.is(outbox.count, 4);
  assert.equal(numbersOf(outbox.take(9)), [2, 3, 4, 5]);
  assert.equal(outbox.take(9), []);
});

test('a later thing takes the place of an earlier one of its key, unless that is taken', () => {
  const outbox = createOutbox();
  outbox.replace({ key: 1, number: 0 });
  outbox.replace({ key: 2, number: 1 });
  outbox.replace({ key: undefined, number: 2 });
  outbox.replace({ key: 1, number: 3 });
  assert.is(outbox.count, 3);
  assert.equal(numbersOf(outbox.take(1)), [1]);
  outbox.replace({ key: 2, number: 4 });
  assert.equal(numbersOf(outbox.take(9)), [2, 3, 4]);
});

test('is as a list is that is searched, whatever comes and goes', () => {
  const outbox = createOutbox();
  let model: (Thing & { readonly replaceable: boolean })[] = [];
  let state = 1;
  const below = (bound: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % bound;
  };
  for (let number = 0; number < 60_000; number++) {
    const key = below(4) === 0 ? undefined : below(300);
    const replaceable = below(8) > 0;
    if (replaceable) {
      model = key === undefined ? model : model.filter((each) => !each.replaceable || each.key !== key);
      outbox.replace({ key, number });
    } else {
      outbox.push({ key, number });
    }
    model.push({ key, number, replaceable });
    if (below(50) === 0) {
      const count = below(64);
      assert.equal(numbersOf(outbox.take(count)), numbersOf(model.splice(0, count)));
    }
    if (number % 997 === 0) assert.is(outbox.count, model.length);
  }
  assert.equal(numbersOf(outbox.take(100_000)), numbersOf(model));
});

test('closes up where most of what waits was replaced', () => {
  const outbox = createOutbox();
  outbox.push({ key: 5, number: -1 });
  for (let number = 0; number < 100_000; number++) outbox.replace({ key: number % 10, number });
  assert.is(outbox.count, 11);
  assert.equal(numbersOf(outbox.take(20)), [-1, ...Array.from({ length: 10 }, (_, index) => 99_990 + index)]);
});

test.run();
