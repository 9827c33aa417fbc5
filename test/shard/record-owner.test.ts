import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DialogRecord, UsageError } from '../../core/index.ts';
import { ownerByPort } from '../../core/shard/record-owner.ts';
import { leastRecord } from '../engine/records.ts';

const test = suite('Owner of a record by ports');

const locals = [5060, 5061].map((port) => [
  { protocol: 'udp', host: '192.0.2.1', port },
  { protocol: 'tcp', host: '2001:db8::1', port },
]);

function ownerOf(parts: Partial<DialogRecord>): number | undefined | readonly string[] {
  try {
    return ownerByPort({ ...leastRecord, ...parts }, locals);
  } catch (error) {
    return (error as UsageError).reasons.map((reason) => reason.split(':')[0] as string);
  }
}

test('localAddress names the port, by each protocol', () => {
  assert.is(ownerOf({ localAddress: 'sip:192.0.2.1:5061' }), 1);
  assert.is(ownerOf({ localAddress: 'sip:192.0.2.1' }), 0);
  assert.is(ownerOf({ localAddress: 'sip:[2001:db8::1]:5061;transport=tcp' }), 1);
});

test('so does the URI of localContact, where localAddress is none of ours', () => {
  assert.is(ownerOf({ localContact: '"a <b" <sip:us@192.0.2.1:5061>;expires=60' }), 1);
  assert.is(ownerOf({ localContact: 'sip:us@192.0.2.1:5060', localAddress: 'sip:192.0.2.7:5060' }), 0);
  assert.is(ownerOf({ localContact: 'sip:us@192.0.2.1:5060', localAddress: 'sip:192.0.2.1:5061' }), 1);
});

test('a dialog of another stack, or one whose peer is told a new Contact, may go to any', () => {
  assert.is(ownerOf({ localAddress: 'sip:192.0.2.7:5060' }), undefined);
  assert.is(ownerOf({ localAddress: 'sip:192.0.2.1:5060;transport=tcp' }), undefined);
  assert.is(ownerOf({ routeStatus: 'recovering' }), undefined);
});

test('what leaves it open which port the peer knows is refused', () => {
  assert.equal(ownerOf({}), ['/localAddress']);
  assert.equal(ownerOf({ routeStatus: 'healthy' }), ['/localAddress']);
  assert.equal(ownerOf({ localContact: '<sip:us@example.com>', routeStatus: 'recovering' }), ['/localContact']);
  assert.equal(ownerOf({ localContact: '<sip:us@192.0.2.7>', localAddress: 'sip:192.0.2.7' }), ['/localContact']);
});

test.run();
