import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Writer } from '../../core/message/write.ts';
import { writeAck } from '../../core/transaction/ack.ts';
import { octets, scanned, text } from './messages.ts';

const test = suite('ACK of a 3xx-6xx (RFC 3261 §17.1.1.3)');

const invite = [
  'INVITE sip:bob@biloxi.example SIP/2.0',
  'Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bKkjshdyff',
  'To: Bob <sip:bob@biloxi.example>',
  'From: Alice <sip:alice@atlanta.example>;tag=88sja8x',
  'Max-Forwards: 68',
  'Call-ID: 987asjd97y7atg',
  'CSeq: 986759 INVITE',
];

const rejection = scanned(
  octets(
    'SIP/2.0 486 Busy Here',
    'Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bKkjshdyff;received=192.0.2.1',
    'To: Bob <sip:bob@biloxi.example>;tag=99sa0xk',
    'From: Alice <sip:alice@atlanta.example>;tag=88sja8x',
    'Call-ID: 987asjd97y7atg',
    'CSeq: 986759 INVITE',
  ),
);

test('takes everything from the INVITE but the To of the response, and the method', () => {
  assert.is(
    text(writeAck(new Writer(), scanned(octets(...invite)), rejection)),
    text(
      octets(
        'ACK sip:bob@biloxi.example SIP/2.0',
        'Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bKkjshdyff',
        'Max-Forwards: 68',
        'From: Alice <sip:alice@atlanta.example>;tag=88sja8x',
        'To: Bob <sip:bob@biloxi.example>;tag=99sa0xk',
        'Call-ID: 987asjd97y7atg',
        'CSeq: 986759 ACK',
        'Content-Length: 0',
      ),
    ),
  );
});

test('has one Via, and the Route and the credentials of the INVITE (§22.1)', () => {
  const routed = [
    ...invite,
    'Route: <sip:a.example;lr>, <sip:b.example;lr>',
    'Via: SIP/2.0/TCP second.example;branch=z9hG4bK2',
    'Route: <sip:c.example;lr>',
    'Proxy-Authorization: Digest username="alice"',
    'Contact: <sip:alice@pc33.atlanta.example>',
  ];
  const lines = text(writeAck(new Writer(), scanned(octets(...routed)), rejection)).split('\r\n');
  assert.equal(
    lines.filter((line) => /^(Via|Route|Proxy-Authorization|Contact)/.test(line)),
    [
      'Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bKkjshdyff',
      'Route: <sip:a.example;lr>, <sip:b.example;lr>',
      'Route: <sip:c.example;lr>',
      'Proxy-Authorization: Digest username="alice"',
    ],
  );
});

test('is a request that a server can read, and has no body', () => {
  const ack = scanned(writeAck(new Writer(), scanned(octets(...invite)), rejection));
  assert.is(ack.method, 'ACK');
  assert.is(ack.body.start, ack.body.end);
});

test.run();
