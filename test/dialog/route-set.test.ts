import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { beginsStrict, RouteSetBuilder, routeSetMax } from '../../core/dialog/route-set.ts';
import { type Slice, sliceOf } from '../../core/dialog/slice.ts';
import { message } from './dialogs.ts';

const test = suite('Route sets (RFC 3261 §12.1.1, §12.1.2)');

const invite = 'INVITE sip:alice@192.0.2.9 SIP/2.0';
const ok = 'SIP/2.0 200 OK';

function text(slice: Slice | undefined): string | undefined {
  return slice && new TextDecoder().decode(slice.bytes.subarray(slice.start, slice.end));
}

function recorded(...values: string[]): string[] {
  return values.map((value) => `Record-Route: ${value}`);
}

test('of a request has its Record-Route in order, over all lines and commas', () => {
  const builder = new RouteSetBuilder();
  const request = message(invite, recorded('<sip:p3;lr>, <sip:p2;lr>', '<sip:p1;lr>'));
  assert.is(text(builder.fromRequest(request)), '<sip:p3;lr>, <sip:p2;lr>, <sip:p1;lr>');
  assert.is(builder.count, 3);
});

test('of a response has it in reverse order', () => {
  const builder = new RouteSetBuilder();
  const response = message(ok, recorded('<sip:p3;lr>,<sip:p2;lr>', '<sip:p1;lr>'));
  assert.is(text(builder.fromResponse(response)), '<sip:p1;lr>, <sip:p2;lr>, <sip:p3;lr>');
});

test('is empty without Record-Route', () => {
  const builder = new RouteSetBuilder();
  assert.is(text(builder.fromRequest(message(invite, recorded('<sip:p1;lr>')))), '<sip:p1;lr>');
  assert.is(text(builder.fromRequest(message(invite))), '');
  assert.is(builder.count, 0);
  assert.ok(builder.loose());
});

test('keeps the parameters of the URI octet by octet and drops those of the header, and the display name', () => {
  const builder = new RouteSetBuilder();
  const value =
    '"P, one" <sip:u%20x@[2001:db8::1]:5061;transport=TLS;opaque=state:F:Ci.R;lr;ms-fe=A=b>;ms-rrsig=">,<";tag=y';
  assert.is(
    text(builder.fromRequest(message(invite, recorded(value)))),
    '<sip:u%20x@[2001:db8::1]:5061;transport=TLS;opaque=state:F:Ci.R;lr;ms-fe=A=b>',
  );
});

test('keeps two entries of one host, which may differ in their parameters alone', () => {
  const builder = new RouteSetBuilder();
  const response = message(
    ok,
    recorded('<sip:pool:5061;ms-fe=4;lr>;tag=a', '<sip:pool:5061;ms-fe=1;lr>', '<sip:pool:5061;ms-fe=1;lr>'),
  );
  assert.is(
    text(builder.fromResponse(response)),
    '<sip:pool:5061;ms-fe=1;lr>, <sip:pool:5061;ms-fe=1;lr>, <sip:pool:5061;ms-fe=4;lr>',
  );
});

test('is read from folded lines', () => {
  const builder = new RouteSetBuilder();
  assert.is(
    text(builder.fromRequest(message(invite, recorded('<sip:p2;lr>\r\n\t,\r\n  <sip:p1;lr>')))),
    '<sip:p2;lr>, <sip:p1;lr>',
  );
});

test('has at most 30 entries', () => {
  const builder = new RouteSetBuilder();
  const values = (count: number): string => Array.from({ length: count }, (_, i) => `<sip:p${i};lr>`).join(',');
  builder.fromRequest(message(invite, recorded(values(routeSetMax))));
  assert.is(builder.count, 30);
  for (const count of [31, 64, 65, 200]) {
    assert.is(builder.fromRequest(message(invite, recorded(values(count)))), undefined, `${count}`);
    assert.is(builder.fromResponse(message(ok, recorded(values(count)))), undefined, `${count}`);
  }
});

test('is refused when it is longer than a dialog keeps', () => {
  const builder = new RouteSetBuilder();
  const long = `<sip:p;x=${'y'.repeat(20_000)};lr>`;
  assert.ok(builder.fromRequest(message(invite, recorded(long))));
  assert.is(builder.fromRequest(message(invite, recorded(long, long))), undefined);
});

test('is refused where Record-Route is malformed', () => {
  const builder = new RouteSetBuilder();
  for (const value of [
    '',
    'sip:p1;lr',
    '<>',
    '<sip:p1;lr',
    '<sip:p1;lr>,',
    '<tel:+1>',
    '<http://p1>',
    '<sip:p1;lr> <sip:p2>',
    '<sip:a b>',
  ]) {
    assert.is(builder.fromRequest(message(invite, recorded('<sip:p2;lr>', value))), undefined, value);
    assert.is(builder.fromResponse(message(ok, recorded(value))), undefined, value);
  }
});

test('tells whether each of its routers is a loose one', () => {
  const builder = new RouteSetBuilder();
  const loose = (...values: string[]): boolean => {
    builder.fromRequest(message(invite, recorded(...values)));
    return builder.loose();
  };
  assert.ok(loose('<sip:p1;lr>', '<sips:p2;LR=on>'));
  assert.not(loose('<sip:p1;lr>', '<sip:p2>'));
  assert.not(loose('<sip:p1;lrx>'));
  assert.not(loose('<sip:p1>;lr'));
});

test('of responses one after the other, the same, others, malformed ones and none, is what each of them says', () => {
  const builder = new RouteSetBuilder();
  const values = [
    ['<sip:p1;lr>'],
    ['<sip:p1;lr>'],
    ['<sip:p2;lr>'],
    ['<sip:p1>'],
    [],
    ['<sip:p1;lr>'],
    ['<sip:p1;lr>', '<sip:p2;lr>'],
    ['<sip:p1;lr>'],
    ['p1'],
    ['<sip:p1;lr>'],
    [`<sip:${'p'.repeat(2000)};lr>`],
    [`<sip:${'q'.repeat(2000)};lr>`],
  ];
  for (const lines of values) {
    const response = message(ok, recorded(...lines));
    const afresh = new RouteSetBuilder();
    assert.is(text(builder.fromResponse(response)), text(afresh.fromResponse(response)), `${lines}`);
    assert.equal([builder.count, builder.loose()], [afresh.count, afresh.loose()], `${lines}`);
  }
  builder.fromRequest(message(invite, recorded('<sip:p9;lr>')));
  assert.is(text(builder.fromResponse(message(ok, recorded('<sip:p1;lr>')))), '<sip:p1;lr>');
});

test('the first router is loose where its URI has the parameter lr, wherever that stands', () => {
  const begins = (uri: string): boolean => beginsStrict(sliceOf(`<${uri}>, <sip:behind.example.com>`));
  for (const uri of [
    'sip:p.example.com;lr',
    'sip:p.example.com;LR',
    'sip:p.example.com;lr=on',
    'sip:p.example.com;lr;x=1',
    'sips:[2001:db8::1]:5061;transport=tcp;lr',
  ]) {
    assert.not(begins(uri), uri);
  }
  for (const uri of [
    'sip:p.example.com',
    'sip:p.example.com;xlr',
    'sip:user;lr@p.example.com',
    'sip:p.example.com?a=b;lr',
    'sip:p.example.com;x?;lr',
  ]) {
    assert.ok(begins(uri), uri);
  }
  assert.not(beginsStrict(sliceOf('')));
});

test.run();
