import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { messageLimits } from '../../core/limits.ts';
import { Message } from '../../core/message/message.ts';
import { refusals } from '../../core/message/refusal.ts';
import { octets, request, response, update, verdict } from './sample.ts';

const test = suite('Refusals (RFC 3261 §8.1.1, §18.3, §21)');

test('nothing but CRLFs is no message', () => {
  assert.is(verdict(octets('')), '400 empty');
  assert.is(verdict(octets('', '', '')), '400 empty');
});

test('a start line is a method, a URI and a version, with one space between them', () => {
  for (const line of [
    'UPDATE',
    'UPDATE sip:a@b',
    'UPDATE  sip:a@b SIP/2.0',
    'UPDATE sip:a@b  SIP/2.0',
    'UPDATE sip:a@b SIP/2.0 ',
    ' UPDATE sip:a@b SIP/2.0',
    'UP(DATE sip:a@b SIP/2.0',
    'UPDATE sip:a@b; lr SIP/2.0',
    'UPDATE sip:a@b HTTP/1.1',
    'UPDATE sip:a@b SIP/2',
    'UPDATE sip:a@b SIP/x.0',
    'UPDATE sip:a@b SIP/2.0\r\n folded',
    '\u0000\u0001\u0002',
  ]) {
    assert.is(verdict(request(line)), '400 start-line', line);
  }
  assert.is(verdict(octets('UPDATE sip:a@b SIP/2.0')), '400 start-line', 'not even a line');
  assert.is(verdict(response('SIP/2.0 200 OK\r\n folded')), '400 start-line');
});

test('another version of SIP is refused as such', () => {
  assert.is(verdict(request('UPDATE sip:a@b SIP/7.0')), '505 version');
  assert.is(verdict(request('UPDATE sip:a@b SIP/2.01')), '505 version');
  assert.is(verdict(response('SIP/3.0 200 OK')), '505 version');
});

test('a Request-URI follows the grammar of its scheme', () => {
  for (const uri of [
    '<sip:a@b>',
    'sip:',
    'bob',
    'sip:2001:db8::10',
    'sip:a@b@c',
    'sip:a@b:port',
    ':a',
    'sip:a@[::1',
    'sip:b?Route=%3Cx%3E',
    'sip:b?',
  ]) {
    assert.is(verdict(request(`UPDATE ${uri} SIP/2.0`)), '400 request-uri', uri);
  }
  for (const uri of ['nobodyKnowsThisScheme:totallyopaquecontent?yes', 'tel:+1-201-555-0123', 'sips:b']) {
    assert.is(verdict(request(`UPDATE ${uri} SIP/2.0`)), 'taken', uri);
  }
});

test('a status is three digits from 100 to 699', () => {
  for (const status of ['99', '099', '700', '2000', '4294967301', '2x0', '', '-10']) {
    assert.is(verdict(response(`SIP/2.0 ${status} Phrase`)), '400 status-code', status);
  }
  assert.is(verdict(response('SIP/2.0 699 Phrase')), 'taken');
});

test('lines end by CRLF, and where one does not, nothing is answered', () => {
  const text = new TextDecoder().decode(update({ Subject: 'x' }));
  for (const broken of [
    text.replaceAll('\r\n', '\n'),
    text.replace('Subject: x\r\n', 'Subject: x\n'),
    text.replace('Subject: x', 'Subject: x\ry'),
    text.replace('Subject: x', 'Subject\r: x'),
    text.replace('Subject: x\r\n', 'Subject: x\r\n\n'),
    text.replace('\r\n\r\n', '\r\n\r'),
  ]) {
    const message = new Message();
    const refusal = message.scan(new TextEncoder().encode(`${broken}tail`));
    assert.is(refusal?.reason, 'line-ending', JSON.stringify(broken));
    assert.is(message.answerable, false);
  }
});

test('a header line is a token, a colon and a value', () => {
  for (const line of ['Subject', ': x', 'Sub ject: x', 'Sub(ject: x', 'Grüße: x', '(: x']) {
    const bytes = octets(new TextDecoder().decode(update()).trimEnd(), line, '', '');
    assert.is(verdict(bytes), '400 header-line', line);
    const message = new Message();
    message.scan(bytes);
    assert.is(message.answerable, true, line);
    assert.is(message.lineCount, 5, line);
  }
});

test('the header ends by an empty line', () => {
  assert.is(verdict(octets(new TextDecoder().decode(update()).trimEnd(), '')), '400 head-incomplete');
  assert.is(verdict(octets(new TextDecoder().decode(update()).trimEnd())), '400 head-incomplete');
});

test('what has too many header lines can be answered all the same', () => {
  const { headerCount } = messageLimits;
  const tooMany = update({ Subject: Array.from({ length: headerCount }, (_, index) => `${index}`) });
  const message = new Message();
  message.scan(tooMany);
  assert.is(message.lineCount, headerCount);
  assert.is(message.answerable, true);
});

