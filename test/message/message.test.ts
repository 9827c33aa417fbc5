import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HeaderId } from '../../core/message/header.ts';
import { Message } from '../../core/message/message.ts';
import { octets, request, response, scanned, update } from './sample.ts';

const test = suite('Message (RFC 3261 §7)');

test('a request is read from its start line to its body', () => {
  const body = 'v=0\r\n';
  const message = scanned(
    request(
      'INVITE sip:bob@192.0.2.4:5070;transport=tcp SIP/2.0',
      { CSeq: '1 INVITE', 'Content-Type': 'application/sdp', 'Content-Length': '5' },
      body,
    ),
  );
  assert.is(message.isRequest, true);
  assert.is(message.method, 'INVITE');
  assert.is(message.status, 0);
  assert.is(message.text(message.requestUri), 'sip:bob@192.0.2.4:5070;transport=tcp');
  assert.is(message.requestUriParts.port, 5070);
  assert.is(message.requestUriParts.transport, 'tcp');
  assert.is(message.via.protocol, 'udp');
  assert.is(message.text(message.via.branch), 'z9hG4bK776asdhds');
  assert.is(message.text(message.from.uri), 'sip:alice@atlanta.example.com');
  assert.is(message.text(message.from.tag), '1928301774');
  assert.is(message.text(message.to.tag), 'a6c85cf');
  assert.is(message.text(message.to.value), 'Bob <sip:bob@biloxi.example.com>;tag=a6c85cf');
  assert.is(message.text(message.callId), 'a84b4c76e66710@pc33.atlanta.example.com');
  assert.is(message.cseq.number, 1);
  assert.is(message.cseq.method, 'INVITE');
  assert.is(message.text(message.body), body);
  assert.is(message.size, message.bytes.length);
});

test('a response has nothing of the request that was scanned before it', () => {
  const message = scanned(request('UPDATE sip:bob@192.0.2.4;transport=tcp SIP/2.0'));
  message.scan(response('SIP/2.0 200 OK'));
  const { scheme, start, end, user, transport } = message.requestUriParts;
  assert.equal([scheme, start, end, user, transport], ['other', 0, 0, { start: 0, end: 0 }, '']);
});

test('a response takes its method from CSeq', () => {
  const message = scanned(response('SIP/2.0 183 Session Progress'));
  assert.is(message.isRequest, false);
  assert.is(message.method, 'UPDATE');
  assert.is(message.status, 183);
  assert.is(message.reason, 'Session Progress');
  assert.is(message.answerable, false);
});

test('a Reason-Phrase may be empty, and the space before it lost', () => {
  assert.is(scanned(response('SIP/2.0 100 ')).reason, '');
  assert.is(scanned(response('SIP/2.0 100')).reason, '');
  assert.is(scanned(response('SIP/2.0 100 Пробую')).reason, 'Пробую');
});

test('the version counts in any case', () => {
  assert.is(scanned(response('sip/2.0 200 OK')).status, 200);
});

test('a method that we do not know is read as it stands', () => {
  const message = scanned(request("!odd-Method0_*+`.%'~ sip:a@b SIP/2.0", { CSeq: "1 !odd-Method0_*+`.%'~" }));
  assert.is(message.method, "!odd-Method0_*+`.%'~");
});

test('CRLFs before the start line are skipped, and are no part of the size', () => {
  const plain = update();
  const message = scanned(Uint8Array.from([13, 10, 13, 10, ...plain]));
  assert.is(message.method, 'UPDATE');
  assert.is(message.size, plain.length);
});

test('without Content-Length the body is all that is left; with it, what is behind is ignored', () => {
  assert.is(scanned(update({}, 'all of it')).body.end, update({}, 'all of it').length);
  const message = scanned(update({ 'Content-Length': '3' }, 'allowed'));
  assert.is(message.text(message.body), 'all');
  assert.is(message.size, message.bytes.length - 4);
  assert.is(scanned(update({ l: '000' }, 'x')).body.end, update({ l: '000' }, 'x').length - 1);
});

