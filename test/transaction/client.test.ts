import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FlowId } from '../../core/contract.ts';
import { Writer } from '../../core/message/write.ts';
import { branchSize, idOfBranch, shardOfBranch } from '../../core/transaction/branch.ts';
import type { ClientTransaction, ClientUser } from '../../core/transaction/client-transaction.ts';
import { client, clientWorld, flow } from './client-world.ts';
import { request, response, scanned, text } from './messages.ts';

const test = suite('ClientTransactions (RFC 3261 §17.1.3)');

test('a branch has the cookie, the shard and the id, and no two are alike', () => {
  const { call, clients } = clientWorld();
  const seen = new Set<string>();
  const writer = new Writer();
  for (let i = 0; i < 50; i++) {
    const tx = call('UPDATE');
    tx.writeBranch(writer.text('='));
    const bytes = writer.text(';').take();
    assert.is(text(bytes), `=${tx.branch};`);
    assert.match(tx.branch, /^z9hG4bK[0-9a-v]{22}$/);
    assert.is(shardOfBranch(bytes, 1, 1 + branchSize), 5);
    assert.is(idOfBranch(bytes, 1, 1 + branchSize), tx.id);
    seen.add(tx.branch);
    clients.forget(tx);
  }
  assert.is(seen.size, 50);
});

test('a response is matched by its branch and CSeq method', () => {
  const { tx, answer, branch, seen } = client('UPDATE');
  seen();
  assert.is(answer(200, 'INFO', branch), 'stray');
  assert.is(answer(200, 'CANCEL', branch), 'stray');
  assert.is(answer(200, 'UPDATE', branch), tx);
  assert.equal(seen(), ['0 tell 200']);
});

test('a branch that differs in one octet is stray, and so is one of somebody else', () => {
  const { answer, branch, seen } = client('UPDATE');
  seen();
  for (let at = 0; at < branch.length; at++) {
    const other = branch[at] === '0' ? '1' : '0';
    assert.is(answer(200, 'UPDATE', branch.slice(0, at) + other + branch.slice(at + 1)), 'stray');
  }
  for (const other of [
    `${branch}0`,
    branch.slice(0, -1),
    'z9hG4bK',
    'z9hG4bKnashds8',
    '1',
    'z9hG4bK~~~~~~~~~~~~~~~~~~~~~~',
  ]) {
    assert.is(answer(200, 'UPDATE', other), 'stray');
  }
  assert.equal(seen(), []);
});

test('a response without a branch is stray', () => {
  const { clients, branch } = client('UPDATE');
  const bytes = text(response(200, 'UPDATE', branch)).replace(`;branch=${branch}`, '');
  assert.is(clients.receive(scanned(new TextEncoder().encode(bytes))), 'stray');
});

test('a response to an earlier transaction at the same index is stray', () => {
  const { clients, tx, branch, call, answer } = client('UPDATE');
  const { id, index } = tx;
  clients.forget(tx);
  const next = call('UPDATE');
  assert.is(next.index, index);
  assert.is.not(next.id, id);
  assert.is(clients.get(id), undefined);
  assert.is(clients.get(next.id), next);
  assert.is(answer(200, 'UPDATE', branch), 'stray');
});

test('nothing is sent and nothing matches before start', () => {
  const { clients, user, answer, wheel, seen } = clientWorld();
  const tx = clients.begin('UPDATE', flow, false, user, 9);
  assert.ok(tx);
  assert.is(tx.state, 'idle');
  assert.is(tx.owner, 9);
  assert.is(tx.mark, 0);
  assert.is(answer(200, 'UPDATE', tx.branch), 'stray');
  assert.is(wheel.count, 0);
  assert.equal(seen(), []);
  clients.forget(tx);
  assert.is(clients.count, 0);
});

test('starting twice is a mistake of the caller', () => {
  const { clients, tx } = client('UPDATE');
  assert.throws(() => clients.start(tx, request({ method: 'UPDATE' })), /started once/);
});

