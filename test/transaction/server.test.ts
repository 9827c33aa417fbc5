import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FlowId } from '../../core/contract.ts';
import type { ServerTransaction, ServerUser } from '../../core/transaction/server-transaction.ts';
import { request, scanned } from './messages.ts';
import { branch, flow, otherFlow, reply, server, serverWorld } from './server-world.ts';

const test = suite('ServerTransactions (RFC 3261 §17.2.3)');

test('a request matches by branch, sent-by and method', () => {
  const { offer } = serverWorld();
  const first = { method: 'UPDATE', branch };
  assert.is(offer(first).kind, 'new');
  assert.is(offer(first).kind, 'absorbed');
  assert.is(offer({ ...first, sentBy: 'CLIENT.example' }).kind, 'absorbed', 'hosts compare without regard to case');
  assert.is(offer({ ...first, branch: `${branch}x` }).kind, 'new');
  assert.is(offer({ ...first, sentBy: 'other.example' }).kind, 'new');
  assert.is(offer({ ...first, sentBy: 'client.example:5062' }).kind, 'new');
  assert.is(offer({ ...first, method: 'INFO' }).kind, 'new');
});

test('of what is finished, a row, its key and its response are left, and in the end nothing', () => {
  const { take, servers, respond, pass, seen } = serverWorld({ capacity: 1_000 });
  const { length } = reply(200);
  // The row has 100 octets; the key has branch, sent-by and method; a block is at most 32 octets, or a fifteenth, larger than what it holds.
  const each = (kept: number): number => 100 + 70 + 32 + kept;
  for (let call = 1; call <= 500; call++) {
    const tx = take({ method: 'INFO', branch: `${branch}${call}`, toTag: 'a' });
    respond(tx, 200);
    assert.is(servers.get(tx.id), undefined);
    assert.is(servers.memory.count, call);
    assert.ok(servers.memory.usedSize <= call * each(length + 32), String(servers.memory.usedSize));
  }
  const before = servers.memory.usedSize;
  const invite = take({ method: 'INVITE', branch, toTag: 'a' });
  respond(invite, 200);
  const answered = servers.memory.usedSize;
  servers.acknowledge(invite);
  assert.ok(servers.memory.usedSize < answered, 'the 2xx is not kept when its ACK has come');
  assert.ok(servers.memory.usedSize <= before + each(0));
  pass(32_000);
  assert.equal([servers.memory.count, servers.memory.usedSize], [0, 0]);
  assert.ok(servers.memory.heldSize >= answered);
  assert.is(seen().length, 501);
});

test('with the magic cookie nothing else counts', () => {
  const { offer } = serverWorld();
  assert.is(offer({ method: 'UPDATE', branch }).kind, 'new');
  assert.is(
    offer({ method: 'UPDATE', branch, cseq: 8, callId: 'another', uri: 'sip:carol@chicago.example' }).kind,
    'absorbed',
  );
});

test('no choice of branch and sent-by passes for another', () => {
  const { offer } = serverWorld();
  assert.is(offer({ method: 'UPDATE', branch: 'z9hG4bKab', sentBy: 'c.example' }).kind, 'new');
  assert.is(offer({ method: 'UPDATE', branch: 'z9hG4bKa', sentBy: 'bc.example' }).kind, 'new');
  assert.is(offer({ method: 'UPDATE', branch: 'z9hG4bKabc.example', sentBy: 'x' }).kind, 'new');
});

test("without the cookie RFC 2543's parts count: Request-URI, tags, Call-ID, CSeq and the topmost Via", () => {
  for (const legacy of [undefined, '1']) {
    const { offer } = serverWorld();
    const first = { method: 'UPDATE', branch: legacy, toTag: 'a' };
    assert.is(offer(first).kind, 'new');
    assert.is(offer(first).kind, 'absorbed');
    assert.is(offer({ ...first, uri: 'sip:carol@chicago.example' }).kind, 'new');
    assert.is(offer({ ...first, toTag: 'b' }).kind, 'new');
    assert.is(offer({ ...first, callId: 'another' }).kind, 'new');
    assert.is(offer({ ...first, cseq: 8 }).kind, 'new');
    assert.is(offer({ ...first, sentBy: 'other.example' }).kind, 'new');
    assert.is(offer({ ...first, method: 'INFO' }).kind, 'new');
  }
});

