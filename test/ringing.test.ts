import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Ringing } from '../core/ringing.ts';

const test = suite('A call that rings');

test('aborts the signal that was asked for when it is over', () => {
  const ringing = new Ringing();
  const { signal } = ringing;
  assert.is(signal.aborted, false);
  ringing.abort();
  assert.is(signal.aborted, true);
  assert.is(ringing.signal, signal);
});

test('gives a signal that is aborted when it is asked after its end', () => {
  const ringing = new Ringing();
  ringing.abort();
  assert.is(ringing.signal.aborted, true);
});

test.run();
