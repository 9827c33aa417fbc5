import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type TimerId, Wheel } from '../../core/time/wheel.ts';

const test = suite('Wheel');

const day = 86_400_000;

/** A wheel that logs what fires, as `instant:owner`. */
function logging(nowMs = 0) {
  const wheel = new Wheel({ nowMs, capacity: 4 });
  const log: string[] = [];
  const kind = wheel.kind((owner) => log.push(`${wheel.nowMs}:${owner}`));
  const arm = (owner: number, atMs: number) => wheel.arm(kind, owner, atMs);
  return { wheel, log, arm };
}

test('fires at its instant and not before', () => {
  const { wheel, log, arm } = logging(1_000);
  arm(7, 1_500);
  wheel.advance(1_499);
  assert.equal(log, []);
  wheel.advance(1_500);
  assert.equal(log, ['1500:7']);
  assert.is(wheel.count, 0);
});

test('a fractional instant is rounded up', () => {
  const { wheel, log, arm } = logging(0.4);
  arm(1, 10.2);
  wheel.advance(10.9);
  assert.equal(log, []);
  wheel.advance(11);
  assert.equal(log, ['11:1']);
});

test('tells when an armed timer is due, and nothing of one that has fired or was disarmed', () => {
  const { wheel, arm } = logging(1_000);
  const [soon, late, past] = [arm(1, 1_500.5), arm(2, 3 * day), arm(3, 900)];
  assert.equal(
    [soon, late, past, 0].map((id) => wheel.dueAtMs(id)),
    [1_501, 3 * day, 1_000, undefined],
  );
  wheel.advance(60_000);
  assert.equal(
    [soon, late, past].map((id) => wheel.dueAtMs(id)),
    [undefined, 3 * day, undefined],
  );
  wheel.disarm(late);
  assert.is(wheel.dueAtMs(late), undefined);
});

test('timers of one tick fire in the order of arming, however far off they were armed', () => {
  const { wheel, log, arm } = logging();
  arm(1, 70_000);
  wheel.advance(60_000);
  arm(2, 70_000);
  wheel.advance(69_900);
  arm(3, 70_000);
  wheel.advance(70_000);
  assert.equal(log, ['70000:1', '70000:2', '70000:3']);
});

test('a long jump fires everything in order and costs nothing for the time passed', () => {
  const { wheel, log, arm } = logging();
  arm(3, 300 * day);
  arm(1, 5);
  arm(2, 3 * day);
  wheel.advance(400 * day);
  assert.equal(
    log.map((line) => line.split(':')[1]),
    ['1', '2', '3'],
  );
});

test('instants beyond reach are kept, not lost', () => {
  const { wheel, log, arm } = logging();
  const id = arm(1, Number.POSITIVE_INFINITY);
  wheel.advance(10_000 * day);
  assert.equal(log, []);
  assert.is(wheel.count, 1);
  wheel.disarm(id);
  assert.is(wheel.nextMs(), undefined);
});

test('an instant that has come fires at the next advance, in the order of arming', () => {
  const { wheel, log, arm } = logging(100);
  arm(1, 100);
  arm(2, 20);
  assert.is(wheel.nextMs(), 100);
  wheel.advance(100);
  assert.equal(log, ['100:1', '100:2']);
});

test('time never goes back', () => {
  const { wheel, log, arm } = logging(100);
  arm(1, 150);
  wheel.advance(50);
  assert.is(wheel.nowMs, 100);
  assert.equal(log, []);
  wheel.advance(150);
  assert.equal(log, ['150:1']);
});

test('a handler sees the real now, so that a late wheel does not fire in bursts', () => {
  const wheel = new Wheel({ nowMs: 0 });
  const seen: number[] = [];
  const kind = wheel.kind((owner) => {
    seen.push(wheel.nowMs);
    wheel.arm(kind, owner, wheel.nowMs + 10);
  });
  wheel.arm(kind, 0, 10);
  wheel.advance(1_000);
  assert.equal(seen, [1_000]);
  assert.is(wheel.nextMs(), 1_010);
});