test("without the cookie an ACK finds its INVITE by the same parts, with the response's To tag", () => {
  const { take, offer, respond, seen, servers, wheel } = serverWorld();
  const tx = take({ method: 'INVITE' });
  respond(tx, 486);
  assert.is(offer({ method: 'ACK', toTag: 'x', cseq: 8 }).kind, 'ack-for-2xx');
  assert.is(offer({ method: 'ACK', toTag: 'x' }).kind, 'absorbed');
  assert.equal(seen(), ['0 send 486', '0 tell ACK']);
  assert.is(servers.count, 1);
  assert.is(wheel.count, 1);
});

test('without the cookie the ACK of a 2xx goes to the TU, also after it was acknowledged (RFC 6026 §6)', () => {
  const { take, offer, respond, servers } = serverWorld();
  const tx = take({ method: 'INVITE' });
  respond(tx, 200);
  assert.is(offer({ method: 'ACK', toTag: 'x' }).kind, 'ack-for-2xx');
  servers.acknowledge(tx);
  assert.is(offer({ method: 'ACK', toTag: 'x' }).kind, 'ack-for-2xx');
  assert.is(offer({ method: 'INVITE' }).kind, 'absorbed');
});

test('an ACK that belongs to nothing makes no transaction', () => {
  const { offer, servers } = serverWorld();
  assert.is(offer({ method: 'ACK', branch }).kind, 'ack-for-2xx');
  assert.is(servers.count, 0);
});

test('a CANCEL is a transaction of its own and finds its INVITE', () => {
  const { take, servers, respond } = serverWorld();
  const invite = take({ method: 'INVITE', branch });
  const cancel = { method: 'CANCEL', branch };
  take(cancel);
  const find = () => servers.findInvite(scanned(request(cancel)));
  assert.is(find(), invite);
  respond(invite, 180);
  assert.is(find(), invite);
  respond(invite, 487);
  assert.is(find(), 'answered');
});

test('a CANCEL for an accepted INVITE comes too late, and one for none is told apart', () => {
  const { take, servers, respond } = serverWorld();
  const invite = take({ method: 'INVITE', branch });
  respond(invite, 200);
  servers.acknowledge(invite);
  assert.is(servers.findInvite(scanned(request({ method: 'CANCEL', branch }))), 'answered');
  assert.is(servers.findInvite(scanned(request({ method: 'CANCEL', branch: `${branch}x` }))), 'none');
});

test('at capacity a new request is refused, while retransmissions and ACKs are still served', () => {
  const { take, offer, respond, servers, pass, seen } = serverWorld({ capacity: 2 });
  const invite = take({ method: 'INVITE', branch });
  respond(invite, 486);
  servers.pend(take({ method: 'UPDATE', branch }), reply(100));
  pass(3_500);
  seen();
  assert.is(offer({ method: 'UPDATE', branch: `${branch}x` }).kind, 'full');
  assert.is(offer({ method: 'UPDATE', branch }).kind, 'absorbed');
  assert.is(offer({ method: 'ACK', branch }).kind, 'absorbed');
  assert.is(offer({ method: 'ACK', branch: `${branch}x` }).kind, 'ack-for-2xx');
  assert.equal(seen(), ['3500 send 100', '3500 tell ACK']);
  pass(5_000);
  assert.is(servers.count, 1);
  assert.is(offer({ method: 'UPDATE', branch: `${branch}x` }).kind, 'new');
});

