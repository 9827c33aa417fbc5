import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ServerRecords } from '../../core/transaction/server-records.ts';
import { Shelf } from '../../core/transaction/shelf.ts';

const test = suite('ServerRecords');

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

function records(shelf: Shelf = new Shelf(1_000)): ServerRecords {
  const columns = new ServerRecords(shelf);
  columns.resize(4);
  return columns;
}

test('a record is reachable at first, whatever stood in its place before', () => {
  const columns = records();
  columns.begin(1, true);
  columns.setReachable(1, false);
  assert.not(columns.isReachable(1));
  assert.ok(columns.isInvite(1), 'one says nothing of the other');
  columns.setReachable(1, true);
  assert.ok(columns.isReachable(1));
  columns.setReachable(1, false);
  columns.begin(1, false);
  assert.ok(columns.isReachable(1));
  assert.not(columns.isInvite(1));
});

test('the last response takes the place of the one before, through growth too', () => {
  const shelf = new Shelf(1_000);
  const columns = records(shelf);
  columns.keep(1, octets('180 Ringing'));
  columns.keep(1, octets('200 OK'));
  columns.resize(64);
  assert.equal(columns.kept(1), octets('200 OK'));
  assert.is(columns.kept(2), undefined);
  columns.keep(1, undefined);
  assert.is(columns.kept(1), undefined);
  assert.is(shelf.size, 0);
});

test('without room nothing is kept, not even what was', () => {
  const columns = records(new Shelf(8));
  columns.keep(1, octets('200 OK'));
  columns.keep(1, octets('503 Service Unavailable'));
  assert.is(columns.kept(1), undefined);
});

test.run();
