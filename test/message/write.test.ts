import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HeaderId } from '../../core/message/header.ts';
import { Message } from '../../core/message/message.ts';
import { beginResponse, copyHeader, endMessage, type ResponseOptions, Writer } from '../../core/message/write.ts';
import { octets, scanned, update } from './sample.ts';

const test = suite('Writing (RFC 3261 §8.2.6, §18.2.1; RFC 3581 §4)');

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

test('a writer gives what was written since the last time', () => {
  const writer = new Writer();
  writer.text('CSeq: ').decimal(0).text(' ').decimal(10).text(' ').decimal(4_294_967_295).text('\r\n');
  assert.is(writer.length, 23);
  const first = writer.take();
  assert.is(writer.length, 0);
  const second = writer.header('Subject', 'Grüße 🙂').bytes(octets('0123456789'), 3, 5).take();
  assert.is(textOf(first), 'CSeq: 0 10 4294967295\r\n');
  assert.is(textOf(second), 'Subject: Grüße 🙂\r\n34');
  assert.is(writer.take().length, 0);
});

test('reset forgets what is being written, and nothing else', () => {
  const writer = new Writer();
  const kept = writer.text('kept').take();
  writer.text('forgotten').reset();
  assert.is(writer.length, 0);
  assert.is(textOf(writer.text('next').take()), 'next');
  assert.is(textOf(kept), 'kept');
});

test('text beyond ASCII is UTF-8 wherever it begins', () => {
  const writer = new Writer();
  for (const text of ['ä', 'aä', 'aäb', '€', '🙂🙂', 'x\ud800y', '\u0000\u007f\u0080\u07ff\u0800\uffff']) {
    assert.equal(writer.text(text).take(), new TextEncoder().encode(text));
  }
});

test('pieces of every size are copied, short ones and long ones', () => {
  const writer = new Writer();
  const source = Uint8Array.from({ length: 300 }, (_, index) => index & 0xff);
  for (let size = 0; size <= 200; size++) {
    assert.equal(writer.bytes(source, 50, 50 + size).take(), source.slice(50, 50 + size));
  }
  assert.is(writer.bytes(source, 5, 5).bytes(source, 5, 4).length, 0);
});

test('what was taken is never written again, and a message may outgrow its chunk', () => {
  const writer = new Writer();
  const taken: Uint8Array[] = [];
  const block = new Uint8Array(100_000).fill(1);
  for (let index = 0; index < 12; index++) {
    writer.text(`${index}:`).bytes(block, 0, block.length).text('ä'.repeat(index));
    taken.push(writer.take());
  }
  writer.text('head');
  for (let index = 0; index < 6; index++) writer.bytes(block, 0, block.length);
  const large = writer.text('tail').take();
  for (const [index, message] of taken.entries()) {
    const head = `${index}:`;
    assert.is(textOf(message.subarray(0, head.length)), head);
    assert.is(message.length, head.length + block.length + 2 * index);
    assert.ok(message.subarray(head.length, head.length + block.length).every((octet) => octet === 1));
  }
  assert.is(large.length, 8 + 6 * block.length);
  assert.is(textOf(large.subarray(0, 4)) + textOf(large.subarray(-4)), 'headtail');
});

const plain = {
  Via: [
    'SIP/2.0/UDP server10.biloxi.com;branch=z9hG4bK4b43c2ff8.1',
    'SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=z9hG4bK77ef4c2312983.1',
  ],
  From: 'Alice <sip:alice@atlanta.com>;tag=1928301774',
  To: 'Bob <sip:bob@biloxi.com>',
  'Call-ID': 'a84b4c76e66710',
  CSeq: '1 UPDATE',
};

/** The lines of the response to an UPDATE with those fields. */
function respond(
  fields: Record<string, string | string[] | undefined>,
  options: ResponseOptions,
  status = 200,
): string[] {
  const message = new Message();
  message.scan(update({ ...plain, ...fields }));
  assert.is(message.answerable, true);
  const writer = new Writer();
  beginResponse(writer, message, status, undefined, options);
  return textOf(endMessage(writer, undefined, undefined)).split('\r\n');
}

test('a response copies what tells whose it is', () => {
  assert.equal(respond({ 'Record-Route': '<sip:p;lr>', Timestamp: '54', Subject: 'x' }, {}), [
    'SIP/2.0 200 OK',
    'Via: SIP/2.0/UDP server10.biloxi.com;branch=z9hG4bK4b43c2ff8.1',
    'Via: SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=z9hG4bK77ef4c2312983.1',
    'From: Alice <sip:alice@atlanta.com>;tag=1928301774',
    'To: Bob <sip:bob@biloxi.com>',
    'Call-ID: a84b4c76e66710',
    'CSeq: 1 UPDATE',
    'Content-Length: 0',
    '',
    '',
  ]);
});

test('a To without a tag gets ours, and one with a tag keeps it', () => {
  assert.is(respond({}, { toTag: 'ours' })[4], 'To: Bob <sip:bob@biloxi.com>;tag=ours');
  assert.is(respond({ To: '<sip:b@c>;tag=theirs' }, { toTag: 'ours' })[4], 'To: <sip:b@c>;tag=theirs');
  assert.is(respond({ To: 'sip:b@c' }, { toTag: 'ours' })[4], 'To: sip:b@c;tag=ours');
  assert.is(respond({ To: '"open <sip:b@c>' }, { toTag: 'ours' }, 400)[4], 'To: "open <sip:b@c>');
});

test('Record-Route comes with all its lines and parameters when it is asked for', () => {
  const lines = respond({ 'Record-Route': ['<sip:p;lr>;x=1, <sip:q;lr>', '<sip:r;lr>'] }, { recordRoute: true });
  assert.equal(lines.slice(7, 9), ['Record-Route: <sip:p;lr>;x=1, <sip:q;lr>', 'Record-Route: <sip:r;lr>']);
});