for (const [what, method, status, isForgotten] of [
  ['that was answered is forgotten', 'UPDATE', 200, true],
  ['that was refused is forgotten', 'UPDATE', 500, true],
  ['whose time is over is forgotten', 'UPDATE', 408, true],
  ['that waits for its answer is kept', 'UPDATE', undefined, false],
  ['that waits for its answer is kept', 'INVITE', undefined, false],
  ['that was answered is kept', 'INVITE', 200, false],
  ['that was refused is kept', 'INVITE', 486, false],
] as const) {
  test(`for want of room, one for ${method} ${what}`, () => {
    let forgotten = 0;
    const { take, offer, respond, servers, pass, seen, wheel } = serverWorld({
      capacity: 2,
      forgotten: () => forgotten++,
    });
    take({ method: 'INVITE', branch });
    const tx = take({ method, branch: `${branch}1` });
    if (status !== undefined) respond(tx, status);
    assert.is(servers.fill, isForgotten ? 0.5 : 1);
    assert.is(offer({ method: 'UPDATE', branch: `${branch}2` }).kind, isForgotten ? 'new' : 'full');
    assert.is(forgotten, isForgotten ? 1 : 0);
    assert.is(servers.count, 2);
    seen();
    if (isForgotten) {
      assert.is(offer({ method, branch: `${branch}1` }).kind, 'full', 'it is known no more');
      assert.is(wheel.count, 3, 'no Timer J: the 100 of the INVITE, and the expiry and the 100 of the new one');
    } else {
      assert.is(offer({ method, branch: `${branch}1` }).kind, 'absorbed');
    }
    pass(64_000);
  });
}

test('of several that have been answered the oldest goes first, and one whose time is over has gone by itself', () => {
  const { take, offer, respond, servers, pass } = serverWorld({ capacity: 4 });
  const kind = (each: string): string => offer({ method: 'INFO', branch: branch + each }).kind;
  const answer = (each: string): void => void respond(take({ method: 'INFO', branch: branch + each }), 200);
  for (const each of ['a', 'b', 'c', 'd']) answer(each);
  assert.is(servers.fill, 0);
  take({ method: 'INVITE', branch });
  assert.equal(['b', 'c', 'd', 'a', 'b', 'c'].map(kind), ['absorbed', 'absorbed', 'absorbed', 'new', 'new', 'new']);
  assert.is(kind('e'), 'full', 'there is none left that was answered');
  pass(40_000);
  assert.equal([servers.count, servers.fill], [1, 0.25], 'the INVITE');
});

test('a key for which the shelf has no room is entered when an answer has been forgotten', () => {
  const { take, offer, servers } = serverWorld({ capacity: 2 });
  const tx = take({ method: 'UPDATE', branch });
  servers.respond(tx, 200, new TextEncoder().encode(`SIP/2.0 200 ${'x'.repeat(3_950)}`));
  assert.is(offer({ method: 'UPDATE', branch: `z9hG4bK${'x'.repeat(200)}` }).kind, 'new');
  assert.is(servers.count, 1);
});

test('a branch longer than any client writes is refused', () => {
  const { offer, servers } = serverWorld();
  assert.is(offer({ method: 'UPDATE', branch: `z9hG4bK${'x'.repeat(2_000)}` }).kind, 'full');
  assert.is(offer({ method: 'ACK', branch: `z9hG4bK${'x'.repeat(2_000)}` }).kind, 'ack-for-2xx');
  assert.is(servers.count, 0);
});

test('responses that are too large to be kept in that number are sent, and their retransmissions absorbed', () => {
  const { take, offer, servers, seen } = serverWorld({ capacity: 2 });
  const tx = take({ method: 'UPDATE', branch });
  assert.is(servers.respond(tx, 200, new TextEncoder().encode(`SIP/2.0 200 ${'x'.repeat(10_000)}`)), true);
  assert.is(offer({ method: 'UPDATE', branch }).kind, 'absorbed');
  assert.equal(seen(), ['0 send 200']);
});

test('what was kept is let go of: room for two serves any number, one after another', () => {
  const { take, offer, respond, servers, pass, seen } = serverWorld({ capacity: 2 });
  for (let round = 0; round < 500; round++) {
    const invite = take({ method: 'INVITE', branch: branch + round });
    servers.pend(invite, reply(100));
    respond(invite, 180);
    respond(invite, round % 2 === 0 ? 200 : 486);
    respond(take({ method: 'UPDATE', branch: branch + round }), 200);
    seen();
    assert.is(offer({ method: 'UPDATE', branch: branch + round }).kind, 'absorbed');
    assert.equal(
      seen().map((line) => line.split(' ')[1]),
      ['send'],
    );
    pass(64_000);
  }
});

