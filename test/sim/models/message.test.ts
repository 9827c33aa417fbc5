import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { listOf, paramOf, paramsOf, tagOf, uriOf } from './address-value.ts';
import { type Message, parse } from './message.ts';
import { parseUri, writeHostPort } from './uri.ts';
import { parseVia, responseAddress } from './via.ts';
import { write, writeResponse } from './write.ts';

const test = suite('a plain reading of SIP, RFC 3261 §7');

function read(...lines: string[]): Message {
  const message = parse(Buffer.from(lines.join('\r\n'), 'latin1'));
  if (message === undefined) throw new Error('no SIP');
  return message;
}

const invite = [
  'INVITE sip:bob@10.0.0.2;transport=tcp SIP/2.0',
  'v: SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bK2;rport, SIP/2.0/TCP [::1];branch=z9hG4bK1',
  'VIA: SIP/2.0/UDP 10.0.0.7;branch=z9hG4bK0',
  'f: "A, <B>" <sip:alice@10.0.0.1>;tag=a',
  't: <sip:bob@10.0.0.2>',
  'i: call',
  'CSeq:  7   INVITE',
  'record-route: <sip:10.0.0.3;lr>,',
  ' <sip:10.0.0.4;lr;x=",">;y',
  'k: timer, 100rel',
  'l: 5',
  '',
  'v=0\r\ntoo much',
];

test('reads names of any case and in their short forms, lines that are folded, lists in several lines', () => {
  const message = read(...invite);
  assert.ok(message.isRequest);
  assert.is(message.method, 'INVITE');
  assert.is(message.requestUri, 'sip:bob@10.0.0.2;transport=tcp');
  assert.is(message.callId, 'call');
  assert.is(message.cseq, 7);
  assert.is(message.fromTag, 'a');
  assert.is(message.toTag, '');
  assert.is(message.values('via').length, 3);
  assert.equal(message.recordRoute, ['<sip:10.0.0.3;lr>', '<sip:10.0.0.4;lr;x=",">;y']);
  assert.ok(message.lists('supported', '100rel'));
  assert.is(message.body, 'v=0\r\n');
  assert.ok(message.isWhole);
});

test('reads a response by the method of its CSeq', () => {
  const message = read('SIP/2.0 430 Flow Failed', 'CSeq: 8 UPDATE', '', '');
  assert.not(message.isRequest);
  assert.is(message.status, 430);
  assert.is(message.reason, 'Flow Failed');
  assert.is(message.method, 'UPDATE');
  assert.not(message.isWhole);
});

test('takes nothing else for SIP, and says when a body ends too early', () => {
  for (const text of ['', '\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', 'INVITE SIP/2.0\r\n\r\n', 'BYE sip:a SIP/2.0\r\n'])
    assert.is(parse(Buffer.from(text)), undefined, text);
  assert.ok(read('BYE sip:a SIP/2.0', 'Content-Length: 3', '', 'ab').isCutShort);
});

test('cuts lists and values where the grammar does', () => {
  assert.equal(listOf('"a, \\" b" <sip:x,y>;z , c'), ['"a, \\" b" <sip:x,y>;z', 'c']);
  assert.is(uriOf('"<sip:no>" <sip:yes;lr>;tag=1'), 'sip:yes;lr');
  assert.is(uriOf('sip:yes;tag=1'), 'sip:yes');
  assert.is(tagOf('sip:yes;x=2;Tag=1'), '1');
  assert.is(tagOf('<sip:yes;tag=no>'), '');
  assert.is(paramOf(paramsOf('<sip:yes>;lr'), 'lr'), '');
});

test('reads URIs and Vias', () => {
  const uri = parseUri('sip:bob@[::1]:5080;transport=TCP;lr?x=y');
  assert.equal(uri, {
    scheme: 'sip',
    user: 'bob',
    host: '::1',
    port: 5080,
    transport: 'tcp',
    isLoose: true,
    params: ';transport=TCP;lr',
  });
  assert.is(parseUri('sip:10.0.0.1')?.port, 5060);
  assert.is(parseUri('tel:123'), undefined);
  assert.is(writeHostPort('::1', 5080), '[::1]:5080');
  const via = parseVia('SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bK2;received=10.0.0.8;rport=6000');
  assert.is(via?.branch, 'z9hG4bK2');
  assert.equal(via && responseAddress(via), { host: '10.0.0.8', port: 6000 });
});

test('writes what it reads', () => {
  const request = read(...invite);
  const response = parse(writeResponse(request, 486, { toTag: 'b', headers: [['Retry-After', '9']] }));
  assert.is(response?.startLine, 'SIP/2.0 486 Busy Here');
  assert.is(response?.toTag, 'b');
  assert.is(response?.joined('via'), request.joined('via'));
  assert.is(response?.header('retry-after'), '9');
  const again = parse(write(request.startLine, request.headers, request.body));
  assert.equal(again?.headers.slice(0, -1), request.headers.slice(0, -1));
  assert.is(again?.body, request.body);
});

test.run();
