import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Origins } from '../../core/transaction/origins.ts';
import { Shelf } from '../../core/transaction/shelf.ts';
import { type RequestParts, request, scanned, seededRandom } from './messages.ts';

const test = suite('Origins (RFC 3261 §8.2.2.2)');

function origins(shelf: Shelf = new Shelf(10_000)) {
  const table = new Origins(seededRandom(), shelf);
  table.resize(16);
  const enter = (index: number, parts: Partial<RequestParts>): number => {
    const whole = { method: 'OPTIONS', ...parts };
    return table.enter(index, scanned(request(whole)), whole.method);
  };
  return { table, enter };
}

test('a copy has another branch, but the method, From tag, Call-ID and CSeq of the first', () => {
  const { enter } = origins();
  assert.is(enter(1, { branch: 'z9hG4bKa' }), 0);
  assert.is(enter(2, { branch: 'z9hG4bKb' }), 1);
  assert.is(enter(3, { callId: 'another' }), 0);
  assert.is(enter(4, { cseq: 90 }), 0);
  assert.is(enter(5, { method: 'MESSAGE' }), 0);
});

test('a request inside a dialog and a CANCEL have no origin', () => {
  const { enter } = origins();
  for (const parts of [{ toTag: 'inside' }, { method: 'CANCEL' }]) {
    assert.is(enter(1, parts), 0);
    assert.is(enter(2, parts), 0);
  }
});

test('what has left is no origin any more, and what was never entered may leave', () => {
  const shelf = new Shelf(10_000);
  const { table, enter } = origins(shelf);
  enter(1, {});
  table.leave(2);
  table.leave(1);
  table.leave(1);
  assert.is(shelf.size, 0);
  assert.is(enter(2, {}), 0);
  assert.is(enter(1, {}), 2);
});

test('without room for its origin a request is none of anything', () => {
  const { table, enter } = origins(new Shelf(8));
  assert.is(enter(1, {}), 0);
  assert.is(enter(2, {}), 0);
  table.leave(1);
});

test.run();
