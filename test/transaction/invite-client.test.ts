import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sipTimers } from '../../core/time/sip-timers.ts';
import { client, flow } from './client-world.ts';

const test = suite('INVITE client transaction (RFC 3261 §17.1.1, RFC 6026 Figure 5)');

const ringing = [180];
const answered = [180, 200];
const rejected = [180, 486];

test('INVITE from the TU sends it, enters Calling and, over UDP, runs A and B', () => {
  const { tx, wheel, seen } = client('INVITE');
  assert.equal(seen(), ['0 send INVITE']);
  assert.is(tx.state, 'calling');
  assert.is(wheel.count, 2);
});

test('INVITE over a reliable transport runs B only', () => {
  const { wheel, pass, seen } = client('INVITE', { reliable: true });
  assert.is(wheel.count, 1);
  pass(31_999);
  assert.equal(seen(), ['0 send INVITE']);
  pass(1);
  assert.equal(seen(), ['32000 tell timeout']);
});

test('in Calling, A sends the INVITE at doubling intervals and B gives up after 64*T1 without an ACK', () => {
  const { tx, wheel, pass, seen, clients } = client('INVITE');
  pass(100_000);
  assert.equal(seen(), [
    '0 send INVITE',
    '500 send INVITE',
    '1500 send INVITE',
    '3500 send INVITE',
    '7500 send INVITE',
    '15500 send INVITE',
    '31500 send INVITE',
    '32000 tell timeout',
  ]);
  assert.is(tx.state, 'terminated');
  assert.is(wheel.count, 0);
  assert.is(clients.count, 0);
});

test('A and B scale with T1', () => {
  const { pass, seen } = client('INVITE', { timers: sipTimers({ t1Ms: 10 }) });
  pass(1_000);
  assert.equal(seen().slice(1), [
    '10 send INVITE',
    '30 send INVITE',
    '70 send INVITE',
    '150 send INVITE',
    '310 send INVITE',
    '630 send INVITE',
    '640 tell timeout',
  ]);
});

test('in Calling, a lost flow is told and ends it', () => {
  const { tx, wheel, clients, seen } = client('INVITE');
  seen();
  clients.failFlow(flow);
  assert.equal(seen(), ['0 tell flow-lost']);
  assert.is(tx.state, 'terminated');
  assert.is(wheel.count, 0);
});

test('in Calling, 1xx is told, enters Proceeding and stops A and B', () => {
  const { tx, wheel, pass, respond, seen } = client('INVITE');
  pass(700);
  seen();
  respond(100);
  assert.equal(seen(), ['700 tell 100']);
  assert.is(tx.state, 'proceeding');
  assert.is(wheel.count, 0);
  pass(1_000_000);
  assert.equal(seen(), []);
});

test('in Calling, 2xx is told without an ACK of its own, and enters Accepted', () => {
  const { tx, wheel, respond, seen } = client('INVITE');
  seen();
  respond(200);
  assert.equal(seen(), ['0 tell 200']);
  assert.is(tx.state, 'accepted');
  assert.is(wheel.count, 1);
});

for (const status of [300, 404, 503, 603]) {
  test(`in Calling, ${status} is acknowledged, then told, and enters Completed`, () => {
    const { tx, wheel, respond, seen } = client('INVITE');
    seen();
    respond(status);
    assert.equal(seen(), ['0 send ACK', `0 tell ${status}`]);
    assert.is(tx.state, 'completed');
    assert.is(wheel.count, 1);
  });
}

test('in Proceeding, each further 1xx is told', () => {
  const { tx, respond, seen } = client('INVITE', { after: ringing });
  for (const status of [183, 180]) {
    respond(status);
    assert.is(tx.state, 'proceeding');
  }
  assert.equal(seen(), ['0 tell 183', '0 tell 180']);
});