test('an id finds its transaction while the TU may act on it, and never a later one', () => {
  const { servers, take, respond } = serverWorld();
  const tx = take({ method: 'UPDATE', branch });
  const { id } = tx;
  assert.is(servers.get(id), tx);
  assert.is(servers.get(0), undefined);
  respond(tx, 200);
  assert.is(servers.get(id), undefined);
  assert.is(servers.count, 1);
  const next = take({ method: 'UPDATE', branch: `${branch}x` });
  assert.is.not(next.id, id);
  assert.is(servers.get(id), undefined);
});

test('a forgotten transaction is gone, and its request would be new', () => {
  const { servers, take, offer, wheel, respond } = serverWorld();
  const tx = take({ method: 'INVITE', branch });
  servers.forget(tx);
  servers.forget(tx);
  assert.is(servers.count, 0);
  assert.is(wheel.count, 0);
  assert.is(respond(tx, 200), false);
  assert.is(offer({ method: 'INVITE', branch }).kind, 'new');
});

test('a moved transaction answers by its new flow', () => {
  const { tx, servers, respond, pass, seen } = server('INVITE', { after: [180] });
  servers.failFlow(flow);
  servers.move(tx, otherFlow);
  assert.is(tx.reachable, true);
  respond(486);
  pass(500);
  servers.failFlow(flow);
  assert.equal(seen(), ['0 tell flow-lost', '0 send 486 by flow 2', '500 send 486 by flow 2']);
});

test('a lost flow is told oldest first, and its users may forget and answer what they like', () => {
  const { take, servers, respond, note, seen, wheel } = serverWorld();
  const txs: ServerTransaction[] = [];
  const user: ServerUser = {
    onAck: () => {},
    onFailure: () => {},
    onFlowLost: (tx) => {
      note(`lost ${tx.owner}`);
      const [, second, third] = txs;
      if (tx.owner === 0 && second !== undefined) servers.forget(second);
      if (tx.owner === 2 && third !== undefined) respond(third, 200);
      servers.forget(tx);
    },
  };
  for (let owner = 0; owner < 3; owner++) {
    const tx = take({ method: 'UPDATE', branch: branch + owner });
    tx.user = user;
    tx.owner = owner;
    txs.push(tx);
  }
  servers.failFlow(flow);
  assert.equal(seen(), ['0 lost 0', '0 lost 2']);
  assert.is(servers.count, 1, 'the answered one still absorbs');
  assert.is(wheel.count, 1);
});

test('a user that is told of an ACK or a failure may forget the transaction', () => {
  for (const reliable of [false, true]) {
    const { take, offer, servers, respond, pass, wheel } = serverWorld();
    const forget = (tx: ServerTransaction): void => servers.forget(tx);
    const user: ServerUser = { onAck: forget, onFailure: forget, onFlowLost: forget };
    for (const [name, status] of [
      ['a', 486],
      ['b', 486],
      ['c', 200],
    ] as const) {
      const tx = take({ method: 'INVITE', branch: branch + name }, { reliable });
      tx.user = user;
      respond(tx, status);
    }
    assert.is(offer({ method: 'ACK', branch: `${branch}a` }).kind, 'absorbed');
    assert.is(servers.count, 2);
    pass(32_000);
    assert.is(servers.count, 0);
    assert.is(wheel.count, 0);
  }
});

const happening = fc.tuple(
  fc.constantFrom(
    'offer',
    'offer',
    'again',
    'ack',
    'respond',
    'respond',
    'pend',
    'lose',
    'move',
    'forget',
    'acked',
    'pass',
  ),
  fc.nat({ max: 40 }),
  fc.constantFrom(100, 180, 200, 202, 302, 408, 486, 487),
  fc.nat({ max: 20_000 }),
);

