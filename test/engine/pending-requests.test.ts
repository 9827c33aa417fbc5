import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DialogTable } from '../../core/dialog/table.ts';
import { noContent } from '../../core/engine/content.ts';
import type { EngineEvent } from '../../core/engine/event.ts';
import { PendingRequests } from '../../core/engine/pending-requests.ts';
import { Reporter } from '../../core/engine/reporter.ts';
import { Wheel } from '../../core/time/wheel.ts';

const test = suite('Requests without an outcome');

function ground() {
  const events: EngineEvent[] = [];
  const table = new DialogTable({ capacity: 4, hashSeed: 1 });
  const wheel = new Wheel({ nowMs: 0 });
  const pending = new PendingRequests(wheel, new Reporter(table, (event) => events.push(event)));
  const add = (id: number) => pending.add(id, 0, 'INFO', noContent, false);
  return { pending, add, events, wheel };
}

test('each has one outcome: the second is told to nobody, and takes no other request off the lists', () => {
  for (const others of [1, 2, 3]) {
    const { pending, add, events } = ground();
    const request = add(1);
    for (let id = 2; id <= 1 + others; id++) add(id);
    pending.settle(request).done(1);
    pending.settle(request).failLocally(1, 408);
    assert.is(events.length, 1);
    assert.equal(
      pending.of(0).map(({ id }) => id),
      Array.from({ length: others }, (_, index) => index + 2),
    );
    assert.is(pending.count, others);
  }
});

test('the last of a dialog leaves nothing behind, however often it is settled', () => {
  const { pending, add, events, wheel } = ground();
  const request = add(1);
  request.timer = wheel.arm(
    wheel.kind(() => {}),
    1,
    100,
  );
  pending.settle(request).done(1);
  pending.settle(request).done(1);
  assert.equal([pending.count, pending.of(0).length, events.length, wheel.count], [0, 0, 1, 0]);
});

test.run();