test('at capacity there is no transaction; when one ends there is room again', () => {
  const { clients, user, call } = clientWorld({ capacity: 3 });
  const [first] = [call('UPDATE'), call('INVITE'), call('BYE')];
  assert.is(clients.count, 3);
  assert.is(clients.begin('BYE', flow, false, user, 0), undefined);
  clients.forget(first);
  assert.ok(clients.begin('BYE', flow, false, user, 0));
});

test('what was forgotten says nothing more', () => {
  const { clients, tx, respond, pass, seen, wheel } = client('INVITE');
  seen();
  clients.forget(tx);
  clients.forget(tx);
  assert.is(respond(200), 'stray');
  pass(40_000);
  assert.equal(seen(), []);
  assert.is(wheel.count, 0);
});

test('a lost flow fails what is on it, oldest first, and nothing else', () => {
  const { clients, note, wheel, seen } = clientWorld();
  const user: ClientUser = { onResponse: () => {}, onFailure: (tx, why) => note(`${tx.owner} ${why}`) };
  for (const [owner, by] of [1, 2, 1, 1, 2].entries()) {
    const tx = clients.begin('UPDATE', by as FlowId, true, user, owner);
    assert.ok(tx);
    clients.start(tx, request({ method: 'UPDATE', branch: tx.branch }));
  }
  seen();
  clients.failFlow(1 as FlowId);
  assert.equal(seen(), ['0 0 flow-lost', '0 2 flow-lost', '0 3 flow-lost']);
  assert.is(clients.count, 2);
  assert.is(wheel.count, 2);
  clients.failFlow(1 as FlowId);
  assert.equal(seen(), []);
});

test('a hop that has fallen silent fails the same, but INVITEs may be answered late', () => {
  const { clients, note, seen } = clientWorld();
  const user: ClientUser = { onResponse: () => {}, onFailure: (tx, why) => note(`${tx.owner} ${why}`) };
  for (const [owner, method] of ['UPDATE', 'INVITE', 'BYE'].entries()) {
    const tx = clients.begin(method, 1 as FlowId, true, user, owner);
    assert.ok(tx);
    clients.start(tx, request({ method, branch: tx.branch }));
  }
  seen();
  clients.failFlow(1 as FlowId, 'hop-silent');
  assert.equal(seen(), ['0 0 flow-lost', '0 1 hop-silent', '0 2 flow-lost']);
  assert.is(clients.count, 1);
});

test('in Accepted, the user keeps an ACK to send with each repeated 2xx', () => {
  const { clients, wheel, answer, pass } = clientWorld();
  const sent: string[] = [];
  const user: ClientUser = {
    onResponse: (tx, message) => {
      if (message.status < 200) return;
      sent.push(tx.ack === undefined ? 'first' : text(tx.ack));
      tx.ack ??= new TextEncoder().encode('ACK sip:bob@biloxi.example SIP/2.0');
    },
    onFailure: () => {},
  };
  const tx = clients.begin('INVITE', flow, false, user, 0);
  assert.ok(tx);
  tx.ack = new Uint8Array(3);
  assert.is(tx.ack, undefined, 'there is nothing to acknowledge yet');
  clients.start(tx, request({ method: 'INVITE', branch: tx.branch }));
  const { branch } = tx;
  for (const status of [180, 200, 200, 200]) answer(status, 'INVITE', branch);
  assert.equal(sent, ['first', 'ACK sip:bob@biloxi.example SIP/2.0', 'ACK sip:bob@biloxi.example SIP/2.0']);
  pass(32_000);
  assert.is(tx.ack, undefined);
  assert.is(wheel.count, 0);
});