test('whatever happens, every transaction ends, sends nothing on a lost flow, and leaves no timer behind', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 80 }), fc.infiniteStream(fc.nat({ max: 9 })), (happenings, dice) => {
      // A flow that was lost never comes back: another one takes its place.
      const live = [1, 2, 3] as FlowId[];
      let flows = live.length;
      const send = (by: FlowId): void => assert.ok(live.includes(by));
      const { servers, wheel, offer, respond, pass } = serverWorld({ capacity: 20, send });
      const requests: { method: string; branch: string; id: number }[] = [];
      const roll = (): number => dice.next().value ?? 0;
      const meddle = (): void => {
        const victim = servers.get(requests[roll()]?.id ?? 0);
        if (victim === undefined) return;
        if (roll() < 3) servers.forget(victim);
        else respond(victim, 180 + 20 * roll());
      };
      const user: ServerUser = { onAck: meddle, onFailure: meddle, onFlowLost: meddle };
      for (const [what, which, status, ms] of happenings) {
        const known = requests[which % Math.max(requests.length, 1)];
        const tx = servers.get(known?.id ?? 0);
        const by = live[which % live.length] ?? flow;
        if (what === 'offer') {
          const method = which % 2 === 0 ? 'INVITE' : 'UPDATE';
          const parts = { method, branch: `${branch}${requests.length}` };
          const received = offer(parts, { reliable: which % 4 === 0, by });
          if (received.kind === 'full') continue;
          assert.ok(received.kind === 'new');
          received.tx.user = user;
          requests.push({ ...parts, id: received.tx.id });
        } else if (what === 'again' && known !== undefined) {
          const received = offer({ method: known.method, branch: known.branch }, { by });
          if (received.kind !== 'new') continue;
          received.tx.user = user;
          known.id = received.tx.id;
        } else if (what === 'ack' && known !== undefined) offer({ method: 'ACK', branch: known.branch }, { by });
        else if (what === 'lose') {
          live[which % live.length] = ++flows as FlowId;
          servers.failFlow(by);
        } else if (what === 'pass') pass(ms);
        else if (tx === undefined) continue;
        else if (what === 'respond') respond(tx, status);
        else if (what === 'pend') servers.pend(tx, reply(100));
        else if (what === 'move') servers.move(tx, by);
        else if (what === 'forget') servers.forget(tx);
        else if (what === 'acked') servers.acknowledge(tx);
      }
      // An INVITE waits for its TU as long as that likes; everything else ends by itself.
      for (const { id } of requests) {
        const tx = servers.get(id);
        if (tx !== undefined) respond(tx, 487);
      }
      pass(64_000);
      for (const { id } of requests) {
        const tx = servers.get(id);
        if (tx !== undefined) respond(tx, 487);
      }
      pass(64_000);
      assert.is(servers.count, 0);
      assert.is(wheel.count, 0);
    }),
    { seed: 4, numRuns: 300 },
  );
});

test('a copy by another path is told of while the first one lives, and takes its place when told to (§8.2.2.2)', () => {
  const { servers, offer, respond, take } = serverWorld();
  const first = take({ method: 'INVITE', branch: 'z9hG4bK1', callId: 'call' });
  const copy = offer({ method: 'INVITE', branch: 'z9hG4bK2', callId: 'call' });
  assert.is(copy.kind === 'merged' && copy.otherId, first.id);
  assert.is(offer({ method: 'INVITE', branch: 'z9hG4bK3', callId: 'call', toTag: 'inside' }).kind, 'new');
  assert.is(offer({ method: 'INVITE', branch: 'z9hG4bK4', callId: 'call', cseq: 8 }).kind, 'new');
  assert.is(offer({ method: 'OPTIONS', branch: 'z9hG4bK5', callId: 'call' }).kind, 'new');
  if (copy.kind !== 'merged') return;
  servers.supersede(copy.otherId, copy.tx, scanned(request({ method: 'INVITE', branch: 'z9hG4bK2', callId: 'call' })));
  const third = offer({ method: 'INVITE', branch: 'z9hG4bK6', callId: 'call' });
  assert.is(third.kind === 'merged' && third.otherId, copy.tx.id);
  respond(copy.tx, 503);
  assert.is(offer({ method: 'INVITE', branch: 'z9hG4bK7', callId: 'call' }).kind, 'new');
});

test.run();