test('compact forms, any case, white space around the colon and folds all mean the same', () => {
  const message = scanned(
    octets(
      'UPDATE sip:bob@192.0.2.4 SIP/2.0',
      'v: SIP / 2.0',
      ' /TCP',
      '\t[2001:db8::9:1] : 5080 ;',
      '  branch = z9hG4bK1',
      'FROM :',
      ' "Alice"',
      ' <sip:alice@atlanta.example.com> ; tag = 1',
      't:<sip:bob@biloxi.example.com>;TAG=2',
      'i:\t a84b',
      'cSEQ: 0009',
      '  UPDATE  ',
      'm: <sip:a@192.0.2.9>',
      'k: timer',
      'x: 1800',
      'l: 0',
      '',
      '',
    ),
  );
  assert.is(message.via.protocol, 'tcp');
  assert.is(message.text(message.via.host), '2001:db8::9:1');
  assert.is(message.via.port, 5080);
  assert.is(message.text(message.via.branch), 'z9hG4bK1');
  assert.is(message.text(message.from.display), '"Alice"');
  assert.is(message.text(message.from.tag), '1');
  assert.is(message.text(message.to.tag), '2');
  assert.is(message.text(message.callId), 'a84b');
  assert.is(message.cseq.number, 9);
  assert.is(message.text(message.contact.uri), 'sip:a@192.0.2.9');
  assert.is(message.hasToken(HeaderId.Supported, 'timer'), true);
  assert.is(message.sessionExpires.seconds, 1800);
});

test('one object reads message after message, and keeps nothing of the last', () => {
  const message = new Message();
  message.scan(
    update({
      Via: 'SIP/2.0/TCP 192.0.2.1:5066;branch=z9hG4bK1;rport;received=192.0.2.7;maddr=192.0.2.8',
      Contact: '<sip:a@b>',
      'Max-Forwards': '70',
      'Session-Expires': '90;refresher=uas',
      'P-Dialog-Recovery-Action': 'dialog-route-set-update',
    }),
  );
  assert.is(message.contact.presence, 'present');
  assert.is(message.maxForwards.value, 70);
  assert.is(message.sessionExpires.refresher, 'uas');
  assert.is(message.recoveryAction.dialog, true);
  message.scan(update({ Via: 'SIP/2.0/UDP host', From: '<sip:a@b>', To: 'sip:c@d' }));
  assert.equal(
    [message.via.port, message.via.rport, message.text(message.via.branch), message.text(message.via.received)],
    [0, false, '', ''],
  );
  assert.is(message.text(message.via.maddr), '');
  assert.is(message.text(message.from.tag) + message.text(message.from.display), '');
  assert.is(message.text(message.to.tag), '');
  assert.is(message.contact.presence, 'absent');
  assert.is(message.maxForwards.presence, 'absent');
  assert.is(message.sessionExpires.refresher, undefined);
  assert.is(message.recoveryAction.dialog, false);
});

test('a scan that is refused at its first octet leaves nothing of the last message either', () => {
  const message = new Message();
  message.scan(update({ Contact: '<sip:a@b>' }));
  message.scan(octets(''));
  for (const { presence } of [message.via, message.from, message.to, message.callId, message.cseq, message.contact]) {
    assert.is(presence, 'absent');
  }
  assert.is(message.method, '');
  assert.is(message.size, 0);
  assert.is(message.lineCount, 0);
  assert.is(message.first(HeaderId.Contact), -1);
});

