import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { answerTo, callIdOf, methodOf } from '../../../bench/far-end/request.ts';

const test = suite('Requests, as a raw far end reads and answers them');

const head = [
  'INVITE sip:a@127.0.0.1 SIP/2.0',
  'Record-Route: <sip:127.0.0.1:5070;lr>',
  'Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK2',
  'Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1',
  'Max-Forwards: 69',
  'Contact: <sip:b@127.0.0.1>',
  'From: <sip:b@127.0.0.1>;tag=1',
];
const ids = ['Call-ID: c1', 'CSeq: 1 INVITE'];
const answer = {
  status: Buffer.from('SIP/2.0 200 OK\r\n'),
  tag: 'f1',
  rest: Buffer.from('Content-Length: 0\r\n\r\n'),
};

function request(to: string, body = ''): Buffer {
  return Buffer.from(`junk${[...head, to, ...ids].join('\r\n')}\r\n\r\n${body}more`);
}

function answered(to: string, body = ''): string[] {
  const bytes = request(to, body);
  return answerTo(bytes, 4, bytes.length - 8, answer)
    .toString()
    .split('\r\n');
}

test('the answer repeats what it must in its order, and tags To', () => {
  assert.equal(answered('To: <sip:a@127.0.0.1>'), [
    'SIP/2.0 200 OK',
    ...head.slice(1, 4),
    ...head.slice(6),
    'To: <sip:a@127.0.0.1>;tag=f1',
    ...ids,
    'Content-Length: 0',
    '',
    '',
  ]);
});

test('a tag stays, and a body is not repeated', () => {
  const lines = answered('To: <sip:a@127.0.0.1>;tag=x', 'v=0\r\nTo: nobody\r\n');
  assert.ok(lines.includes('To: <sip:a@127.0.0.1>;tag=x'));
  assert.not.ok(lines.includes('To: nobody'));
});

test('method and Call-ID are read where the message stands', () => {
  const bytes = request('To: <sip:a@127.0.0.1>');
  assert.equal([methodOf(bytes, 4), callIdOf(bytes, 4)], ['INVITE', 'c1']);
  assert.is(callIdOf(Buffer.from('OPTIONS sip:a SIP/2.0\r\n\r\n'), 0), '');
});

test.run();
