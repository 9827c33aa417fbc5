import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sipTimers } from '../../core/time/sip-timers.ts';
import { Wheel } from '../../core/time/wheel.ts';
import { accepted2xx } from '../../core/transaction/accepted-2xx.ts';
import { inviteClient } from '../../core/transaction/invite-client.ts';
import { inviteServer } from '../../core/transaction/invite-server.ts';
import { Machine, type Plan } from '../../core/transaction/machine.ts';
import { nonInviteClient } from '../../core/transaction/non-invite-client.ts';
import { nonInviteServer } from '../../core/transaction/non-invite-server.ts';
import { Runs } from '../../core/transaction/runs.ts';

const test = suite('Machine');

type AnyPlan = Plan<string, string, string, string>;

const plans = Object.entries<unknown>({
  inviteClient,
  nonInviteClient,
  inviteServer,
  nonInviteServer,
  accepted2xx,
}) as [string, AnyPlan][];

for (const [name, plan] of plans) {
  test(`${name}: each timer of a state has its rule there, and no rule waits for a timer that does not run`, () => {
    for (const [state, { timers, on }] of Object.entries(plan.states)) {
      for (const timer of timers) assert.ok(on[timer] !== undefined, `${timer} in ${state}`);
      const waited = Object.keys(on).filter((happening) => happening in plan.timers);
      assert.equal(waited.sort(), [...timers].sort(), state);
    }
  });

  test(`${name}: every state can be reached, and ends in terminated`, () => {
    const reached = new Set([plan.initial]);
    for (const state of reached) {
      for (const rule of Object.values(plan.states[state]?.on ?? {})) reached.add(rule?.to ?? '');
    }
    assert.equal([...reached].sort(), Object.keys(plan.states).sort());
    assert.equal(plan.states['terminated'], { timers: [], on: {} });
  });

  test(`${name}: whoever tells a user does so last, as the user may end everything`, () => {
    for (const { on } of Object.values(plan.states)) {
      for (const rule of Object.values(on)) {
        const told = (rule?.act ?? []).findIndex((action) => action.startsWith('tell-'));
        assert.ok(told < 0 || told === (rule?.act?.length ?? 0) - 1);
      }
    }
  });
}

function machineOf(plan: AnyPlan) {
  const wheel = new Wheel({ nowMs: 0 });
  const runs = new Runs();
  runs.resize(4);
  const log: string[] = [];
  const host = {
    act: (index: number, action: string) => log.push(`${wheel.nowMs} ${index} ${action}`),
    end: (index: number) => log.push(`${wheel.nowMs} ${index} end`),
  };
  return { wheel, runs, log, machine: new Machine(plan, { runs, wheel, sip: sipTimers(), host }) };
}

const ticking: AnyPlan = {
  initial: 'fast',
  states: {
    fast: {
      timers: ['tick', 'limit'],
      on: {
        tick: { to: 'fast', act: ['tick'] },
        limit: { to: 'terminated' },
        slow: { to: 'slow' },
        again: { to: 'fast' },
      },
    },
    slow: {
      timers: ['tick'],
      on: { tick: { to: 'slow', act: ['tock'], again: 't4Ms' }, stop: { to: 'terminated', act: ['stop'] } },
    },
    terminated: { timers: [], on: {} },
  },
  timers: {
    tick: { first: 't1Ms', doublesUpTo: 't2Ms', reliable: 'off' },
    limit: { first: 't1x64Ms', reliable: 'same' },
  },
};

test('a timer that stands in both states runs on, one that does not stops', () => {
  const { wheel, log, machine } = machineOf(ticking);
  machine.begin(1, false);
  wheel.advance(300);
  assert.is(machine.handle(1, 'slow'), true);
  assert.is(wheel.count, 1);
  for (const at of [500, 5_500, 10_500]) wheel.advance(at);
  assert.equal(log, ['500 1 tock', '5500 1 tock', '10500 1 tock']);
});

test('an event that stays in the state leaves its timers alone', () => {
  const { wheel, log, machine } = machineOf(ticking);
  machine.begin(1, false);
  wheel.advance(499);
  machine.handle(1, 'again');
  wheel.advance(500);
  assert.equal(log, ['500 1 tick']);
});

test('each run has its own state, and one that ends does not touch another', () => {
  const { wheel, log, machine } = machineOf(ticking);
  machine.begin(1, false);
  machine.begin(2, true);
  assert.is(wheel.count, 3);
  machine.handle(1, 'slow');
  machine.handle(1, 'stop');
  assert.equal(log, ['0 1 stop', '0 1 end']);
  assert.is(machine.state(1), 'terminated');
  assert.is(machine.state(2), 'fast');
  assert.is(wheel.count, 1);
});

test('what a state does not list is ignored, and so is all in terminated', () => {
  const { log, machine } = machineOf(ticking);
  assert.is(machine.handle(3, 'slow'), false);
  machine.begin(3, false);
  assert.is(machine.takes(3, 'stop'), false);
  assert.is(machine.handle(3, 'stop'), false);
  machine.stop(3);
  assert.is(machine.takes(3, 'slow'), false);
  assert.equal(log, []);
});

test('a late wheel fires a repeating timer once, and counts on from now', () => {
  const { wheel, log, machine } = machineOf(ticking);
  machine.begin(1, false);
  wheel.advance(20_000);
  assert.equal(log, ['20000 1 tick']);
  wheel.advance(21_000);
  assert.equal(log.at(-1), '21000 1 tick');
});

test('a table that the runner cannot run is refused when it is built', () => {
  const broken = (states: AnyPlan['states']): AnyPlan => ({ ...ticking, states: { ...ticking.states, ...states } });
  const tick = { to: 'fast' };
  assert.throws(() => machineOf(broken({ fast: { timers: ['a', 'b', 'c'], on: {} } })), /two timers/);
  assert.throws(() => machineOf(broken({ slow: { timers: ['limit'], on: { limit: tick } } })), /one place/);
  assert.throws(() => machineOf(broken({ slow: { timers: [], on: { x: { to: 'nowhere' } } } })), /no such state/);
});

test.run();
