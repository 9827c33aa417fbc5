import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { emptyAddress, setAddress } from '../../core/edge/address-octets.ts';
import { Clients } from '../../core/edge/clients.ts';
import { UsageError } from '../../core/errors.ts';

const test = suite('Clients of an edge');

function knows(entry: string, host: string, port: number, protocol = 'udp'): boolean {
  const octets = emptyAddress();
  assert.ok(setAddress(octets, { protocol, host, port }));
  return new Clients([entry]).has(octets);
}

test('an IP is known on every port, by every protocol', () => {
  assert.ok(knows('192.0.2.1', '192.0.2.1', 5060));
  assert.ok(knows('192.0.2.1', '192.0.2.1', 40_000, 'tcp'));
  assert.not(knows('192.0.2.1', '192.0.2.2', 5060));
});

test('an IP with a port is known on that port', () => {
  assert.ok(knows('192.0.2.1:5060', '192.0.2.1', 5060));
  assert.not(knows('192.0.2.1:5060', '192.0.2.1', 5061));
});

test('IPv6 is written with brackets where a port follows', () => {
  assert.ok(knows('2001:db8::1', '2001:db8:0::1', 5060));
  assert.ok(knows('[2001:db8::1]', '2001:db8::1', 5060));
  assert.ok(knows('[2001:db8::1]:5070', '2001:db8::1', 5070));
  assert.not(knows('[2001:db8::1]:5070', '2001:db8::1', 5060));
});

test('what is no numeric address is the caller’s mistake', () => {
  for (const entry of [
    '',
    'example.com',
    '192.0.2.1:0',
    '192.0.2.1:65536',
    '192.0.2.1:',
    '192.0.2',
    '[192.0.2.1',
    '10.0.0.0/8',
  ]) {
    assert.throws(
      () => new Clients([entry]),
      (error: unknown) => error instanceof UsageError,
      entry,
    );
  }
});

test.run();
