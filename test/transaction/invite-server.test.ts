import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sipTimers } from '../../core/time/sip-timers.ts';
import { flow, otherFlow, server } from './server-world.ts';

const test = suite('INVITE server transaction (RFC 3261 §17.2.1, RFC 6026 Figure 7)');

const ringing = [180];
const accepted = [200];
const rejected = [486];

test('an INVITE is passed to the TU and enters Proceeding, with 200 ms for the TU to answer', () => {
  const { tx, wheel } = server('INVITE');
  assert.is(tx.state, 'trying');
  assert.is(wheel.count, 1);
  assert.is(wheel.nextMs(), 200);
});

test('in Proceeding, 100 is sent when the TU says nothing for 200 ms, and once only', () => {
  const { tx, wheel, pend, pass, seen } = server('INVITE');
  pend();
  pass(199);
  assert.equal(seen(), []);
  pass(100_000);
  assert.equal(seen(), ['200 send 100']);
  assert.is(tx.state, 'proceeding');
  assert.is(wheel.count, 0);
});

test('in Proceeding, an INVITE that comes again before that gets the 100 at once', () => {
  const { tx, wheel, pend, again, pass, seen } = server('INVITE');
  pend();
  pass(50);
  assert.is(again().kind, 'absorbed');
  assert.equal(seen(), ['50 send 100']);
  assert.is(tx.state, 'proceeding');
  assert.is(wheel.count, 0);
});

test('in Proceeding, each 101-199 from the TU is sent, and no 100 follows', () => {
  const { tx, wheel, pend, respond, pass, seen } = server('INVITE');
  pend();
  respond(180);
  respond(183);
  pass(10_000);
  assert.equal(seen(), ['0 send 180', '0 send 183']);
  assert.is(tx.state, 'proceeding');
  assert.is(wheel.count, 0);
});

test('in Proceeding, an INVITE that comes again gets the last provisional response', () => {
  const { tx, again, respond, pass, seen } = server('INVITE', { after: ringing });
  respond(183);
  pass(500);
  assert.is(again().kind, 'absorbed');
  assert.equal(seen(), ['0 send 183', '500 send 183']);
  assert.is(tx.state, 'proceeding');
});

test('in Proceeding, a lost flow is told and ends nothing', () => {
  for (const after of [[], ringing]) {
    const { tx, servers, respond, seen } = server('INVITE', { after });
    servers.failFlow(flow);
    assert.equal(seen(), ['0 tell flow-lost']);
    assert.is(tx.state, after.length === 0 ? 'trying' : 'proceeding');
    assert.is(tx.reachable, false);
    assert.is(respond(183), false);
    assert.equal(seen(), []);
  }
});

for (const after of [[], ringing]) {
  const said = after.length === 0 ? 'nothing' : 'a 1xx';

  test(`in Proceeding, after ${said}, 2xx from the TU is sent and enters Accepted`, () => {
    const { tx, respond, seen } = server('INVITE', { after });
    assert.is(respond(200), true);
    assert.equal(seen(), ['0 send 200']);
    assert.is(tx.state, 'accepted');
  });

  test(`in Proceeding, after ${said}, 300-699 from the TU is sent and enters Completed, where G and H run`, () => {
    const { tx, wheel, respond, seen } = server('INVITE', { after });
    assert.is(respond(486), true);
    assert.equal(seen(), ['0 send 486']);
    assert.is(tx.state, 'completed');
    assert.is(wheel.count, 2);
  });
}

test('in Accepted, an INVITE that comes again is absorbed unanswered', () => {
  const { tx, again, seen } = server('INVITE', { after: accepted });
  assert.is(again().kind, 'absorbed');
  assert.equal(seen(), []);
  assert.is(tx.state, 'accepted');
});

test('in Accepted, an ACK goes to the TU', () => {
  const { tx, ack, seen } = server('INVITE', { after: accepted });
  assert.is(ack().kind, 'ack-for-2xx');
  assert.equal(seen(), []);
  assert.is(tx.state, 'accepted');
});

test('in Accepted, no further response from the TU is sent', () => {
  const { tx, respond, seen } = server('INVITE', { after: accepted });
  for (const status of [180, 202, 486]) assert.is(respond(status), false);
  assert.equal(seen(), []);
  assert.is(tx.state, 'accepted');
});

test('in Accepted, a lost flow is told and ends nothing', () => {
  const { tx, servers, pass, seen } = server('INVITE', { after: accepted });
  servers.failFlow(flow);
  assert.equal(seen(), ['0 tell flow-lost']);
  assert.is(tx.state, 'accepted');
  pass(10_000);
  assert.equal(seen(), [], 'nothing is sent on a lost flow');
});

