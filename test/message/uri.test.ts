import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeText } from '../../core/message/bytes.ts';
import { emptySpan, type Span } from '../../core/message/span.ts';
import { parseUriText, type UriView, uriParameter } from '../../core/message/uri.ts';

const test = suite('URIs (RFC 3261 §19.1, RFC 3966)');

/** The parts of `text` that are there. */
function read(text: string): Record<string, string | number | boolean> | undefined {
  const uri = parseUriText(text);
  if (uri === undefined) return undefined;
  const parts: Record<string, string | number | boolean> = { scheme: uri.scheme };
  for (const name of ['user', 'host', 'maddr', 'params', 'headers'] as const) {
    if (uri[name].start < uri[name].end) parts[name] = textOf(uri, uri[name]);
  }
  if (uri.port !== 0) parts['port'] = uri.port;
  if (uri.lr) parts['lr'] = true;
  if (uri.transport !== '') parts['transport'] = uri.transport;
  return parts;
}

function textOf(uri: UriView, span: Span): string {
  return decodeText(uri.bytes, span.start, span.end);
}

test('no URI says twice where its requests go (§19.1.1)', () => {
  assert.is(read('sip:a@b;transport=tcp;transport=tcp'), undefined);
  assert.is(read('sip:a@b;maddr=192.0.2.1;x;MADDR=192.0.2.2'), undefined);
  assert.is(read('sip:a@b;%74ransport=tcp;transport=udp'), undefined);
  for (const first of ['transport', 'transport=']) assert.is(read(`sip:a@b;${first};transport=tcp`), undefined);
  for (const first of ['maddr', 'maddr=', 'maddr=/']) assert.is(read(`sip:a@b;${first};maddr=c`), undefined);
  assert.is(read('sip:a@b;transport=tcp;maddr=c')?.['transport'], 'tcp');
});

test('a SIP URI falls into its parts', () => {
  assert.equal(read('sip:alice@atlanta.com'), { scheme: 'sip', user: 'alice', host: 'atlanta.com' });
  assert.equal(read('sips:alice:secret@atlanta.com:5061;transport=TCP;lr?subject=x&priority=urgent'), {
    scheme: 'sips',
    user: 'alice',
    host: 'atlanta.com',
    params: 'transport=TCP;lr',
    headers: 'subject=x&priority=urgent',
    port: 5061,
    lr: true,
    transport: 'tcp',
  });
  assert.equal(read('SIP:192.0.2.4'), { scheme: 'sip', host: '192.0.2.4' });
});

test('IPv6 hosts come without brackets, and only brackets tell a port from the address', () => {
  assert.equal(read('sip:[2001:db8::10]:5070'), { scheme: 'sip', host: '2001:db8::10', port: 5070 });
  assert.equal(read('sip:[2001:db8::10:5070]'), { scheme: 'sip', host: '2001:db8::10:5070' });
  assert.equal(read('sip:a@[::ffff:192.0.2.10]'), { scheme: 'sip', user: 'a', host: '::ffff:192.0.2.10' });
  assert.is(read('sip:2001:db8::10'), undefined);
});

test('the user part may hold what else begins parameters, headers and ports', () => {
  assert.equal(read('sip:user;par=u%40example.net@example.com'), {
    scheme: 'sip',
    user: 'user;par=u%40example.net',
    host: 'example.com',
  });
  assert.equal(read("sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com;lr"), {
    scheme: 'sip',
    user: "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
    host: 'example.com',
    params: 'lr',
    lr: true,
  });
  assert.equal(read('sip:host:5060;lr;maddr=1.2.3.4@real'), { scheme: 'sip', user: 'host', host: 'real' });
});

test('a loose router is known by lr with or without a value, in any case and escaping', () => {
  for (const uri of [
    'sip:p;lr',
    'sip:p;LR',
    'sip:p;lr=on',
    'sip:p;a=b;lr;c',
    'sip:p;%6C%72',
    'sip:p;l%72?x=y',
    'sip:p;lr=?x',
  ]) {
    assert.is(parseUriText(uri)?.lr, true, uri);
  }
  for (const uri of [
    'sip:p',
    'sip:p;lrx',
    'sip:p;xlr',
    'sip:p;l',
    'sip:p?lr=',
    'sip:p;x=lr',
    'sip:p;%6C%7',
    'sip:lr@p',
    'sip:p;%6',
  ]) {
    assert.is(parseUriText(uri)?.lr, false, uri);
  }
});

test('maddr is a host, bracketed or not', () => {
  assert.is(read('sip:p;maddr=224.2.0.1')?.['maddr'], '224.2.0.1');
  assert.is(read('sip:p;maddr=[2001:db8::1];lr')?.['maddr'], '2001:db8::1');
  assert.is(read('sip:p;maddr=')?.['maddr'], undefined);
  assert.is(read('sip:p;maddr=a/b')?.['maddr'], undefined);
});

test('empty parameters do no harm', () => {
  assert.equal(read('sip:p;;lr;'), { scheme: 'sip', host: 'p', params: ';lr;', lr: true });
});

test('a tel URI has a number, another scheme only its name', () => {
  assert.equal(read('tel:+1-201-555-0123;phone-context=example.com'), {
    scheme: 'tel',
    user: '+1-201-555-0123',
    params: 'phone-context=example.com',
  });
  assert.equal(read('soap.beep://192.0.2.103:3002'), { scheme: 'other' });
  assert.equal(read('mailto:a@b@c'), { scheme: 'other' });
});

test('what breaks the grammar is refused', () => {
  for (const uri of [
    '',
    'sip',
    'sip:',
    'alice@atlanta.com',
    ':a',
    'sip:@host',
    'sip::pw@host',
    'sip:a@',
    'sip:a@b@c',
    'sip:a@b;x=c@d',
    'sip:a@b?x=c@d',
    'sip:a@host:',
    'sip:a@host:0',
    'sip:a@host:65536',
    'sip:a@host:5060x',
    'sip:a@host/path',
    'sip:a@[::1',
    'sip:a@[]',
    'sip:a@::1',
    'sip:a b@c',
    'sip:a@b c',
    'sip:a@b;x=<y>',
    'sip:a@b;x="y"',
    'sip:a@b?x=\u0007',
    'tel:+1 2',
    'other:a b',
    'ünl:a',
  ]) {
    assert.is(read(uri), undefined, uri);
  }
});

test('one parameter is found by its name, with its value or without', () => {
  const uri = parseUriText('sip:a@b;opaque=user:epid:q;gruu;Ob=;%6Fther=1?x=y');
  assert.ok(uri);
  const span = emptySpan();
  const value = (name: string): string | undefined => (uriParameter(uri, name, span) ? textOf(uri, span) : undefined);
  assert.is(value('opaque'), 'user:epid:q');
  assert.is(value('gruu'), '');
  assert.is(value('ob'), '');
  assert.is(value('other'), '1');
  assert.is(value('x'), undefined);
  assert.is(value('gru'), undefined);
});

test('a view that is filled again keeps nothing', () => {
  const first = read('sip:a@b:1;lr;transport=tcp;maddr=c?d');
  assert.ok(first);
  assert.equal(read('sip:b'), { scheme: 'sip', host: 'b' });
});

test.run();