test('the ACK of a 3xx-6xx is the same each time, also when the INVITE rang before', () => {
  for (const after of [[], [180]]) {
    const sent: string[] = [];
    const { branch, respond } = client('INVITE', { after, send: (bytes) => sent.push(text(bytes)) });
    respond(486);
    respond(486);
    const [first, second] = sent.slice(1);
    assert.ok(first?.includes(`;branch=${branch}\r\n`));
    assert.is(first, second);
    assert.is(sent.length, 3);
  }
});

test('CANCEL waits for a provisional response, and is sent once (§9.1)', () => {
  const { clients, tx, user, respond } = client('INVITE');
  const cancel = () => clients.begin('CANCEL', flow, false, user, 0, { sameBranchAs: tx });
  assert.is(cancel(), undefined);
  respond(180);
  assert.ok(cancel());
  assert.is(cancel(), undefined);
});

test('CANCEL has no effect once there is a final response, and needs an INVITE', () => {
  const { clients, tx, user, respond, call } = client('INVITE', { after: [180] });
  respond(486);
  assert.is(clients.begin('CANCEL', flow, false, user, 0, { sameBranchAs: tx }), undefined);
  assert.is(clients.begin('CANCEL', flow, false, user, 0, { sameBranchAs: call('UPDATE') }), undefined);
});

test('a CANCEL is answered by the branch of its INVITE, even when that has ended before', () => {
  const { clients, tx, user, respond, answer, branch, seen, wheel } = client('INVITE', {
    reliable: true,
    after: [180],
  });
  const cancel = clients.begin('CANCEL', flow, true, user, 0, { sameBranchAs: tx });
  assert.ok(cancel);
  clients.start(cancel, request({ method: 'CANCEL', branch }));
  seen();
  const { id } = tx;
  respond(487);
  assert.is(clients.get(id), undefined);
  assert.is(clients.count, 1);
  assert.is(respond(487), 'stray');
  assert.is(answer(200, 'CANCEL', branch), cancel);
  assert.equal(seen(), ['0 send ACK', '0 tell 487', '0 tell 200']);
  assert.is(clients.count, 0);
  assert.is(wheel.count, 0);
  assert.is(answer(200, 'CANCEL', branch), 'stray');
});

test('a user may forget the transaction that it is called for, and begin another in its place', () => {
  for (const [method, status] of [
    ['INVITE', 180],
    ['INVITE', 200],
    ['INVITE', 486],
    ['UPDATE', 100],
    ['UPDATE', 200],
  ] as const) {
    for (const reliable of [false, true]) {
      const world = clientWorld({ capacity: 1 });
      const { clients, answer, wheel, seen } = world;
      const started: ClientTransaction[] = [];
      const user: ClientUser = {
        onResponse: (tx) => {
          clients.forget(tx);
          const next = clients.begin('OPTIONS', flow, reliable, world.user, 0);
          assert.ok(next);
          clients.start(next, request({ method: 'OPTIONS', branch: next.branch }));
          started.push(next);
        },
        onFailure: () => {},
      };
      const tx = clients.begin(method, flow, reliable, user, 0);
      assert.ok(tx);
      clients.start(tx, request({ method, branch: tx.branch }));
      answer(status, method, tx.branch);
      assert.is(clients.count, 1);
      const [next] = started;
      assert.is(next?.state, 'trying');
      assert.is(wheel.count, reliable ? 1 : 2);
      seen();
      answer(200, 'OPTIONS', next?.branch ?? '');
      assert.equal(seen(), ['0 tell 200']);
    }
  }
});

test('a user that is told a failure may do the same, by timeout and by a lost flow', () => {
  for (const cause of ['timeout', 'flow-lost']) {
    const world = clientWorld({ capacity: 2 });
    const { clients, pass, wheel } = world;
    let begun = 0;
    const user: ClientUser = {
      onResponse: () => {},
      onFailure: (tx, why) => {
        assert.is(why, cause);
        clients.forget(tx);
        const next = clients.begin('UPDATE', 2 as FlowId, true, world.user, 0);
        assert.ok(next);
        clients.start(next, request({ method: 'UPDATE', branch: next.branch }));
        begun++;
      },
    };
    for (const method of ['INVITE', 'UPDATE']) {
      const tx = clients.begin(method, flow, true, user, 0);
      assert.ok(tx);
      clients.start(tx, request({ method, branch: tx.branch }));
    }
    if (cause === 'timeout') pass(32_000);
    else clients.failFlow(flow);
    assert.is(begun, 2);
    assert.is(clients.count, 2);
    assert.is(wheel.count, 2);
  }
});