test('a handler may disarm a timer of the same tick', () => {
  const wheel = new Wheel({ nowMs: 0 });
  const log: number[] = [];
  const ids: TimerId[] = [];
  const kind = wheel.kind((owner) => {
    log.push(owner);
    wheel.disarm(ids[2] ?? 0);
    wheel.disarm(ids[0] ?? 0);
  });
  for (let owner = 0; owner < 4; owner++) ids.push(wheel.arm(kind, owner, 10));
  wheel.advance(10);
  assert.equal(log, [0, 1, 3]);
  assert.is(wheel.count, 0);
});

test('what a handler arms for now waits for the next advance', () => {
  const wheel = new Wheel({ nowMs: 0 });
  let fired = 0;
  const kind = wheel.kind(() => {
    fired++;
    wheel.arm(kind, 0, wheel.nowMs);
  });
  wheel.arm(kind, 0, 10);
  wheel.advance(10);
  assert.is(fired, 1);
  assert.is(wheel.nextMs(), 10);
  wheel.advance(10);
  assert.is(fired, 2);
});

test('a handler that throws loses no other timer', () => {
  const wheel = new Wheel({ nowMs: 0 });
  const log: number[] = [];
  const kind = wheel.kind((owner) => {
    log.push(owner);
    if (owner === 1) throw new Error('a fault of the program');
  });
  for (let owner = 0; owner < 3; owner++) wheel.arm(kind, owner, 10);
  assert.throws(() => wheel.advance(10), 'a fault of the program');
  assert.is(wheel.nextMs(), 10);
  wheel.advance(10);
  assert.equal(log, [0, 1, 2]);
});

test('disarming nothing, and what has fired or was disarmed, does nothing', () => {
  const { wheel, log, arm } = logging();
  wheel.disarm(0);
  const fired = arm(1, 5);
  wheel.advance(5);
  const other = arm(2, 10);
  wheel.disarm(fired);
  const disarmed = arm(3, 10);
  wheel.disarm(disarmed);
  wheel.disarm(disarmed);
  assert.is(wheel.count, 1);
  wheel.advance(10);
  assert.equal(log, ['5:1', '10:2']);
  wheel.disarm(other);
  assert.is(wheel.count, 0);
});

test('an owner is any unsigned 32-bit number, and each kind has its own handler', () => {
  const wheel = new Wheel({ nowMs: 0 });
  const log: string[] = [];
  const a = wheel.kind((owner) => log.push(`a${owner}`));
  const b = wheel.kind((owner) => log.push(`b${owner}`));
  wheel.arm(b, 0xffff_ffff, 3);
  wheel.arm(a, 0, 4);
  wheel.advance(4);
  assert.equal(log, ['b4294967295', 'a0']);
});

test('it grows, and keeps what is armed', () => {
  const { wheel, log, arm } = logging();
  for (let owner = 0; owner < 10_000; owner++) arm(owner, 1 + (owner % 777));
  assert.is(wheel.count, 10_000);
  wheel.advance(777);
  assert.is(log.length, 10_000);
  assert.is(wheel.count, 0);
});

test('memory is that of the most timers that were armed at once, within its capacity and beyond', () => {
  const { wheel, arm } = logging();
  const heads = wheel.memory.heldSize;
  for (const count of [4, 5_000, 1_000]) {
    const ids = Array.from({ length: count }, (_, owner) => arm(owner, 5 + owner));
    assert.is(wheel.memory.usedSize, 24 * count);
    assert.is(wheel.memory.heldSize, heads + 24 * Math.max(count, count === 4 ? 4 : 5_000));
    for (const id of ids) wheel.disarm(id);
    assert.is(wheel.memory.usedSize, 0);
  }
});

test('nextMs is exact while few timers are near', () => {
  const { wheel, arm } = logging();
  arm(1, 3 * day + 17);
  assert.is(wheel.nextMs(), 3 * day + 17);
  arm(2, 70_001);
  assert.is(wheel.nextMs(), 70_001);
  const soon = arm(3, 40);
  assert.is(wheel.nextMs(), 40);
  wheel.disarm(soon);
  assert.is(wheel.nextMs(), 70_001);
});

