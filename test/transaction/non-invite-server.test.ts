import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sipTimers } from '../../core/time/sip-timers.ts';
import { flow, otherFlow, server } from './server-world.ts';

const test = suite('non-INVITE server transaction (RFC 3261 §17.2.2, Figure 8; RFC 4320; RFC 6026)');

test('a request is passed to the TU and enters Trying', () => {
  const { tx, seen } = server('UPDATE');
  assert.is(tx.state, 'trying');
  assert.equal(seen(), []);
});

test('in Trying, a request that comes again is discarded', () => {
  const { tx, again, pend, seen } = server('UPDATE');
  pend();
  assert.is(again().kind, 'absorbed');
  assert.equal(seen(), []);
  assert.is(tx.state, 'trying');
});

test('in Trying, 200-699 from the TU is sent and enters Completed, where only J runs', () => {
  for (const status of [200, 302, 481, 500, 603]) {
    const { servers, wheel, respond, seen } = server('UPDATE');
    assert.is(respond(status), true);
    assert.equal(seen(), [`0 send ${status}`]);
    assert.is(wheel.count, 1);
    assert.is(wheel.nextMs(), 32_000);
    assert.is(servers.count, 1);
  }
});

test("in Trying, a 100 is sent when a client's Timer E reaches T2, over any transport (RFC 4320)", () => {
  for (const reliable of [false, true]) {
    const { tx, pend, pass, seen } = server('UPDATE', { reliable });
    pend();
    pass(3_499);
    assert.equal(seen(), []);
    pass(1);
    assert.equal(seen(), ['3500 send 100']);
    assert.is(tx.state, 'proceeding');
  }
});

test('no 1xx but the 100 of its time is ever sent (RFC 4320)', () => {
  for (const reliable of [false, true]) {
    const { tx, respond, pass, pend, seen } = server('UPDATE', { reliable });
    pend();
    for (const status of [100, 183]) assert.is(respond(status), false);
    pass(4_000);
    for (const status of [100, 183]) assert.is(respond(status), false);
    assert.equal(seen(), ['3500 send 100']);
    assert.is(tx.state, 'proceeding');
  }
});

/** In Proceeding, 3.5 s after the request. */
function proceeding(options: { reliable?: boolean } = {}) {
  const world = server('UPDATE', options);
  world.pend();
  world.pass(3_500);
  world.seen();
  return world;
}

test('in Proceeding, a request that comes again gets the 100', () => {
  const { tx, again, pass, seen } = proceeding();
  pass(4_000);
  again();
  assert.equal(seen(), ['7500 send 100']);
  assert.is(tx.state, 'proceeding');
});

test('in Proceeding, 200-699 from the TU is sent and enters Completed', () => {
  const { servers, wheel, respond, seen } = proceeding();
  assert.is(respond(481), true);
  assert.equal(seen(), ['3500 send 481']);
  assert.is(wheel.nextMs(), 35_500);
  assert.is(servers.count, 1);
});

test('408 is not sent, and completes it: what comes again is absorbed (RFC 4320)', () => {
  for (const world of [server('UPDATE'), proceeding()]) {
    assert.is(world.respond(408), false);
    assert.is(world.respond(200), false);
    assert.is(world.again().kind, 'absorbed');
    world.pass(31_999);
    assert.is(world.again().kind, 'absorbed');
    world.pass(1);
    assert.equal(world.seen(), []);
    assert.is(world.servers.count, 0);
    assert.is(world.wheel.count, 0);
  }
});

test('unanswered when the client has given up, it tells and ends: nothing may be sent any more (RFC 4320)', () => {
  const { tx, servers, wheel, pend, respond, pass, seen } = server('UPDATE');
  pend();
  pass(32_000);
  assert.equal(seen(), ['3500 send 100', '32000 tell timeout']);
  assert.is(respond(200), false);
  assert.equal(seen(), []);
  assert.is(tx.state, 'terminated');
  assert.is(servers.count, 0);
  assert.is(wheel.count, 0);
});

test('the same in Trying, where T2 is so long that no 100 comes before', () => {
  const { servers, wheel, pend, pass, seen } = server('UPDATE', { timers: sipTimers({ t2Ms: 60_000 }) });
  pend();
  pass(32_000);
  assert.equal(seen(), ['32000 tell timeout']);
  assert.is(servers.count, 0);
  assert.is(wheel.count, 0);
});

test('in Trying and in Proceeding, a lost flow is told and ends nothing', () => {
  for (const world of [server('UPDATE'), proceeding()]) {
    const { tx, servers, respond, seen } = world;
    const { state } = tx;
    servers.failFlow(flow);
    assert.is(seen().at(-1)?.endsWith('tell flow-lost'), true);
    assert.is(tx.state, state);
    assert.is(respond(200), false);
    assert.is(servers.count, 1);
    assert.equal(seen(), []);
  }
});

test('after a lost flow, a request that comes again by another flow gets the response that could not be sent', () => {
  const { servers, respond, again, seen } = server('UPDATE');
  servers.failFlow(flow);
  respond(200);
  assert.is(again(otherFlow).kind, 'absorbed');
  assert.equal(seen(), ['0 tell flow-lost', '0 send 200 by flow 2']);
});

test('in Completed, a request that comes again gets the response, by the flow that it came by', () => {
  const { again, respond, pass, seen } = server('UPDATE');
  respond(200);
  pass(500);
  again();
  pass(500);
  again(otherFlow);
  pass(1_000);
  again();
  assert.equal(seen(), ['0 send 200', '500 send 200', '1000 send 200 by flow 2', '2000 send 200']);
});

test('in Completed, further responses from the TU are discarded', () => {
  const { respond, seen } = server('UPDATE', { after: [200] });
  for (const status of [100, 200, 500]) assert.is(respond(status), false);
  assert.equal(seen(), []);
});

test('in Completed, a lost flow ends nothing', () => {
  const { servers, again, seen } = server('UPDATE', { after: [200] });
  servers.failFlow(flow);
  assert.is(servers.count, 1);
  assert.is(again(otherFlow).kind, 'absorbed');
  assert.equal(seen(), ['0 send 200 by flow 2']);
});

test('in Completed, J ends it after 64*T1', () => {
  const { servers, wheel, again, pass } = server('UPDATE', { after: [200] });
  pass(31_999);
  assert.is(again().kind, 'absorbed');
  pass(1);
  assert.is(servers.count, 0);
  assert.is(wheel.count, 0);
  assert.is(again().kind, 'new');
});

test('over a reliable transport J is zero: Completed is left at once', () => {
  const { servers, wheel, respond, seen } = server('UPDATE', { reliable: true });
  assert.is(respond(200), true);
  assert.equal(seen(), ['0 send 200']);
  assert.is(servers.count, 0);
  assert.is(wheel.count, 0);
});

test.run();