test('Via, From, To, Call-ID and CSeq must be there, once and well formed', () => {
  for (const [name, reason, malformed] of [
    ['From', 'from', '"Alice <sip:a@b>;tag=1'],
    ['To', 'to', '<sip:a@b'],
    ['Call-ID', 'call-id', 'two words'],
    ['CSeq', 'cseq', 'UPDATE 1'],
  ] as const) {
    assert.is(verdict(update({ [name]: undefined })), `400 ${reason}-missing`);
    assert.is(verdict(update({ [name]: malformed })), `400 ${reason}-malformed`);
    assert.is(verdict(update({ [name]: '' })), `400 ${reason}-malformed`);
    assert.is(verdict(update({ [name.toLowerCase()]: '<sip:a@b>' })), `400 ${reason}-repeated`);
  }
  assert.is(verdict(update({ Via: undefined })), '400 via-missing');
  assert.is(verdict(update({ Via: 'SIP/2.0/UDP 192.0.2.15;;,;,,' })), '400 via-malformed');
  assert.is(verdict(update({ v: 'SIP/2.0/UDP 192.0.2.15' })), 'taken', 'there may be many of these');
  assert.is(verdict(response('SIP/2.0 200 OK', { CSeq: undefined })), '400 cseq-missing');
});

test('From and To hold one value', () => {
  assert.is(verdict(update({ From: '<sip:a@b>;tag=1, <sip:c@d>' })), '400 from-malformed');
  assert.is(verdict(update({ To: 'sip:a@b, sip:c@d' })), '400 to-malformed');
});

test('a CSeq number is below 2^31', () => {
  assert.is(verdict(update({ CSeq: '2147483647 UPDATE' })), 'taken');
  assert.is(verdict(update({ CSeq: '2147483648 UPDATE' })), '400 cseq-malformed');
  assert.is(verdict(update({ CSeq: '36893488147419103232 UPDATE' })), '400 cseq-malformed');
  for (const cseq of ['1', '1UPDATE', '-1 UPDATE', '1 UPDATE x', '1 UP(DATE', '+1 UPDATE']) {
    assert.is(verdict(update({ CSeq: cseq })), '400 cseq-malformed', cseq);
  }
});

test('a CSeq method is the method of the request', () => {
  assert.is(verdict(update({ CSeq: '1 INVITE' })), '400 cseq-method');
  assert.is(verdict(update({ CSeq: '1 update' })), '400 cseq-method');
  assert.is(verdict(request('NEWMETHOD sip:a@b SIP/2.0')), '501 method', 'RFC 4475 §3.1.2.18');
  assert.is(verdict(request('NEWMETHOD sip:a@b SIP/2.0', { CSeq: '1 NEWMETHOD' })), 'taken');
});

test('Content-Length is one number, and no more than there is', () => {
  for (const value of ['', '-1', '+5', '5;', '5 5', 'x', '99999999999999999999', ['0', '0'], ['0', '5']]) {
    assert.is(verdict(update({ 'Content-Length': value })), '400 content-length', `${value}`);
  }
  assert.is(verdict(update({ 'Content-Length': '6' }, 'short')), '400 body-truncated');
  assert.is(verdict(update({ 'Content-Length': '5' }, 'short')), 'taken');
});

test('what breaks an optional header field refuses nothing', () => {
  assert.is(
    verdict(
      update({
        Contact: '<',
        Route: '<<',
        'Record-Route': ',',
        'Session-Expires': 'x',
        'Max-Forwards': '-1',
        Date: 'yesterday',
      }),
    ),
    'taken',
  );
});

test('the first fault from the top is told', () => {
  assert.is(verdict(request('UPDATE sip:a@b SIP/7.0', { CSeq: undefined })), '505 version');
  assert.is(verdict(update({ Via: 'x', To: 'x', 'Content-Length': 'x' })), '400 via-malformed');
});

test('a refused request can be answered when it has the lines to copy', () => {
  const answerable = (bytes: Uint8Array): boolean => {
    const message = new Message();
    message.scan(bytes);
    return message.answerable;
  };
  assert.is(answerable(update()), true);
  assert.is(answerable(request('UPDATE sip:a@b SIP/7.0')), true);
  assert.is(answerable(update({ To: '<<', CSeq: 'x', Via: 'x' })), true);
  assert.is(answerable(update({ 'Content-Length': '1000' })), true);
  for (const name of ['From', 'To', 'Call-ID']) assert.is(answerable(update({ [name]: undefined })), true);
  for (const name of ['Via', 'CSeq']) assert.is(answerable(update({ [name]: undefined })), false);
  assert.is(answerable(request('ACK sip:a@b SIP/2.0', { CSeq: '1 ACK' })), false);
  assert.is(answerable(response('SIP/2.0 200 OK')), false);
});

test('every reason names itself, a status of a failure and a phrase', () => {
  for (const [reason, refusal] of Object.entries(refusals)) {
    assert.is(refusal.reason, reason);
    assert.ok(refusal.status >= 400 && refusal.status < 600);
    assert.match(refusal.phrase, /^[A-Za-z -]+$/);
  }
});

test.run();
