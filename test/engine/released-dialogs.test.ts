import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ReleasedDialogs } from '../../core/engine/released-dialogs.ts';
import { message } from '../dialog/dialogs.ts';
import { leastRecord } from './records.ts';

const test = suite('Released dialogs');

const request = message('INFO sip:alice@192.0.2.9 SIP/2.0');
const record = { ...leastRecord, callId: 'call1@atlanta.example', localTag: 'near1', remoteTag: 'far1' };

test('are known by Call-ID and tags for their time, and no longer', () => {
  const released = new ReleasedDialogs({ rememberedForMs: 100 });
  assert.not(released.has(request, 0));
  released.note({ ...record, remoteTag: 'far2' }, 0);
  assert.not(released.has(request, 0));
  released.note(record, 0);
  assert.ok(released.has(request, 99));
  assert.not(released.has(request, 100));
  released.forget(record);
  assert.not(released.has(request, 0));
});

test('make place for later ones when their time is over, and when there are 131,072', () => {
  const released = new ReleasedDialogs({ rememberedForMs: 100 });
  released.note(record, 0);
  released.note({ ...record, callId: 'other' }, 100);
  assert.is(released.count, 1);
  released.note(record, 100);
  for (let call = 0; call < 140_000; call++) released.note({ ...record, callId: String(call) }, 100);
  assert.is(released.count, 131_072);
  assert.not(released.has(request, 100));
});

test.run();
