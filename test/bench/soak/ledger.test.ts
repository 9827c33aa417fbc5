import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ghostsOf, Ledger } from '../../../bench/soak/ledger.ts';
import type { Listed } from '../../../bench/soak/messages.ts';

const test = suite('Ledger of a soak');

const nothing = { began: [], asked: [], ended: [] } as const;

/** A dialog of the call, with this tag of the callee. */
function listed(callId: string, calleeTag: string = 'callee'): Listed {
  return [callId, 'caller', calleeTag];
}

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

test('of two dialogs that an INVITE made by two ways one may end: the call goes on, until the other is hung up', () => {
  for (const order of ['one after the other', 'both at once']) {
    const ledger = new Ledger();
    ledger.hear('far', { ...nothing, began: order === 'both at once' ? ['c', 'c'] : ['c'] });
    ledger.hear('far', { ...nothing, ended: [['c', 'remote', 'bye']] });
    ledger.hear('near', { ...nothing, began: ['c'] });
    if (order !== 'both at once') ledger.hear('far', { ...nothing, began: ['c'] });
    assert.equal([ledger.ended, ledger.falselyEnded], [0, []], order);
    ledger.hear('near', { ...nothing, asked: ['c'], ended: [['c', 'local', 'bye']] });
    ledger.hear('far', { ...nothing, ended: [['c', 'remote', 'bye']] });
    assert.equal([ledger.ended, ledger.falselyEnded], [1, []], order);
  }
});

test('when both of them end and nobody hung up, the call is falsely ended', () => {
  const ledger = withCall();
  ledger.hear('far', { ...nothing, began: ['c'], ended: [['c', 'remote', 'bye']] });
  assert.equal(ledger.falselyEnded, []);
  ledger.hear('far', { ...nothing, ended: [['c', 'local', 'no-ack']] });
  assert.equal(ledger.falselyEnded, [{ callId: 'c', what: 'ended at the far end by local: no-ack' }]);
});

test('what one end alone has is a ghost', () => {
  assert.equal(ghostsOf([listed('a'), listed('b')], [listed('b'), listed('c')]), [
    { callId: 'a', what: 'open at the near end alone' },
    { callId: 'c', what: 'open at the far end alone' },
  ]);
});

test('two dialogs of one Call-ID are not the same one', () => {
  assert.equal(ghostsOf([listed('a', 'first')], [listed('a', 'first'), listed('a', 'second')]), [
    { callId: 'a', what: 'open at the far end alone' },
  ]);
  assert.is(ghostsOf([listed('a', 'first')], [listed('a', 'second')]).length, 2);
});

test.run();
