import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ghostsOf, Ledger } from '../../../bench/soak/ledger.ts';

const test = suite('Ledger of a soak');

const nothing = { began: [], asked: [], ended: [] } as const;

/** A ledger in which both ends have the call `c`. */
function withCall(): Ledger {
  const ledger = new Ledger();
  ledger.hear('near', { ...nothing, began: ['c'] });
  ledger.hear('far', { ...nothing, began: ['c'] });
  return ledger;
}

test('a call that one end hung up is over when both have ended it, whoever is heard first', () => {
  for (const order of [
    ['asked', 'near', 'far'],
    ['far', 'near', 'asked'],
    ['near', 'asked', 'far'],
  ] as const) {
    const ledger = withCall();
    for (const word of order) {
      if (word === 'asked') ledger.hear('far', { ...nothing, asked: ['c'] });
      else ledger.hear(word, { ...nothing, ended: [['c', word === 'far' ? 'local' : 'remote', 'bye']] });
    }
    assert.equal([ledger.ended, ledger.falselyEnded], [1, []]);
  }
});

test('one that ends though nobody hung up is falsely ended, for whatever reason', () => {
  const ledger = withCall();
  ledger.hear('near', { ...nothing, ended: [['c', 'remote', 'does-not-exist']] });
  assert.equal(ledger.falselyEnded, [{ callId: 'c', what: 'ended at the near end by remote: does-not-exist' }]);
  ledger.hear('far', { ...nothing, ended: [['c', 'remote', 'bye']] });
  assert.equal([ledger.ended, ledger.falselyEnded.length], [0, 1]);
});

test('a call that never came to be at the end that calls has not ended', () => {
  const ledger = new Ledger();
  ledger.hear('far', { ...nothing, began: ['c'] });
  ledger.hear('far', { ...nothing, ended: [['c', 'remote', 'bye']] });
  assert.equal(ledger.falselyEnded, []);
});

test('what one end alone has is a ghost', () => {
  assert.equal(ghostsOf(['a', 'b'], ['b', 'c']), [
    { callId: 'a', what: 'open at the near end alone' },
    { callId: 'c', what: 'open at the far end alone' },
  ]);
});

test.run();