/** The same contract over an array that is searched. */
class SortedList {
  #armed: { owner: number; atMs: number; order: number }[] = [];
  #order = 0;
  #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  arm(owner: number, atMs: number): void {
    this.#armed.push({ owner, atMs: Math.max(Math.ceil(atMs), this.#nowMs), order: this.#order++ });
  }

  disarm(owner: number): void {
    this.#armed = this.#armed.filter((timer) => timer.owner !== owner);
  }

  advance(nowMs: number): number[] {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    const due = this.#armed.filter((timer) => timer.atMs <= this.#nowMs);
    this.#armed = this.#armed.filter((timer) => timer.atMs > this.#nowMs);
    return due.sort((a, b) => a.atMs - b.atMs || a.order - b.order).map((timer) => timer.owner);
  }

  get nextMs(): number | undefined {
    return this.#armed.length === 0 ? undefined : Math.min(...this.#armed.map((timer) => timer.atMs));
  }

  get count(): number {
    return this.#armed.length;
  }
}

const spans = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.integer({ min: 0, max: 700 }),
  fc.integer({ min: 0, max: 200_000 }),
  fc.integer({ min: 0, max: 60 * day }),
  fc.constantFrom(255, 256, 257, 65_535, 65_536, 65_537, 2 ** 24, 2 ** 32, 2 ** 33 + 5),
);

const operations = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('arm' as const), ms: spans }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('disarm' as const), ms: fc.nat({ max: 60 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: spans }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('next' as const), ms: fc.constant(0) }) },
  ),
  { maxLength: 120 },
);

test('does what a sorted list does', () => {
  const starts = fc.constantFrom(0, 250, 65_530, 1_700_000_000_000);
  fc.assert(
    fc.property(starts, operations, (startMs, list) => {
      let nowMs: number = startMs;
      const fired: number[] = [];
      const wheel = new Wheel({ nowMs, capacity: 2 });
      const kind = wheel.kind((owner) => fired.push(owner));
      const model = new SortedList(nowMs);
      const ids: TimerId[] = [];
      for (const operation of list) {
        if (operation.do === 'arm') {
          model.arm(ids.length, nowMs + operation.ms);
          ids.push(wheel.arm(kind, ids.length, nowMs + operation.ms));
        } else if (operation.do === 'disarm') {
          model.disarm(operation.ms);
          wheel.disarm(ids[operation.ms] ?? 0);
        } else {
          nowMs = Math.max(nowMs, operation.do === 'pass' ? nowMs + operation.ms : (wheel.nextMs() ?? nowMs));
          wheel.advance(nowMs);
          assert.equal(fired.splice(0), model.advance(nowMs));
        }
        assert.is(wheel.count, model.count);
        const next = wheel.nextMs();
        const exact = model.nextMs;
        assert.is(next === undefined, exact === undefined);
        if (next !== undefined && exact !== undefined) assert.ok(next <= exact && next >= nowMs, `${next} <= ${exact}`);
      }
      // Waking whenever it asks to must reach every timer in a bounded number of turns.
      for (let turns = 0; wheel.count > 0; turns++) {
        assert.ok(turns <= 8 * list.length);
        nowMs = wheel.nextMs() ?? nowMs;
        wheel.advance(nowMs);
        assert.equal(fired.splice(0), model.advance(nowMs));
      }
    }),
    { seed: 1, numRuns: 600 },
  );
});

test('handlers that arm and disarm at random never lose or repeat a timer', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(spans, fc.nat({ max: 40 })), { minLength: 1, maxLength: 60 }), (plan) => {
      const wheel = new Wheel({ nowMs: 0, capacity: 2 });
      const due = new Map<number, number>();
      const ids = new Map<number, TimerId>();
      let made = 0;
      const arm = (ms: number): void => {
        const owner = made++;
        due.set(owner, wheel.nowMs + ms);
        ids.set(owner, wheel.arm(kind, owner, wheel.nowMs + ms));
      };
      const kind = wheel.kind((owner) => {
        assert.ok((due.get(owner) ?? Number.POSITIVE_INFINITY) <= wheel.nowMs);
        due.delete(owner);
        ids.delete(owner);
        const [ms, victim] = plan[owner % plan.length] ?? [0, 0];
        if (made < 200) arm(ms);
        wheel.disarm(ids.get(victim) ?? 0);
        due.delete(victim);
        ids.delete(victim);
      });
      for (const [ms] of plan) arm(ms);
      for (let turns = 0; wheel.count > 0 && turns < 5_000; turns++) wheel.advance((wheel.nextMs() ?? 0) + (turns % 3));
      assert.is(wheel.count, 0);
      assert.is(due.size, 0);
    }),
    { seed: 2, numRuns: 200 },
  );
});

test.run();
