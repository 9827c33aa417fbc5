import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Address } from '../../core/contract.ts';
import { addressOf, addressOfText, isNumericHost, leadsTo } from '../../core/message/numeric-address.ts';

const test = suite('Numeric addresses (RFC 3263 §4)');

const places: readonly (readonly [uri: string, address: Address | undefined])[] = [
  ['sip:192.0.2.1', { protocol: 'udp', host: '192.0.2.1', port: 5060 }],
  ['sip:token@192.0.2.1:5070;lr', { protocol: 'udp', host: '192.0.2.1', port: 5070 }],
  ['sip:192.0.2.1;transport=tcp;lr', { protocol: 'tcp', host: '192.0.2.1', port: 5060 }],
  ['sip:edge.example;maddr=192.0.2.7;lr', { protocol: 'udp', host: '192.0.2.7', port: 5060 }],
  ['sip:192.0.2.1;maddr=edge.example', undefined],
  ['sip:[2001:db8::1]:5080', { protocol: 'udp', host: '2001:db8::1', port: 5080 }],
  ['sip:edge.example', undefined],
  ['sips:192.0.2.1', undefined],
  ['tel:+15551234', undefined],
];

const octets = (text: string): Uint8Array => new TextEncoder().encode(`<${text}>`);

test('a URI leads where its host or its maddr says, if that is a number', () => {
  for (const [uri, address] of places) {
    assert.equal(addressOfText(uri), address, uri);
    assert.equal(addressOf(octets(uri), 1, uri.length + 1), address, uri);
  }
});

test('it leads to that address, and to no other one', () => {
  for (const [uri] of places) {
    for (const [, address] of places) {
      if (address === undefined) continue;
      const own = addressOfText(uri);
      const same = own !== undefined && JSON.stringify(own) === JSON.stringify(address);
      assert.is(leadsTo(octets(uri), 1, uri.length + 1, address), same, `${uri} and ${JSON.stringify(address)}`);
    }
  }
});

test('a host is numeric when it is an address', () => {
  for (const host of ['192.0.2.1', '2001:db8::1', '::']) assert.ok(isNumericHost(host), host);
  for (const host of ['edge.example', '1.2.3', 'a.1.2.3.4']) assert.not(isNumericHost(host), host);
});

test.run();