test('the number fields are absent, present or malformed', () => {
  const presences = (fields: Record<string, string | string[]>): string[] => {
    const message = scanned(update(fields));
    const { maxForwards, expires, minSe, retryAfter, rseq } = message;
    return [maxForwards, expires, minSe, retryAfter, rseq].map((view) => `${view.presence} ${view.value}`);
  };
  assert.equal(presences({}), ['absent 0', 'absent 0', 'absent 0', 'absent 0', 'absent 0']);
  assert.equal(
    presences({
      'Max-Forwards': '255',
      Expires: '4294967295',
      'Min-SE': '90;some=thing',
      'Retry-After': '18000 (in a (nested) meeting; 5 min);duration=3600',
      RSeq: '2147483647',
    }),
    ['present 255', 'present 4294967295', 'present 90', 'present 18000', 'present 2147483647'],
  );
  assert.equal(
    presences({
      'Max-Forwards': '256',
      Expires: '4294967296',
      'Min-SE': '90 seconds',
      'Retry-After': '-1',
      RSeq: '2147483648',
    }),
    ['malformed 0', 'malformed 0', 'malformed 0', 'malformed 0', 'malformed 0'],
  );
  assert.equal(
    presences({ 'Max-Forwards': ['70', '70'], Expires: '', 'Min-SE': '1 2', 'Retry-After': '5(', RSeq: '0x1' }),
    ['malformed 0', 'malformed 0', 'malformed 0', 'malformed 0', 'malformed 0'],
  );
  assert.equal(
    presences({ 'Max-Forwards': '70;x', Expires: '1 (c)', 'Min-SE': '90;', 'Retry-After': '5 (c) d', RSeq: '1, 2' }),
    ['malformed 0', 'malformed 0', 'malformed 0', 'malformed 0', 'malformed 0'],
  );
  for (const tail of ['', ' ', '(c)', ' (c (\\)\\( d)) ;duration=1', ';a="(";b', '\r\n ()\r\n ; x']) {
    assert.is(scanned(update({ 'Retry-After': `5${tail}` })).retryAfter.value, 5, tail);
  }
  for (const tail of ['(', '())', '((c)', '(c\\)', '(c)(d)', ';', ';x (c)', ' 6', ',6', 'x']) {
    assert.is(scanned(update({ 'Retry-After': `5${tail}` })).retryAfter.presence, 'malformed', tail);
  }
});

test('RAck is absent, present or malformed', () => {
  const rack = (value: string | string[] | undefined): string => {
    const { presence, rseq, cseq, method } = scanned(update({ RAck: value })).rack;
    return `${presence} ${rseq} ${cseq} ${method}`.trim();
  };
  assert.is(rack(undefined), 'absent 0 0');
  assert.is(rack('776656 1 INVITE'), 'present 776656 1 INVITE');
  assert.is(rack('0001\t02 \r\n INVITE'), 'present 1 2 INVITE');
  assert.is(rack('2147483647 2147483647 x'), 'present 2147483647 2147483647 x');
  for (const value of ['', '1', '1 2', '1 INVITE', '0x1 2 INVITE', '1 2e0 INVITE', '1 2 INVITE x', '1, 2, INVITE']) {
    assert.is(rack(value), 'malformed 0 0', value);
  }
  assert.is(rack('2147483648 1 INVITE'), 'malformed 0 0');
  assert.is(rack('1 2147483648 INVITE'), 'malformed 0 0');
  assert.is(rack(['1 2 INVITE', '1 2 INVITE']), 'malformed 0 0');
});

test('a getter that is asked again says the same', () => {
  const message = scanned(
    update({ 'Min-SE': '90', 'Session-Expires': '1800', 'P-Dialog-Recovery-Action': 'x', Contact: '<sip:a@b>' }),
  );
  for (let times = 0; times < 2; times++) {
    assert.is(message.minSe.value, 90);
    assert.is(message.sessionExpires.seconds, 1800);
    assert.is(message.recoveryAction.other, true);
    assert.is(message.text(message.contactUri.host), 'b');
    assert.is(message.text(message.contact.uri), 'sip:a@b');
  }
});

test('Contact is absent, present, a star or malformed', () => {
  const contact = (value: string): string => {
    const message = scanned(update({ Contact: value }));
    return `${message.contact.presence} ${message.text(message.contact.uri)}`;
  };
  assert.is(scanned(update()).contact.presence, 'absent');
  assert.is(contact('*'), 'present ');
  assert.is(
    contact('<sip:a@[2001:db8::1]:5070;transport=tcp>;expires=60, <sip:b@c>'),
    'present sip:a@[2001:db8::1]:5070;transport=tcp',
  );
  assert.is(contact('sip:a@b;expires=60'), 'present sip:a@b');
  assert.is(contact('tel:+358-555-1234567'), 'present tel:+358-555-1234567');
  assert.is(contact('<sip:a@b:0>'), 'malformed ');
  assert.is(contact('<sip:>'), 'malformed ');
  assert.is(contact('nothing'), 'malformed ');
  assert.is(contact(''), 'malformed ');
  const message = scanned(update({ Contact: '"x" <sip:a@h:5070;lr>' }));
  assert.is(message.contact.presence, 'present');
  assert.is(message.contactUri.port, 5070);
  assert.is(message.contactUri.lr, true);
});

