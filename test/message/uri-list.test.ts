import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { messageLimits } from '../../core/limits.ts';
import { UriList } from '../../core/message/uri-list.ts';
import { scanned, update } from './sample.ts';

const test = suite('Route and Record-Route (RFC 3261 §20.30, §20.34)');

/** Presence, then the URIs of all Record-Route lines. */
function recordRoutes(values: string | string[]): string[] {
  const message = scanned(update({ 'Record-Route': values }));
  const list = new UriList();
  const presence = message.recordRoutes(list);
  const uris = Array.from({ length: list.count }, (_, index) =>
    message.text({ start: list.uriStart(index), end: list.uriEnd(index) }),
  );
  return [presence, ...uris];
}

test('values stand in their order over commas and lines', () => {
  assert.equal(recordRoutes(['<sip:a;lr>,"x, y" <sip:b>', '<sips:c;lr> , <sip:d;lr>']), [
    'present',
    'sip:a;lr',
    'sip:b',
    'sips:c;lr',
    'sip:d;lr',
  ]);
});

test('parameters behind the bracket belong to the value, not to the URI', () => {
  const message = scanned(
    update({ Route: '<sip:pool:5061;transport=tls;opaque=state:T;lr>;ms-rrsig=aB==;tag=1, <sips:q>' }),
  );
  const list = new UriList();
  assert.is(message.routes(list), 'present');
  assert.is(
    message.text({ start: list.uriStart(0), end: list.uriEnd(0) }),
    'sip:pool:5061;transport=tls;opaque=state:T;lr',
  );
  assert.is(
    message.text({ start: list.valueStart(0), end: list.valueEnd(0) }),
    '<sip:pool:5061;transport=tls;opaque=state:T;lr>;ms-rrsig=aB==;tag=1',
  );
  assert.equal([list.hasLr(0), list.secure(0), list.hasLr(1), list.secure(1)], [true, false, false, true]);
});

test('none is absent', () => {
  const list = new UriList();
  const message = scanned(update());
  assert.is(message.routes(list), 'absent');
  assert.is(message.recordRoutes(list), 'absent');
  assert.is(list.count, 0);
});

test('one bad value spoils the list, and empties it', () => {
  for (const values of [
    '',
    ',',
    '<sip:a;lr>,',
    '<sip:a;lr>,,<sip:b;lr>',
    ',<sip:a;lr>',
    'sip:a;lr',
    '<tel:+1>',
    '<sip:>',
    '<sip:a;lr> x',
    '<sip:a',
    ['<sip:a;lr>', '<>'],
    ['<sip:a;lr>', ''],
  ]) {
    assert.equal(recordRoutes(values), ['malformed'], `${values}`);
  }
});

test('a list is bounded', () => {
  const { listCount } = messageLimits;
  const most = Array.from({ length: listCount }, (_, index) => `<sip:p${index};lr>`);
  assert.is(recordRoutes(most.join(',')).length, 1 + listCount);
  assert.equal(recordRoutes([...most, '<sip:more;lr>']), ['malformed']);
});

test('a list that is reused keeps nothing', () => {
  const list = new UriList();
  scanned(update({ Route: '<sip:a>, <sip:b>' })).routes(list);
  assert.is(list.count, 2);
  scanned(update({ Route: '<sip:c;lr>' })).routes(list);
  assert.is(list.count, 1);
  assert.is(list.hasLr(0), true);
});

test.run();
