import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { beginDialogRequest, type RequestPath, routeLessPath, routeSetPath } from '../../core/dialog/request.ts';
import { DialogTable } from '../../core/dialog/table.ts';
import { targetOf } from '../../core/dialog/target.ts';
import { endMessage, prepared, Writer } from '../../core/message/write.ts';
import { message, recordParts } from './dialogs.ts';

const test = suite('Requests inside a dialog (RFC 3261 §12.2.1.1)');

const via = prepared('Via: SIP/2.0/UDP 192.0.2.9:5060;rport;branch=');
const tx = { writeBranch: (writer: Writer) => void writer.text('z9hG4bK1') };

function written(method: string, path: RequestPath, routes?: string): string {
  const table = new DialogTable({ capacity: 1, hashSeed: 1 });
  const dialog = table.create(recordParts(routes === undefined ? {} : { routes })) ?? 0;
  const writer = new Writer();
  beginDialogRequest(writer, table, dialog, { method, sequence: 4_294_967, via, tx, path });
  return new TextDecoder().decode(endMessage(writer, undefined, undefined));
}

test('an INFO by the route set, octet by octet', () => {
  assert.is(
    written('INFO', routeSetPath, '<sip:192.0.2.1;lr>, <sip:192.0.2.2;lr>'),
    'INFO sip:bob@192.0.2.4 SIP/2.0\r\n' +
      'Via: SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bK1\r\n' +
      'Route: <sip:192.0.2.1;lr>, <sip:192.0.2.2;lr>\r\n' +
      'Max-Forwards: 70\r\n' +
      'From: "Alice" <sip:alice@atlanta.example>;tag=near1\r\n' +
      'To: <sip:bob@biloxi.example>;tag=far1\r\n' +
      'Call-ID: call1@atlanta.example\r\n' +
      'CSeq: 4294967 INFO\r\n' +
      'Supported: timer, ms-dialog-route-set-update\r\n' +
      'Content-Length: 0\r\n\r\n',
  );
});

test('an UPDATE without a Route names our Contact and what we allow', () => {
  assert.is(
    written('UPDATE', routeLessPath),
    'UPDATE sip:bob@192.0.2.4 SIP/2.0\r\n' +
      'Via: SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bK1\r\n' +
      'Max-Forwards: 70\r\n' +
      'From: "Alice" <sip:alice@atlanta.example>;tag=near1\r\n' +
      'To: <sip:bob@biloxi.example>;tag=far1\r\n' +
      'Call-ID: call1@atlanta.example\r\n' +
      'CSeq: 4294967 UPDATE\r\n' +
      'Contact: <sip:alice@192.0.2.9:5060>\r\n' +
      'Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, INFO, MESSAGE\r\n' +
      'Supported: timer, ms-dialog-route-set-update\r\n' +
      'Content-Length: 0\r\n\r\n',
  );
});

test('one Route, of a hop that wants one, stands in the place of the route set', () => {
  const text = written('UPDATE', { kind: 'one-route', route: '<sip:192.0.2.77:5070;lr>' });
  assert.match(text, '\r\nRoute: <sip:192.0.2.77:5070;lr>\r\nMax-Forwards: 70\r\n');
  assert.not.match(text, '192.0.2.1');
});

test('with an empty route set there is no Route', () => {
  assert.not.match(written('INFO', routeSetPath, ''), 'Route');
});

test('before a strict router its URI is the Request-URI, and our target the last Route', () => {
  const ways = (method: string, path: RequestPath, routes: string): string[] => {
    const [line = '', ...lines] = written(method, path, routes).split('\r\n');
    return [line, ...lines.filter((each) => each.startsWith('Route: '))];
  };
  const example = '<sip:proxy1>, <sip:proxy2>, <sip:proxy3;lr>, <sip:proxy4>';
  for (const method of ['INFO', 'INVITE', 'ACK', 'BYE', 'UPDATE']) {
    assert.equal(ways(method, routeSetPath, example), [
      `${method} sip:proxy1 SIP/2.0`,
      'Route: <sip:proxy2>, <sip:proxy3;lr>, <sip:proxy4>, <sip:bob@192.0.2.4>',
    ]);
  }
  assert.equal(ways('BYE', routeSetPath, '<sip:p1:5070;x=y>'), [
    'BYE sip:p1:5070;x=y SIP/2.0',
    'Route: <sip:bob@192.0.2.4>',
  ]);
  assert.equal(ways('BYE', routeSetPath, '<sip:u@p1;method=INVITE;x?to=y>, <sip:p2?a=b>'), [
    'BYE sip:u@p1;x SIP/2.0',
    'Route: <sip:p2?a=b>, <sip:bob@192.0.2.4>',
  ]);
  assert.equal(ways('INFO', routeSetPath, '<sip:proxy1;lr>, <sip:proxy2>'), [
    'INFO sip:bob@192.0.2.4 SIP/2.0',
    'Route: <sip:proxy1;lr>, <sip:proxy2>',
  ]);
  assert.equal(ways('UPDATE', routeLessPath, example), ['UPDATE sip:bob@192.0.2.4 SIP/2.0']);
});

test('an ACK does not say what we support, all else does', () => {
  assert.not.match(written('ACK', routeSetPath), 'Supported');
  for (const method of ['BYE', 'OPTIONS', 'MESSAGE', 'INVITE']) {
    assert.match(written(method, routeSetPath), 'Supported: timer, ms-dialog-route-set-update', method);
  }
});

test('INVITE and UPDATE refresh the target, and so carry a Contact; others do not', () => {
  for (const method of ['INVITE', 'UPDATE', 'INFO', 'BYE', 'OPTIONS', 'MESSAGE']) {
    assert.is(/^Contact: /m.test(written(method, routeSetPath)), method === 'INVITE' || method === 'UPDATE', method);
  }
});

test("the remote target is the Contact's URI; a Contact that is none gives none", () => {
  const target = (...headers: string[]): string | undefined => {
    const slice = targetOf(message('UPDATE sip:alice@192.0.2.9 SIP/2.0', headers));
    return slice && new TextDecoder().decode(slice.bytes.subarray(slice.start, slice.end));
  };
  assert.is(target('Contact: "B" <sip:b@192.0.2.5;transport=udp>;expires=7'), 'sip:b@192.0.2.5;transport=udp');
  assert.is(target('m: sip:b@192.0.2.5;x=y'), 'sip:b@192.0.2.5');
  assert.is(target('Contact: <sip:b@192.0.2.5;method=INVITE;x=y?subject=z>'), 'sip:b@192.0.2.5;x=y');
  assert.is(target(), undefined);
  assert.is(target('Contact: *'), undefined);
  assert.is(target('Contact: <sip:b@192.0.2.5'), undefined);
  assert.is(target('Contact: <sip:b c@192.0.2.5>'), undefined);
});

test.run();
