import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { client, flow } from './client-world.ts';

const test = suite('non-INVITE client transaction (RFC 3261 §17.1.2, Figure 6)');

test('a request from the TU is sent, enters Trying and, over UDP, runs E and F', () => {
  const { tx, wheel, seen } = client('UPDATE');
  assert.equal(seen(), ['0 send UPDATE']);
  assert.is(tx.state, 'trying');
  assert.is(wheel.count, 2);
});

test('in Trying, E sends it again at intervals that double up to T2, and F gives up after 64*T1', () => {
  const { tx, clients, wheel, pass, seen } = client('UPDATE');
  pass(32_000);
  assert.equal(seen(), [
    '0 send UPDATE',
    '500 send UPDATE',
    '1500 send UPDATE',
    '3500 send UPDATE',
    '7500 send UPDATE',
    '11500 send UPDATE',
    '15500 send UPDATE',
    '19500 send UPDATE',
    '23500 send UPDATE',
    '27500 send UPDATE',
    '31500 send UPDATE',
    '32000 tell timeout',
  ]);
  assert.is(tx.state, 'terminated');
  assert.is(wheel.count, 0);
  assert.is(clients.count, 0);
});

test('over a reliable transport there is no E, and F gives up all the same', () => {
  const { wheel, pass, seen } = client('UPDATE', { reliable: true });
  assert.is(wheel.count, 1);
  pass(32_000);
  assert.equal(seen(), ['0 send UPDATE', '32000 tell timeout']);
});

test('in Trying, a lost flow is told and ends it', () => {
  const { tx, wheel, clients, seen } = client('UPDATE');
  seen();
  clients.failFlow(flow);
  assert.equal(seen(), ['0 tell flow-lost']);
  assert.is(tx.state, 'terminated');
  assert.is(wheel.count, 0);
});

test('in Trying, 1xx is told and enters Proceeding; E and F run on', () => {
  const { tx, wheel, pass, respond, seen } = client('UPDATE');
  pass(300);
  respond(100);
  assert.is(tx.state, 'proceeding');
  assert.is(wheel.count, 2);
  pass(200);
  assert.equal(seen(), ['0 send UPDATE', '300 tell 100', '500 send UPDATE']);
});

for (const status of [200, 302, 481, 500, 603]) {
  test(`in Trying, ${status} is told and enters Completed, where only K runs`, () => {
    const { tx, wheel, respond, seen } = client('UPDATE');
    seen();
    respond(status);
    assert.equal(seen(), [`0 tell ${status}`]);
    assert.is(tx.state, 'completed');
    assert.is(wheel.count, 1);
  });
}

test('in Proceeding, E sends it again at T2, and F gives up 64*T1 after the first send', () => {
  const { pass, respond, seen, tx } = client('UPDATE');
  pass(600);
  respond(100);
  pass(31_399);
  assert.is(tx.state, 'proceeding');
  pass(1);
  assert.equal(seen(), [
    '0 send UPDATE',
    '500 send UPDATE',
    '600 tell 100',
    '1500 send UPDATE',
    '5500 send UPDATE',
    '9500 send UPDATE',
    '13500 send UPDATE',
    '17500 send UPDATE',
    '21500 send UPDATE',
    '25500 send UPDATE',
    '29500 send UPDATE',
    '32000 tell timeout',
  ]);
  assert.is(tx.state, 'terminated');
});

test('in Proceeding, each further 1xx is told', () => {
  const { tx, respond, seen } = client('UPDATE', { after: [100] });
  respond(100);
  assert.equal(seen(), ['0 tell 100']);
  assert.is(tx.state, 'proceeding');
});

test('in Proceeding, 200-699 is told and enters Completed', () => {
  const { tx, wheel, respond, seen } = client('UPDATE', { after: [100] });
  respond(430);
  assert.equal(seen(), ['0 tell 430']);
  assert.is(tx.state, 'completed');
  assert.is(wheel.count, 1);
});

test('in Proceeding, a lost flow is told and ends it', () => {
  const { tx, clients, seen } = client('UPDATE', { after: [100] });
  clients.failFlow(flow);
  assert.equal(seen(), ['0 tell flow-lost']);
  assert.is(tx.state, 'terminated');
});

test('in Completed, every response is absorbed, and a lost flow changes nothing', () => {
  const { tx, clients, respond, seen } = client('UPDATE', { after: [200] });
  assert.is(respond(200), tx);
  respond(100);
  respond(500);
  clients.failFlow(flow);
  assert.equal(seen(), []);
  assert.is(tx.state, 'completed');
});

test('in Completed, K ends it after T4', () => {
  const { tx, clients, pass, respond } = client('UPDATE', { after: [200] });
  pass(4_999);
  respond(200);
  assert.is(tx.state, 'completed');
  pass(1);
  assert.is(tx.state, 'terminated');
  assert.is(clients.count, 0);
  assert.is(respond(200), 'stray');
});

test('over a reliable transport K is zero: Completed is left at once', () => {
  const { tx, wheel, clients, respond, seen } = client('UPDATE', { reliable: true });
  respond(200);
  assert.equal(seen(), ['0 send UPDATE', '0 tell 200']);
  assert.is(tx.state, 'terminated');
  assert.is(wheel.count, 0);
  assert.is(clients.count, 0);
});

test.run();