test('in Accepted, L ends it after 64*T1 over any transport, and until then INVITEs are absorbed', () => {
  for (const reliable of [false, true]) {
    const { tx, servers, again, pass, wheel } = server('INVITE', { after: accepted, reliable });
    servers.acknowledge(tx);
    assert.is(wheel.count, 1);
    pass(31_999);
    assert.is(again().kind, 'absorbed');
    assert.is(servers.count, 1);
    pass(1);
    assert.is(servers.count, 0);
    assert.is(again().kind, 'new');
  }
});

test('in Completed, G sends the response again at intervals that double up to T2, and H gives up after 64*T1', () => {
  const { tx, servers, wheel, pass, seen } = server('INVITE', { after: rejected });
  pass(32_000);
  assert.equal(seen(), [
    '500 send 486',
    '1500 send 486',
    '3500 send 486',
    '7500 send 486',
    '11500 send 486',
    '15500 send 486',
    '19500 send 486',
    '23500 send 486',
    '27500 send 486',
    '31500 send 486',
    '32000 tell timeout',
  ]);
  assert.is(tx.state, 'terminated');
  assert.is(servers.count, 0);
  assert.is(wheel.count, 0);
});

test('over a reliable transport there is no G, and H gives up all the same', () => {
  const { pass, seen, wheel } = server('INVITE', { after: rejected, reliable: true });
  assert.is(wheel.count, 1);
  pass(100_000);
  assert.equal(seen(), ['32000 tell timeout']);
});

test('G and H scale with T1', () => {
  const { pass, seen } = server('INVITE', { after: rejected, timers: sipTimers({ t1Ms: 50, t2Ms: 1_600 }) });
  pass(3_200);
  assert.equal(seen(), [
    '50 send 486',
    '150 send 486',
    '350 send 486',
    '750 send 486',
    '1550 send 486',
    '3150 send 486',
    '3200 tell timeout',
  ]);
});

test('in Completed, an INVITE that comes again gets the response at once, and G runs on', () => {
  const { tx, again, pass, seen } = server('INVITE', { after: rejected });
  pass(300);
  assert.is(again().kind, 'absorbed');
  assert.is(tx.state, 'completed');
  pass(200);
  assert.equal(seen(), ['300 send 486', '500 send 486']);
});

test('in Completed, an ACK enters Confirmed: G and H stop, I runs', () => {
  const { tx, servers, wheel, ack, pass, seen } = server('INVITE', { after: rejected });
  pass(600);
  seen();
  assert.is(ack().kind, 'absorbed');
  assert.equal(seen(), ['600 tell ACK']);
  assert.is(wheel.count, 1);
  assert.is(wheel.nextMs(), 5_600);
  assert.is(servers.count, 1);
  assert.is(tx.state, 'terminated', 'there is nothing left to do for the TU');
});

test('in Completed, further responses from the TU are not sent', () => {
  const { respond, seen } = server('INVITE', { after: rejected });
  for (const status of [180, 200, 486]) assert.is(respond(status), false);
  assert.equal(seen(), []);
});

test('in Completed, a lost flow is told and ends nothing; G sends nothing on it', () => {
  const { tx, servers, pass, seen } = server('INVITE', { after: rejected });
  servers.failFlow(flow);
  assert.equal(seen(), ['0 tell flow-lost']);
  assert.is(tx.state, 'completed');
  pass(32_000);
  assert.equal(seen(), ['32000 tell timeout']);
});

test('in Confirmed, ACKs and INVITEs are absorbed, and I ends it after T4', () => {
  const { servers, wheel, ack, again, pass, seen } = server('INVITE', { after: rejected });
  ack();
  seen();
  pass(4_999);
  assert.is(ack().kind, 'absorbed');
  assert.is(again().kind, 'absorbed');
  assert.is(servers.count, 1);
  pass(1);
  assert.equal(seen(), []);
  assert.is(servers.count, 0);
  assert.is(wheel.count, 0);
});

test('over a reliable transport I is zero: Confirmed is left at once', () => {
  const { servers, wheel, ack, seen } = server('INVITE', { after: rejected, reliable: true });
  ack();
  assert.equal(seen(), ['0 tell ACK']);
  assert.is(servers.count, 0);
  assert.is(wheel.count, 0);
});

test('an ACK before any final response is absorbed', () => {
  for (const after of [[], ringing]) {
    const { tx, ack, seen } = server('INVITE', { after });
    assert.is(ack().kind, 'absorbed');
    assert.equal(seen(), []);
    assert.is(tx.state, after.length === 0 ? 'trying' : 'proceeding');
  }
});

test('after a lost flow, an INVITE that comes again by another flow is answered there, and so is what follows', () => {
  const { tx, servers, again, respond, seen } = server('INVITE', { after: ringing });
  servers.failFlow(flow);
  again(otherFlow);
  assert.is(tx.flow, otherFlow);
  assert.is(respond(486), true);
  assert.equal(seen(), ['0 tell flow-lost', '0 send 180 by flow 2', '0 send 486 by flow 2']);
});

test.run();