test('in Proceeding, 2xx is told and enters Accepted', () => {
  const { tx, respond, seen } = client('INVITE', { after: ringing });
  respond(200);
  assert.equal(seen(), ['0 tell 200']);
  assert.is(tx.state, 'accepted');
});

test('in Proceeding, 3xx-6xx is acknowledged, then told, and enters Completed', () => {
  const { tx, respond, seen } = client('INVITE', { after: ringing });
  respond(486);
  assert.equal(seen(), ['0 send ACK', '0 tell 486']);
  assert.is(tx.state, 'completed');
});

test('in Proceeding, a lost flow is told and ends it: §17.1.4 names no state', () => {
  const { tx, clients, seen } = client('INVITE', { after: ringing });
  clients.failFlow(flow);
  assert.equal(seen(), ['0 tell flow-lost']);
  assert.is(tx.state, 'terminated');
});

for (const [state, after] of [
  ['Calling', []],
  ['Proceeding', ringing],
] as const) {
  test(`in ${state}, a hop that has fallen silent is told, nothing is sent any more, and 64*T1 later it has ended without a word`, () => {
    const { tx, clients, wheel, pass, respond, seen } = client('INVITE', { after: [...after] });
    seen();
    clients.failFlow(flow, 'hop-silent');
    clients.failFlow(flow, 'hop-silent');
    respond(180);
    assert.is(tx.state, 'silent');
    pass(31_999);
    assert.is(tx.state, 'silent');
    pass(1);
    assert.equal(seen(), ['0 tell hop-silent']);
    assert.is(tx.state, 'terminated');
    assert.is(wheel.count, 0);
    assert.is(clients.count, 0);
  });
}

test('in Silent, a late 2xx is told and enters Accepted, a late 3xx-6xx is acknowledged, and a lost flow ends it', () => {
  for (const [late, state, told] of [
    [200, 'accepted', ['0 tell 200']],
    [486, 'completed', ['0 send ACK', '0 tell 486']],
    ['flow-lost', 'terminated', []],
  ] as const) {
    const { tx, clients, wheel, respond, seen } = client('INVITE');
    clients.failFlow(flow, 'hop-silent');
    seen();
    if (late === 'flow-lost') clients.failFlow(flow);
    else respond(late);
    assert.is(tx.state, state);
    assert.equal(seen(), [...told]);
    assert.is(wheel.count, state === 'terminated' ? 0 : 1);
  }
});

test('in Accepted, each 2xx is told, repeated or from another branch', () => {
  const { tx, wheel, respond, seen, pass } = client('INVITE', { after: answered });
  respond(200);
  pass(500);
  respond(202);
  assert.equal(seen(), ['0 tell 200', '500 tell 202']);
  assert.is(tx.state, 'accepted');
  assert.is(wheel.count, 1);
});

test('in Accepted, M ends it after 64*T1, over any transport, and a 2xx does not start M again', () => {
  for (const reliable of [false, true]) {
    const { tx, clients, respond, pass, seen } = client('INVITE', { after: answered, reliable });
    pass(20_000);
    respond(200);
    seen();
    pass(11_999);
    assert.is(tx.state, 'accepted');
    pass(1);
    assert.is(tx.state, 'terminated');
    assert.equal(seen(), []);
    assert.is(clients.count, 0);
  }
});

test('in Accepted, everything else is ignored', () => {
  const { tx, clients, respond, seen } = client('INVITE', { after: answered });
  respond(180);
  respond(486);
  clients.failFlow(flow);
  assert.equal(seen(), []);
  assert.is(tx.state, 'accepted');
});

test('in Completed, a repeated 3xx-6xx is acknowledged again and not told', () => {
  const { tx, respond, seen, pass } = client('INVITE', { after: rejected });
  pass(500);
  respond(486);
  pass(500);
  respond(503);
  assert.equal(seen(), ['500 send ACK', '1000 send ACK']);
  assert.is(tx.state, 'completed');
});

