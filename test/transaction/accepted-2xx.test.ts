import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reply, server } from './server-world.ts';

const test = suite('retransmission of a 2xx by the UAS core (RFC 3261 §13.3.1.4, RFC 6026 §8.1)');

for (const reliable of [false, true]) {
  const transport = reliable ? 'a reliable transport' : 'UDP';

  test(`over ${transport}, the 2xx is sent again at T1, doubling up to T2, and given up after 64*T1`, () => {
    const { servers, wheel, respond, pass, seen } = server('INVITE', { reliable });
    respond(200);
    pass(100_000);
    assert.equal(seen(), [
      '0 send 200',
      '500 send 200',
      '1500 send 200',
      '3500 send 200',
      '7500 send 200',
      '11500 send 200',
      '15500 send 200',
      '19500 send 200',
      '23500 send 200',
      '27500 send 200',
      '31500 send 200',
      '32000 tell timeout',
    ]);
    assert.is(servers.count, 0);
    assert.is(wheel.count, 0);
  });
}

test('the ACK stops it', () => {
  const { tx, servers, wheel, respond, pass, seen } = server('INVITE');
  respond(200);
  pass(1_000);
  servers.acknowledge(tx);
  pass(31_000);
  assert.equal(seen(), ['0 send 200', '500 send 200']);
  assert.is(servers.count, 0);
  assert.is(wheel.count, 0);
});

test('another 2xx of the TU is sent at once and takes the place of the first', () => {
  const { respond, pass, seen } = server('INVITE');
  respond(200);
  pass(400);
  respond(202);
  pass(100);
  assert.equal(seen(), ['0 send 200', '400 send 202', '500 send 202']);
});

test('the failure is told while the transaction is still there, so that its TU can act on it', () => {
  const { tx, user, pass, respond, servers, note, seen } = server('INVITE');
  respond(200);
  tx.user = { ...user, onFailure: (failed) => note(`${failed.state} ${servers.get(failed.id) === failed}`) };
  pass(32_000);
  assert.is(seen().at(-1), '32000 accepted true');
});

test('a 2xx that is only relayed is sent once, and each further one as well (RFC 6026 §7.1)', () => {
  const { tx, servers, pass, seen, again } = server('INVITE', { after: [180] });
  assert.is(servers.relay(tx, 200, reply(200)), true);
  pass(5_000);
  assert.is(servers.relay(tx, 200, reply(200)), true);
  assert.is(again().kind, 'absorbed');
  pass(100_000);
  assert.equal(seen(), ['0 send 200', '5000 send 200']);
  assert.is(servers.count, 0);
});

test('everything else is relayed as it is answered', () => {
  const { tx, servers, pass, seen } = server('INVITE');
  servers.relay(tx, 183, reply(183));
  servers.relay(tx, 486, reply(486));
  pass(500);
  assert.is(servers.relay(tx, 200, reply(200)), false);
  assert.equal(seen(), ['0 send 183', '0 send 486', '500 send 486']);
});

test('forgetting the transaction ends it', () => {
  const { tx, servers, wheel, respond, pass, seen } = server('INVITE');
  respond(200);
  servers.forget(tx);
  assert.is(wheel.count, 0);
  pass(40_000);
  assert.equal(seen(), ['0 send 200']);
});

test.run();
