import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reasonPhrase } from '../../core/message/status.ts';

const test = suite('Reason phrases (RFC 3261 §21)');

test('a registered status has its own', () => {
  assert.is(reasonPhrase(200), 'OK');
  assert.is(reasonPhrase(422), 'Session Interval Too Small');
  assert.is(reasonPhrase(430), 'Flow Failed');
  assert.is(reasonPhrase(481), 'Call/Transaction Does Not Exist');
  assert.is(reasonPhrase(491), 'Request Pending');
  assert.is(reasonPhrase(604), 'Does Not Exist Anywhere');
});

test('another has its class’s', () => {
  assert.is(reasonPhrase(189), 'Trying');
  assert.is(reasonPhrase(299), 'OK');
  assert.is(reasonPhrase(499), 'Request Failed');
  assert.is(reasonPhrase(699), 'Global Failure');
  assert.is(reasonPhrase(0), '');
});

test.run();
