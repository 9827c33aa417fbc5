import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { server } from './server-world.ts';

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

test('another 2xx of the TU is not sent', () => {
  const { respond, pass, seen } = server('INVITE');
  respond(200);
  assert.is(respond(202), false);
  pass(500);
  assert.equal(seen(), ['0 send 200', '500 send 200']);
});

test('the failure is told while the transaction is still there, so that its TU can act on it', () => {
  const { tx, user, pass, respond, servers, note, seen } = server('INVITE');
  respond(200);
  tx.user = { ...user, onFailure: (failed) => note(`${failed.state} ${servers.get(failed.id) === failed}`) };
  pass(32_000);
  assert.is(seen().at(-1), '32000 accepted true');
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
