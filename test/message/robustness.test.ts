import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Message } from '../../core/message/message.ts';
import { beginResponse, endMessage, Writer } from '../../core/message/write.ts';
import { everythingOf } from './everything.ts';
import { octets, update } from './sample.ts';

const test = suite('Message against whatever comes (RFC 3261 §25)');

const full = update(
  {
    Via: 'SIP/2.0/UDP [2001:db8::1]:5060;rport;branch=z9hG4bK1;received=2001:db8::2, SIP/2.0/TCP b:1;x="a\\"b,;"',
    From: '"Alice \\" <A>" <sip:alice:pw@atlanta.example.com;lr?x=y>;tag=1',
    Contact: '"Bob, B." <sip:bob@192.0.2.4:5060;transport=tcp;maddr=[::1]>;expires=3600;q=0.7, *',
    Route: ['<sip:p1;lr>;x=1, <sips:p2>', '<sip:[::1]:1;%6Cr>'],
    'Record-Route': '"r" <sip:r;lr;ftag=1>',
    'Session-Expires': '1800;refresher=uac',
    'Min-SE': '90',
    'Max-Forwards': '70',
    'Retry-After': '5 (why)',
    RSeq: '1',
    Expires: '3600',
    Supported: 'timer, ms-dialog-route-set-update',
    Allow: 'INVITE, UPDATE',
    'P-Dialog-Recovery-Action': 'Dialog-Route-Set-Update,\r\n Wait-For-Session-Update',
    Subject: 'folded\r\n\tonce \r\n  and again, Grüße',
    'Content-Length': '4',
  },
  'body',
);

const message = new Message();
const writer = new Writer();
const askAll = (bytes: Uint8Array): string => everythingOf(message, bytes);

test('cut at any octet it is refused or read, never thrown at', () => {
  for (let size = 0; size <= full.length; size++) {
    askAll(full.slice(0, size));
    const cut = size < full.length;
    assert.is(message.scan(full.slice(0, size)) !== undefined, cut, `${size}`);
  }
});

test('any octets at all are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      askAll(bytes);
      assert.ok(message.scan(bytes));
    }),
    { seed: 1, numRuns: 2000 },
  );
});

test('a message with any of its octets changed is refused or read', () => {
  const change = fc.tuple(
    fc.nat(full.length - 1),
    fc.oneof(fc.nat(255), fc.constantFrom(...octets('\r\n ,;<>":=@\\[]?*/'))),
  );
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
      const bytes = full.slice();
      for (const [at, octet] of changes) bytes[at] = octet;
      askAll(bytes);
    }),
    { seed: 2, numRuns: 3000 },
  );
});

test('pieces of the grammar in any order are refused or read', () => {
  const piece = fc.constantFrom(
    ...['UPDATE sip:a@b SIP/2.0\r\n', 'SIP/2.0 200 OK\r\n', '\r\n', '\r\n ', 'Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\n'],
    ...[
      'From: <sip:a@b>;tag=1\r\n',
      'To: <sip:a@b>\r\n',
      'Call-ID: 1\r\n',
      'CSeq: 1 UPDATE\r\n',
      'Contact: ',
      'Route: ',
    ],
    ...[
      '"',
      '\\',
      '<',
      '>',
      '<sip:a@b>',
      ',',
      ';',
      '=',
      ':',
      ' ',
      '*',
      'lr',
      'tag=',
      '[::1]',
      '1',
      'ä',
      '\u0000',
      'x:',
    ],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      askAll(octets(pieces.join('')));
    }),
    { seed: 3, numRuns: 3000 },
  );
});

test('an answer to anything answerable is a message that we take', () => {
  const answers = new Message();
  const change = fc.tuple(fc.nat(full.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 2 }), (changes) => {
      const bytes = full.slice();
      for (const [at, octet] of changes) bytes[at] = octet;
      const refusal = message.scan(bytes);
      if (!message.answerable) return;
      const { via, from, to, callId, cseq } = message;
      const sound = [via, from, to, callId, cseq].every((view) => view.presence === 'present');
      beginResponse(writer, message, 400, undefined, { toTag: 'ours' });
      const verdict = answers.scan(endMessage(writer, undefined, undefined));
      assert.is(verdict === undefined, sound, `${refusal?.reason} ${verdict?.reason}`);
    }),
    { seed: 4, numRuns: 1000 },
  );
});

test.run();