const happening = fc.tuple(
  fc.constantFrom('begin', 'cancel', 'answer', 'answer', 'answer', 'lose', 'forget', 'pass'),
  fc.nat({ max: 40 }),
  fc.constantFrom(100, 180, 200, 202, 302, 408, 486, 487),
  fc.nat({ max: 20_000 }),
);

test('whatever happens, every transaction ends, has one last word, and leaves no timer behind', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 80 }), fc.infiniteStream(fc.nat({ max: 9 })), (happenings, dice) => {
      const { clients, wheel, answer, pass } = clientWorld({ capacity: 20 });
      const begun: { method: string; branch: string; id: number; final: number; failed: boolean }[] = [];
      const roll = (): number => dice.next().value ?? 0;
      /** Sometimes does to some transaction what a program might do inside a callback. */
      const meddle = (): void => {
        const victim = clients.get(begun[roll()]?.id ?? 0);
        if (roll() === 0 && victim !== undefined) clients.forget(victim);
        if (roll() === 1) begin(roll());
      };
      const user: ClientUser = {
        onResponse: (tx, message) => {
          const record = begun[tx.owner];
          assert.ok(record !== undefined && record.id === tx.id && !record.failed);
          assert.is(message.cseq.method, record.method);
          if (message.status >= 200) record.final++;
          assert.ok(record.final <= 1 || (record.method === 'INVITE' && message.status < 300));
          if (tx.state === 'accepted') tx.ack = new Uint8Array(300);
          meddle();
        },
        onFailure: (tx) => {
          const record = begun[tx.owner];
          assert.ok(record !== undefined && record.id === tx.id && !record.failed && record.final === 0);
          record.failed = true;
          meddle();
        },
      };
      const start = (tx: ClientTransaction | undefined): void => {
        if (tx === undefined) return;
        begun.push({ method: tx.method, branch: tx.branch, id: tx.id, final: 0, failed: false });
        clients.start(tx, request({ method: tx.method, branch: tx.branch }));
      };
      const begin = (which: number): void => {
        const method = which % 2 === 0 ? 'INVITE' : 'UPDATE';
        start(clients.begin(method, (which % 3) as FlowId, which % 4 === 0, user, begun.length));
      };
      for (const [what, which, status, ms] of happenings) {
        const record = begun[which % Math.max(begun.length, 1)];
        const tx = clients.get(record?.id ?? 0);
        if (what === 'begin') begin(which);
        else if (what === 'lose') clients.failFlow((which % 3) as FlowId);
        else if (what === 'pass') pass(ms);
        else if (what === 'answer' && record !== undefined) answer(status, record.method, record.branch);
        else if (what === 'forget' && tx !== undefined) clients.forget(tx);
        else if (what === 'cancel' && tx !== undefined) {
          start(clients.begin('CANCEL', tx.flow, tx.reliable, user, begun.length, { sameBranchAs: tx }));
        }
      }
      // Only an INVITE that rings has no end of its own: its user cancels it, or loses its flow.
      for (let round = 0; clients.count > 0; round++) {
        assert.ok(round < 50);
        for (const { id } of begun) {
          const tx = clients.get(id);
          if (tx?.state === 'proceeding' && tx.method === 'INVITE') clients.failFlow(tx.flow);
        }
        pass(64_000);
      }
      assert.is(wheel.count, 0);
    }),
    { seed: 3, numRuns: 300 },
  );
});

test.run();
