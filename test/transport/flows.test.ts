import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Address, FlowId } from '../../transport/contract.ts';
import { type Flow, FlowTable, flowGeneration, flowIndex, flowShard, packFlowId } from '../../transport/flows.ts';
import { given } from './recorder.ts';

const test = suite('Flows (RFC 5626 §2.1)');

function remote(port: number): Address {
  return { protocol: 'udp', host: '192.0.2.1', port };
}

test('a flow id gives back its parts, fits 30 bits and is never 0', () => {
  const parts = [fc.nat(31), fc.nat(131_071), fc.integer({ min: 1, max: 255 })] as const;
  fc.assert(
    fc.property(...parts, (shard, index, generation) => {
      const id = packFlowId(shard, index, generation);
      assert.equal([flowShard(id), flowIndex(id), flowGeneration(id)], [shard, index, generation]);
      assert.ok(id > 0 && id < 2 ** 30);
    }),
    { seed: 1 },
  );
});

test('ids carry the shard and stay within the indices that are the transport’s own', () => {
  const table = new FlowTable<never>({ shard: 7, first: 100, count: 2 });
  const ids = [table.add(remote(1)).id, table.add(remote(2)).id];
  assert.equal(ids.map(flowShard), [7, 7]);
  assert.equal(ids.map(flowIndex), [100, 101]);
  assert.ok(table.full);
  assert.is(table.get(packFlowId(7, 99, 1)), undefined);
  assert.is(table.get(packFlowId(7, 102, 1)), undefined);
  assert.is(table.get(packFlowId(6, 100, 1)), undefined);
});

test('indices are reused in the order in which they were freed, with a new generation', () => {
  const table = new FlowTable<never>({ shard: 0, count: 3 });
  const flows = [1, 2, 3].map((port) => table.add(remote(port)));
  for (const place of [2, 0, 1]) table.remove(given(flows[place]));
  const again = [4, 5, 6].map((port) => table.add(remote(port)).id);
  assert.equal(again.map(flowIndex), [2, 0, 1]);
  assert.equal(again.map(flowGeneration), [2, 2, 2]);
  for (const flow of flows) assert.is(table.get(flow.id), undefined);
});

test('an unused index is taken before a freed one', () => {
  const table = new FlowTable<never>({ shard: 0, count: 3 });
  table.remove(table.add(remote(1)));
  assert.is(flowIndex(table.add(remote(2)).id), 1);
  assert.is(flowIndex(table.add(remote(3)).id), 2);
  assert.is(flowIndex(table.add(remote(4)).id), 0);
});

test('the generation of an index comes round after 255 uses and skips 0', () => {
  const table = new FlowTable<never>({ shard: 0, count: 1 });
  const ids = new Set<FlowId>();
  for (let use = 0; use < 255; use += 1) {
    const flow = table.add(remote(use + 1));
    ids.add(flow.id);
    table.remove(flow);
  }
  assert.is(ids.size, 255);
  assert.not(ids.has(0 as FlowId));
  assert.is(flowGeneration(table.add(remote(1)).id), 1);
});

test('removing a flow twice, or after its index went to another, does nothing', () => {
  const table = new FlowTable<never>({ shard: 0, count: 1 });
  const first = table.add(remote(1));
  table.remove(first);
  table.remove(first);
  const second = table.add(remote(2));
  table.remove(first);
  assert.is(table.get(second.id), second);
  assert.is(table.count, 1);
});

test('whatever happens, it agrees with a plain list of strangers in order of last use', () => {
  type Action = readonly ['add' | 'touch' | 'hold' | 'remove', number];
  const verb = fc.constantFrom('add', 'touch', 'hold', 'remove') as fc.Arbitrary<Action[0]>;
  const action: fc.Arbitrary<Action> = fc.tuple(verb, fc.integer({ min: 1, max: 12 }));
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const table = new FlowTable<never>({ shard: 3, count: 8 });
      const live = new Map<number, Flow<never>>();
      const void_: FlowId[] = [];
      let strangers: number[] = [];
      for (const [what, port] of actions) {
        const flow = live.get(port);
        if (what === 'add' && flow === undefined && !table.full) {
          live.set(port, table.add(remote(port)));
          strangers.push(port);
        }
        if (flow === undefined) continue;
        if (what === 'touch') {
          table.touch(flow);
          if (!flow.held) strangers = [...strangers.filter((one) => one !== port), port];
        }
        if (what === 'hold' || what === 'remove') strangers = strangers.filter((one) => one !== port);
        if (what === 'hold') table.hold(flow);
        if (what === 'remove') {
          table.remove(flow);
          live.delete(port);
          void_.push(flow.id);
        }
        assert.is(table.idlest?.remote.port, strangers[0]);
        assert.is(table.count, live.size);
      }
      for (const [port, flow] of live) {
        assert.is(table.get(flow.id), flow);
        assert.is(table.find(`192.0.2.1 ${port}`), flow);
      }
      for (const id of void_) assert.is(table.get(id), undefined);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('refuses a shard or indices that an id cannot carry', () => {
  assert.throws(() => new FlowTable({ shard: 32 }), /no such shard/);
  assert.throws(() => new FlowTable({ shard: 0, first: 131_071, count: 2 }), /flow indices/);
  assert.throws(() => new FlowTable({ shard: 0, count: 0 }), /flow indices/);
});

test.run();
