import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { canonicalHost, endpointKey, endpointText, familyOf, isPort } from '../../transport/address.ts';

const test = suite('Address');

test('only numeric hosts have a family', () => {
  assert.is(familyOf('192.0.2.1'), 'ipv4');
  assert.is(familyOf('2001:db8::1'), 'ipv6');
  for (const host of ['', 'localhost', '127.1', '010.0.0.1', '[::1]']) assert.is(familyOf(host), undefined);
});

test('an IPv6 host has one spelling, and keeps its zone', () => {
  assert.is(canonicalHost('2001:DB8:0:0:0::1'), '2001:db8::1');
  assert.is(canonicalHost('FE80::0001%eth0'), 'fe80::1%eth0');
  assert.is(canonicalHost('192.0.2.1'), '192.0.2.1');
});

test('people see brackets around IPv6', () => {
  assert.is(endpointText({ host: '::1', port: 5060 }), '[::1]:5060');
  assert.is(endpointText({ host: '192.0.2.1', port: 5060 }), '192.0.2.1:5060');
});

test('keys of different endpoints differ', () => {
  assert.is.not(endpointKey('::1', 5060), endpointKey('::1:5', 60));
});

test('a port is a whole number from 1 to 65535', () => {
  assert.equal([1, 65_535, 0, 65_536, 1.5, Number.NaN].map(isPort), [true, true, false, false, false, false]);
});

test.run();