test('a 100 carries the Timestamp', () => {
  assert.is(respond({ Timestamp: '54' }, {}, 100)[7], 'Timestamp: 54');
});

test('a reason of our own may be given', () => {
  const writer = new Writer();
  beginResponse(writer, scanned(update()), 400, 'Missing Call-ID', {});
  assert.match(textOf(writer.take()), /^SIP\/2\.0 400 Missing Call-ID\r\n/);
});

/** The topmost Via of the response to a request that came from 192.0.2.1:9988, or from `host`. */
function topmost(via: string, host = '192.0.2.1'): string {
  const fields = respond({ Via: [`SIP/2.0/UDP ${via}`, 'SIP/2.0/UDP next'] }, { source: { host, port: 9988 } });
  assert.is(fields[2], 'Via: SIP/2.0/UDP next');
  return (fields[1] ?? '').replace('Via: SIP/2.0/UDP ', '');
}

test('received is added where sent-by is not the source', () => {
  assert.is(topmost('192.0.2.1:5060;branch=z9hG4bK1'), '192.0.2.1:5060;branch=z9hG4bK1');
  assert.is(topmost('10.1.1.1:5060;branch=z9hG4bK1'), '10.1.1.1:5060;branch=z9hG4bK1;received=192.0.2.1');
  assert.is(topmost('host.example.com'), 'host.example.com;received=192.0.2.1');
  assert.is(topmost('[2001:DB8::1]', '2001:db8::1'), '[2001:DB8::1]');
  assert.is(topmost('[2001:db8::2]', '2001:db8::1'), '[2001:db8::2];received=2001:db8::1');
});

test('an rport that asks gets the port in its place, and received always', () => {
  assert.is(topmost('192.0.2.1;rport;branch=z9hG4bK1'), '192.0.2.1;rport=9988;branch=z9hG4bK1;received=192.0.2.1');
  assert.is(topmost('10.1.1.1 ; branch=z9hG4bK1 ; RPORT'), '10.1.1.1 ; branch=z9hG4bK1;rport=9988;received=192.0.2.1');
  assert.is(topmost('192.0.2.1;rport=5;branch=z9hG4bK1'), '192.0.2.1;rport=5;branch=z9hG4bK1');
});

test('what the client claims to have been received from is left out', () => {
  assert.is(topmost('192.0.2.1;received=6.6.6.6;branch=z9hG4bK1'), '192.0.2.1;branch=z9hG4bK1');
  assert.is(topmost('10.1.1.1;received=6.6.6.6;rport'), '10.1.1.1;rport=9988;received=192.0.2.1');
  assert.is(topmost('10.1.1.1;rport;x;received=6.6.6.6;y'), '10.1.1.1;rport=9988;x;y;received=192.0.2.1');
});

test('more values on the topmost line, folds and compact names stay as they are', () => {
  const writer = new Writer();
  const message = scanned(update({ Via: undefined, v: 'SIP/2.0/UDP a;rport ,\r\n SIP/2.0/UDP b' }));
  beginResponse(writer, message, 200, 'OK', { source: { host: '192.0.2.1', port: 1 } });
  assert.match(textOf(writer.take()), '\r\nv: SIP/2.0/UDP a;rport=1;received=192.0.2.1 ,\r\n SIP/2.0/UDP b\r\n');
});

test('a malformed Via goes back as it came', () => {
  assert.is(
    respond({ Via: 'SIP/2.0/UDP ;;' }, { source: { host: '192.0.2.1', port: 1 } }, 400)[1],
    'Via: SIP/2.0/UDP ;;',
  );
});

test('a body comes with its type and size', () => {
  const writer = new Writer();
  const body = new TextEncoder().encode('für alle');
  assert.is(
    textOf(endMessage(writer.text('X\r\n'), 'text/plain', body)),
    'X\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nfür alle',
  );
  assert.is(textOf(endMessage(writer, 'text/plain', new Uint8Array(0))), 'Content-Length: 0\r\n\r\n');
});

test('header lines can be copied from one message into another', () => {
  const writer = new Writer();
  copyHeader(writer, scanned(update({ r: '<sip:a@b>', Route: ['<sip:p;lr>', '<sip:q;lr>'] })), HeaderId.Route);
  assert.is(textOf(writer.take()), 'Route: <sip:p;lr>\r\nRoute: <sip:q;lr>\r\n');
});

test('a response that was written is read back with the same meaning', () => {
  const request = scanned(
    update({
      ...plain,
      Via: 'SIP/2.0/UDP 10.1.1.1:5060;rport;branch=z9hG4bK1',
      'Record-Route': '<sip:p;lr>',
      'Content-Length': '0',
    }),
  );
  const writer = new Writer();
  beginResponse(writer, request, 200, undefined, {
    toTag: 'ours',
    recordRoute: true,
    source: { host: '192.0.2.1', port: 9988 },
  });
  const response = scanned(endMessage(writer.header('Contact', '<sip:b@c>'), 'text/plain', octets('body')));
  assert.is(response.status, 200);
  assert.is(response.method, 'UPDATE');
  assert.equal([response.via.rportPort, response.text(response.via.received)], [9988, '192.0.2.1']);
  assert.is(response.text(response.via.branch), 'z9hG4bK1');
  assert.is(response.text(response.from.value), request.text(request.from.value));
  assert.is(response.text(response.to.tag), 'ours');
  assert.is(response.text(response.callId), request.text(request.callId));
  assert.is(response.headerText(HeaderId.RecordRoute), '<sip:p;lr>');
  assert.is(response.text(response.body), 'body');
});

test.run();