test('in Completed, D ends it after at least 32 s, whatever T1 is', () => {
  for (const [t1Ms, dMs] of [
    [500, 32_000],
    [10, 32_000],
    [1_000, 64_000],
  ] as const) {
    const { tx, pass, seen } = client('INVITE', { after: rejected, timers: sipTimers({ t1Ms }) });
    pass(dMs - 1);
    assert.is(tx.state, 'completed');
    pass(1);
    assert.is(tx.state, 'terminated');
    assert.equal(seen(), []);
  }
});

test('over a reliable transport D is zero: Completed is left at once', () => {
  const { tx, wheel, clients, respond, seen } = client('INVITE', { reliable: true });
  seen();
  respond(486);
  assert.equal(seen(), ['0 send ACK', '0 tell 486']);
  assert.is(tx.state, 'terminated');
  assert.is(wheel.count, 0);
  assert.is(clients.count, 0);
});

test('in Completed, a lost flow ends it without a word: its user has had the last one', () => {
  const { tx, clients, seen } = client('INVITE', { after: rejected });
  clients.failFlow(flow);
  assert.equal(seen(), []);
  assert.is(tx.state, 'terminated');
});

test('in Completed, 1xx and 2xx are ignored', () => {
  const { tx, respond, seen } = client('INVITE', { after: rejected });
  respond(180);
  respond(200);
  assert.equal(seen(), []);
  assert.is(tx.state, 'completed');
});

test('in Terminated, every response is stray', () => {
  const { pass, respond, seen } = client('INVITE');
  pass(40_000);
  seen();
  for (const status of [100, 200, 486]) assert.is(respond(status), 'stray');
  assert.equal(seen(), []);
});

/** A CANCEL goes out in Proceeding, at 0 ms. */
function cancelling(options: { reliable?: boolean } = {}) {
  const world = client('INVITE', { ...options, after: ringing });
  const cancel = world.clients.begin('CANCEL', flow, options.reliable ?? false, world.user, 0, {
    sameBranchAs: world.tx,
  });
  assert.ok(cancel);
  world.clients.start(cancel, new TextEncoder().encode('CANCEL sip:bob@biloxi.example SIP/2.0\r\n\r\n'));
  return { ...world, cancel };
}

test('in Proceeding, a CANCEL gives it 64*T1 to end (§9.1)', () => {
  const { tx, cancel, answer, branch, pass, seen } = cancelling();
  assert.is(tx.state, 'cancelling');
  assert.is(cancel.branch, branch);
  answer(200, 'CANCEL', branch);
  pass(31_999);
  assert.equal(seen(), ['0 send CANCEL', '0 tell 200']);
  pass(1);
  assert.equal(seen(), ['32000 tell timeout']);
  assert.is(tx.state, 'terminated');
});

test('while a CANCEL is under way, 1xx is told', () => {
  const { tx, respond, seen } = cancelling();
  respond(180);
  assert.equal(seen(), ['0 send CANCEL', '0 tell 180']);
  assert.is(tx.state, 'cancelling');
});

test('while a CANCEL is under way, 2xx is told and enters Accepted: the CANCEL came too late', () => {
  const { tx, respond, seen } = cancelling();
  respond(200);
  assert.equal(seen(), ['0 send CANCEL', '0 tell 200']);
  assert.is(tx.state, 'accepted');
});

test('while a CANCEL is under way, 3xx-6xx is acknowledged, then told, and enters Completed', () => {
  const { tx, respond, seen } = cancelling();
  respond(487);
  assert.equal(seen(), ['0 send CANCEL', '0 send ACK', '0 tell 487']);
  assert.is(tx.state, 'completed');
});

test('while a CANCEL is under way, a lost flow is told for both', () => {
  const { tx, clients, seen } = cancelling();
  clients.failFlow(flow);
  assert.equal(seen(), ['0 send CANCEL', '0 tell flow-lost', '0 tell flow-lost']);
  assert.is(tx.state, 'terminated');
  assert.is(clients.count, 0);
});

test.run();
