import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sipTimers, table4 } from '../../core/time/sip-timers.ts';

const test = suite('SipTimers (RFC 3261 Table 4, RFC 6026 §8.11)');

test('the defaults are the values of RFC 3261', () => {
  assert.equal(sipTimers(), {
    t1Ms: 500,
    t2Ms: 4_000,
    t4Ms: 5_000,
    t1x64Ms: 32_000,
    dMs: 32_000,
    tryingMs: 200,
    lateTryingMs: 3_500,
  });
});

test('nearly everything scales with T1, and T2 and T4 can be chosen apart', () => {
  const timers = sipTimers({ t1Ms: 1_000, t2Ms: 8_000, t4Ms: 10_000 });
  assert.is(timers.t1x64Ms, 64_000);
  assert.is(timers.lateTryingMs, 7_000);
  assert.is(timers.t4Ms, 10_000);
});

test('timer D is never shorter than 32 s, as the peer has a T1 of its own', () => {
  assert.is(sipTimers({ t1Ms: 100 }).dMs, 32_000);
  assert.is(sipTimers({ t1Ms: 600 }).dMs, 38_400);
});

test('a 100 to a non-INVITE may go at once where T1 is not below T2', () => {
  assert.is(sipTimers({ t1Ms: 4_000, t2Ms: 4_000 }).lateTryingMs, 0);
});

test('only the retransmission timers repeat, and they do not run over a reliable transport', () => {
  for (const [name, timer] of Object.entries(table4)) {
    assert.is(timer.doublesUpTo !== undefined, 'AEG'.includes(name), name);
    assert.is(timer.reliable === 'off', 'AEG'.includes(name), name);
  }
});

test('over a reliable transport the timers that wait for stray copies are zero', () => {
  const zero = Object.entries(table4).filter(([, timer]) => timer.reliable === 'zero');
  assert.equal(
    zero.map(([name]) => name),
    ['D', 'I', 'J', 'K'],
  );
});

test.run();
