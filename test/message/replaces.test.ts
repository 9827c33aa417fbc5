import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ReplacesView, readReplaces } from '../../core/message/replaces.ts';
import { message } from '../dialog/dialogs.ts';

const test = suite('Replaces (RFC 3891 §6.1)');

const view = new ReplacesView();

function read(...values: string[]): string {
  const request = message(
    'INVITE sip:alice@192.0.2.9 SIP/2.0',
    values.map((value) => `Replaces: ${value}`),
  );
  const presence = readReplaces(request, view);
  if (presence !== 'present') return presence;
  const tags = [view.callId, view.toTag, view.fromTag].map((span) => request.text(span));
  return `${tags.join(' ')}${view.earlyOnly ? ' early-only' : ''}`;
}

test('is read as the RFC shows it', () => {
  assert.is(read(), 'absent');
  assert.is(
    read('98732@sip.example.com\r\n ;from-tag=r33th4x0r\r\n ;to-tag=ff87ff'),
    '98732@sip.example.com ff87ff r33th4x0r',
  );
  assert.is(read('12adf2f34456gs5;to-tag=12345;from-tag=54321;early-only'), '12adf2f34456gs5 12345 54321 early-only');
  assert.is(read('87134@171.161.34.23;to-tag=24796;from-tag=0'), '87134@171.161.34.23 24796 0');
  assert.is(read('a ; TO-TAG = b ; x=y;From-Tag=c'), 'a b c');
});

test('without exactly one of each tag, or more than once, is malformed', () => {
  for (const values of [
    ['a;to-tag=b'],
    ['a;from-tag=b'],
    ['a;to-tag=b;from-tag=c;to-tag=d'],
    ['a;to-tag=b;from-tag='],
    ['a;to-tag=b;from-tag="c"'],
    [';to-tag=b;from-tag=c'],
    [''],
    ['a;to-tag=b;from-tag=c', 'd;to-tag=e;from-tag=f'],
    ['a;to-tag=b;from-tag=c, d;to-tag=e;from-tag=f'],
    ['a b;to-tag=b;from-tag=c'],
  ]) {
    assert.is(read(...values), 'malformed', values.join(' | '));
  }
});

test.run();
