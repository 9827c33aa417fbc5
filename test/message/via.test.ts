import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseVia, ViaView } from '../../core/message/via.ts';
import { octets } from './sample.ts';

const test = suite('Via (RFC 3261 §20.42, RFC 3581)');

interface Read {
  readonly next: string;
  readonly via: ViaView;
  readonly text: (span: { start: number; end: number }) => string;
}

/** Reads the first value of `value`; `next` is what is left behind it. */
function read(value: string): Read | undefined {
  const bytes = octets(value);
  const via = new ViaView();
  const next = parseVia(bytes, 0, bytes.length, via);
  const text = ({ start, end }: { start: number; end: number }): string => value.slice(start, end);
  return next < 0 ? undefined : { next: value.slice(next), via, text };
}

test('transport, sent-by and branch are found', () => {
  const found = read('SIP/2.0/UDP erlang.bell-telephone.com:5060;branch=z9hG4bK87asdks7');
  assert.ok(found);
  const { via, text } = found;
  assert.is(via.protocol, 'udp');
  assert.is(text(via.host), 'erlang.bell-telephone.com');
  assert.is(via.port, 5060);
  assert.is(text(via.branch), 'z9hG4bK87asdks7');
  assert.is(via.rport, false);
  assert.is(text(via.value), 'SIP/2.0/UDP erlang.bell-telephone.com:5060;branch=z9hG4bK87asdks7');
});

test('an IPv6 host comes without its brackets, in received as well', () => {
  const found = read('SIP/2.0/TLS [2001:db8::9:1]:5061;received=[2001:db8::9:255];branch=z9hG4bKas3-111');
  assert.ok(found);
  assert.is(found.via.protocol, 'tls');
  assert.is(found.text(found.via.host), '2001:db8::9:1');
  assert.is(found.text(found.via.received), '2001:db8::9:255');
  const bare = read('SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255');
  assert.ok(bare);
  assert.is(bare.text(bare.via.received), '2001:db8::9:255');
  assert.is(bare.via.port, 0);
});

test('rport asks without a value and answers with one', () => {
  const asking = read('SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff');
  assert.ok(asking);
  assert.equal([asking.via.rport, asking.via.rportPort], [true, 0]);
  assert.is(asking.text(asking.via.rportParam), ';rport');
  const answering = read('SIP/2.0/UDP 10.1.1.1:4540;received=192.0.2.1 ; rport = 9988 ;branch=z9hG4bKkjshdyff');
  assert.ok(answering);
  assert.equal([answering.via.rport, answering.via.rportPort], [true, 9988]);
  assert.is(answering.text(answering.via.rportParam), ' ; rport = 9988');
  assert.is(answering.text(answering.via.receivedParam), ';received=192.0.2.1');
  assert.is(read('SIP/2.0/UDP a;rport=')?.via.rportPort, 0);
});

test('no Via says twice where its response goes (§7.3.1, §18.2.2)', () => {
  for (const twice of [
    'branch=a;branch=a',
    'rport;rport=5060',
    'received=::1;received=::1',
    'maddr=192.0.2.1;maddr=192.0.2.2',
  ]) {
    assert.is(read(`SIP/2.0/UDP a;${twice}`), undefined, twice);
  }
});

test('parameter names count in any case, and values of others may be quoted', () => {
  const found = read('SIP/2.0/UDP a;BRANCH=z9hG4bK1;x="a;branch=no, \\" ";MAddr=224.2.0.1;alias;ms-sig=AbC==');
  assert.ok(found);
  assert.is(found.text(found.via.branch), 'z9hG4bK1');
  assert.is(found.text(found.via.maddr), '224.2.0.1');
  assert.is(found.next, '');
});

test('the value ends at a comma', () => {
  const found = read(' SIP/2.0/UDP a;branch=z9hG4bK1 , SIP/2.0/TCP b');
  assert.ok(found);
  assert.is(found.next, ', SIP/2.0/TCP b');
  assert.is(found.text(found.via.value), 'SIP/2.0/UDP a;branch=z9hG4bK1');
});

test('any transport and protocol name is read, the transport in lower case', () => {
  assert.is(read('SIP/2.0/UNKNOWN-Transport t.example.com')?.via.protocol, 'unknown-transport');
  assert.is(read('SIP/7.0/TLS-SCTP t.example.com')?.via.protocol, 'tls-sctp');
});

test('without a branch it is a Via of RFC 2543', () => {
  const found = read('SIP/2.0/UDP a');
  assert.ok(found);
  assert.is(found.via.branch.start, found.via.branch.end);
});

test('what breaks the grammar is refused', () => {
  for (const value of [
    '',
    'SIP/2.0',
    'SIP/2.0/UDP',
    'SIP/2.0/UDP ',
    'SIP/2.0 UDP a',
    'SIP//UDP a',
    'SIP/2.0/UDP a b',
    'SIP/2.0/UDP a:',
    'SIP/2.0/UDP a:0',
    'SIP/2.0/UDP a:65536',
    'SIP/2.0/UDP a:50x60',
    'SIP/2.0/UDP [::1',
    'SIP/2.0/UDP []',
    'SIP/2.0/UDP [::g]',
    'SIP/2.0/UDP a;',
    'SIP/2.0/UDP a;;branch=x',
    'SIP/2.0/UDP a;=x',
    'SIP/2.0/UDP a;branch',
    'SIP/2.0/UDP a;branch=',
    'SIP/2.0/UDP a;branch="x"',
    'SIP/2.0/UDP a;branch=x y',
    'SIP/2.0/UDP a;branch=x;branch=x',
    'SIP/2.0/UDP a;branch=ä',
    'SIP/2.0/UDP a;rport=x',
    'SIP/2.0/UDP a;rport=65536',
    'SIP/2.0/UDP a;rport;rport',
    'SIP/2.0/UDP a;received=1.2.3.4;received=1.2.3.4',
    'SIP/2.0/UDP a;x="open',
  ]) {
    assert.is(read(value), undefined, value);
  }
});

test.run();
