import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { releasedForMs, releasedMax } from '../../core/engine/limits.ts';
import { ReleasedDialogs } from '../../core/engine/released-dialogs.ts';
import { Wheel } from '../../core/time/wheel.ts';
import { message } from '../dialog/dialogs.ts';
import { leastRecord } from './records.ts';

const test = suite('Released dialogs');

const request = message('INFO sip:alice@192.0.2.9 SIP/2.0');
const record = { ...leastRecord, callId: 'call1@atlanta.example', localTag: 'near1', remoteTag: 'far1' };

const byesForMs = 32_000;

function ground() {
  const wheel = new Wheel({ nowMs: 0 });
  return { wheel, released: new ReleasedDialogs(wheel, byesForMs) };
}

test('are known by Call-ID and tags for their time, and no longer', () => {
  const { wheel, released } = ground();
  assert.not(released.has(request));
  released.note({ ...record, remoteTag: 'far2' });
  assert.not(released.has(request));
  released.note(record);
  assert.ok(released.has(request));
  wheel.advance(releasedForMs - 1);
  assert.ok(released.has(request));
  wheel.advance(releasedForMs);
  assert.not(released.has(request));
});

test('a BYE in one ends its sender’s side alone, and hears the truth sooner', () => {
  const { wheel, released } = ground();
  const bye = message('BYE sip:alice@192.0.2.9 SIP/2.0');
  released.note(record);
  wheel.advance(byesForMs - 1);
  assert.ok(released.has(bye));
  wheel.advance(byesForMs);
  assert.not(released.has(bye));
  assert.ok(released.has(request));
});

test('one that comes back is ours again', () => {
  const { released } = ground();
  released.note(record);
  released.forget(record);
  assert.not(released.has(request));
});

test('are forgotten each in its time, though nothing else is released', () => {
  const { wheel, released } = ground();
  released.note(record);
  wheel.advance(1000);
  released.note({ ...record, callId: 'other' });
  released.note({ ...record, callId: 'third' });
  wheel.advance(releasedForMs);
  assert.not(released.has(request));
  assert.is(released.count, 2);
  wheel.advance(releasedForMs + 1000);
  assert.is(released.count, 0);
  assert.is(wheel.count, 0);
});

test('one that is released again is remembered from then on', () => {
  const { wheel, released } = ground();
  released.note(record);
  wheel.advance(1000);
  released.note(record);
  wheel.advance(releasedForMs);
  assert.ok(released.has(request));
  wheel.advance(releasedForMs + 1000);
  assert.not(released.has(request));
});

test('cleared, none is left, nor a timer', () => {
  const { wheel, released } = ground();
  released.note(record);
  released.clear();
  assert.equal([released.count, released.has(request), wheel.count], [0, false, 0]);
  released.note(record);
  wheel.advance(releasedForMs);
  assert.is(released.count, 0);
});

test(`the oldest makes place when there are ${releasedMax}`, () => {
  const { released } = ground();
  released.note(record);
  for (let call = 0; call < 140_000; call++) released.note({ ...record, callId: String(call) });
  assert.is(released.count, releasedMax);
  assert.not(released.has(request));
});

test.run();
