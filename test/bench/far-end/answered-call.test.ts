import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readAnswer } from '../../../bench/far-end/answered-call.ts';

const test = suite('Answers, as a raw caller reads them');

test('the caller takes tag, target, and routes from the last to the first', () => {
  const lines = [
    'SIP/2.0 200 OK',
    'Record-Route: <sip:p3;lr>, <sip:p2;lr=on>;x=y',
    'record-route: <sip:p1;lr>',
    'To: <sip:a>;tag=1',
    'Contact: "A" <sip:b@127.0.0.1:5060>;expires=1',
  ];
  assert.equal(readAnswer(`${lines.join('\r\n')}\r\n\r\n`), {
    to: '<sip:a>;tag=1',
    target: 'sip:b@127.0.0.1:5060',
    routes: 'Route: <sip:p1;lr>\r\nRoute: <sip:p2;lr=on>;x=y\r\nRoute: <sip:p3;lr>\r\n',
  });
});

test('without a tag or a target there is no dialog', () => {
  assert.is(readAnswer('SIP/2.0 200 OK\r\nTo: <sip:a>\r\nContact: <sip:b>\r\n\r\n'), undefined);
  assert.is(readAnswer('SIP/2.0 200 OK\r\nTo: <sip:a>;tag=1\r\n\r\n'), undefined);
});

test.run();
