import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressText, emptyAddress, isIpv4, sameAddress, setAddress } from '../../core/edge/address-octets.ts';

const test = suite('Numeric address as octets (RFC 4291 §2.2)');

function octets(host: string, port = 5060, protocol = 'udp'): Uint8Array | undefined {
  const into = emptyAddress();
  return setAddress(into, { protocol, host, port }) ? into : undefined;
}

function isSame(one: string, other: string): boolean {
  const a = octets(one);
  const b = octets(other);
  return a !== undefined && b !== undefined && sameAddress(a, b);
}

test('an address comes back as it was given', () => {
  const given = { protocol: 'tcp', host: '192.0.2.255', port: 65_535 };
  const into = emptyAddress();
  assert.ok(setAddress(into, given));
  assert.ok(isIpv4(into));
  assert.equal(addressText(into), given);
});

test('protocol, IP and port all tell two addresses apart', () => {
  const one = octets('192.0.2.1') as Uint8Array;
  for (const other of [octets('192.0.2.2'), octets('192.0.2.1', 5061), octets('192.0.2.1', 5060, 'tcp')]) {
    assert.not(sameAddress(one, other as Uint8Array));
  }
});

test('the spellings of one IPv6 address are the same', () => {
  assert.ok(isSame('2001:db8::1', '2001:DB8:0:0:0:0:0:1'));
  assert.ok(isSame('::', '0:0:0:0:0:0:0:0'));
  assert.ok(isSame('1::', '1:0:0::0'));
  assert.ok(isSame('64:ff9b::192.0.2.1', '64:ff9b::c000:201'));
});

test('an IPv4 address in IPv6 is that IPv4 address', () => {
  assert.ok(isSame('::ffff:192.0.2.1', '192.0.2.1'));
});

test('what is no numeric address is refused', () => {
  for (const host of ['', 'example.com', '192.0.2', '192.0.2.1.', '192.0.2.256', '192.0.2.01', '1.2.3.4.5', '1..2.3']) {
    assert.is(octets(host), undefined, host);
  }
  for (const host of [
    ':',
    '1:',
    ':1',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
  ]) {
    assert.is(octets(host), undefined, host);
  }
  for (const host of ['fe80::1%eth0', '[::1]', '::1.2.3', '1:2:3:4:5:6:7:1.2.3.4', '::g']) {
    assert.is(octets(host), undefined, host);
  }
});

test('an unknown protocol is refused', () => {
  assert.is(octets('192.0.2.1', 5060, 'sctp'), undefined);
});

test('it takes what Node takes for IPv6, and nothing else', () => {
  const piece = fc.constantFrom('', '0', '1', 'ffff', 'Ab', '12345', '1.2.3.4', '1.2.3', 'g');
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 10 }), (pieces) => {
      const host = pieces.join(':');
      if (!host.includes(':')) return;
      assert.is(octets(host) !== undefined, isIPv6(host), host);
    }),
    { seed: 1, numRuns: 20_000 },
  );
});

test('any IPv6 address can be written and read again', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (ip) => {
      const into = emptyAddress();
      into.set(ip, 1);
      const again = emptyAddress();
      setAddress(again, { ...addressText(into), port: 0 });
      assert.ok(sameAddress(into, again));
    }),
    { seed: 1, numRuns: 500 },
  );
});

test.run();