test('the second Via is on the same line or on the next', () => {
  const second = (via: string | string[]): string => {
    const message = scanned(update({ Via: via }));
    return `${message.secondVia.presence} ${message.text(message.secondVia.host)}`;
  };
  const first = 'SIP/2.0/UDP a;branch=z9hG4bK1';
  assert.is(second(first), 'absent ');
  assert.is(second(`${first} , SIP/2.0/UDP b`), 'present b');
  assert.is(second([first, 'SIP/2.0/UDP c, SIP/2.0/UDP d']), 'present c');
  assert.is(second([first, 'nonsense']), 'malformed ');
  assert.is(second(`${first},`), 'malformed ');
});

test('token lists are searched over all lines, option tags in any case and methods exactly', () => {
  const message = scanned(
    update({
      Supported: ['timer , 100REL', '', ' ,, ms-Dialog-Route-Set-Update'],
      Allow: 'INVITE, ACK,UPDATE',
      Require: 'timer2',
    }),
  );
  assert.is(message.hasToken(HeaderId.Supported, 'timer'), true);
  assert.is(message.hasToken(HeaderId.Supported, '100rel'), true);
  assert.is(message.hasToken(HeaderId.Supported, 'ms-dialog-route-set-update'), true);
  assert.is(message.hasToken(HeaderId.Supported, 'time'), false);
  assert.is(message.hasToken(HeaderId.Require, 'timer'), false);
  assert.is(message.hasToken(HeaderId.Unsupported, 'timer'), false);
  assert.is(message.hasToken(HeaderId.Allow, 'UPDATE'), true);
  assert.is(message.hasToken(HeaderId.Allow, 'Update'), false);
  assert.is(message.hasToken(HeaderId.Allow, 'UPDAT'), false);
});

test('a program gets header fields as text: in full names, unfolded and trimmed', () => {
  const message = scanned(
    update({
      s: 'I know  you are there,\r\n\t pick up \r\n the phone\r\n \r\n and talk  ',
      'x-Custom': 'Grüße',
      Subject: '',
    }),
  );
  assert.is(message.headerText(HeaderId.Subject), 'I know  you are there, pick up the phone and talk');
  assert.is(message.headerText(HeaderId.Server), undefined);
  assert.is(message.field('SUBJECT'), 'I know  you are there, pick up the phone and talk');
  assert.is(message.field('s'), 'I know  you are there, pick up the phone and talk');
  assert.is(message.field('X-custom'), 'Grüße');
  assert.is(message.field('X-Other'), undefined);
  assert.equal(
    message.headers().map(({ name }) => name),
    ['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Subject', 'x-Custom', 'Subject'],
  );
  assert.equal(message.headers().at(-1), { name: 'Subject', value: '' });
});

test('octets that are no UTF-8 become replacement characters', () => {
  const bytes = update({ Subject: 'a_b' });
  bytes[bytes.lastIndexOf('_'.charCodeAt(0))] = 0xff;
  assert.is(scanned(bytes).headerText(HeaderId.Subject), 'a�b');
});

test('header lines can be walked one by one, and copied with their CRLF', () => {
  const message = scanned(update({ Route: ['<sip:a;lr>', '<sip:b;lr>'], Server: 'x' }));
  const routes: string[] = [];
  for (let line = message.first(HeaderId.Route); line >= 0; line = message.next(line)) {
    assert.is(message.headerId(line), HeaderId.Route);
    routes.push(message.text({ start: message.lineStart(line), end: message.lineEnd(line) }));
    routes.push(message.text({ start: message.valueStart(line), end: message.valueEnd(line) }));
  }
  assert.equal(routes, ['Route: <sip:a;lr>\r\n', '<sip:a;lr>', 'Route: <sip:b;lr>\r\n', '<sip:b;lr>']);
  assert.is(message.lineCount, 8);
  assert.is(message.headerId(7), HeaderId.Server);
});

test.run();
