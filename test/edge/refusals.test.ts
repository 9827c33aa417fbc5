import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { EdgeRefusalCounter, RefusalReport } from '../../core/index.ts';
import { createEdge, type EdgeHost } from '../../core/index.ts';
import { RawPeer } from '../engine/raw-peer.ts';
import { host, world } from '../engine/world.ts';
import { addressOf, alice, edgeAt, recordRoute, request, response, stranger, World } from './world.ts';

const test = suite('What an edge refuses, as it tells it');

function told(ground: World): string[] {
  return ground.events.splice(0).flatMap((event) => {
    if (event.kind !== 'refused') return [event.kind];
    const { counter, reason, source, count } = event.report;
    return [`${counter} ${source?.host}:${source?.port} ${count} ${reason}`];
  });
}

test('a stranger’s requests, malformed messages and forged responses are told with reason and source, 10 s apart', () => {
  const ground = new World({ reportsRefusals: true });
  for (let count = 0; count < 5; count++) {
    ground.from(stranger, request('INVITE'));
    ground.from(stranger, 'GET / HTTP/1.1\r\n\r\n');
    ground.from(stranger, response(request('INFO'), 200));
  }
  const kinds = [
    'refused403 Not a Client of This Edge',
    'droppedMalformed Malformed Start Line',
    'droppedResponses Response to No Request',
  ];
  const lines = (count: number): string[] => kinds.map((kind) => kind.replace(' ', ` ${stranger} ${count} `));
  assert.equal(told(ground), lines(1));
  assert.is(ground.edge.step(5_000, []).wakeAtMs, 10_000);
  ground.nowMs = 10_000;
  ground.command({ name: 'restore-registration', client: alice });
  assert.equal(told(ground), lines(4));
  assert.is(ground.edge.step(20_000, []).wakeAtMs, undefined);
});

test('what is asked to heal is no refusal, and neither is what keeps a NAT’s binding alive', () => {
  const ground = new World({ reportsRefusals: true });
  const [invite] = ground.from(alice, request('INVITE', { uri: 'sip:far@10.0.7.7' }));
  const route = `Route: ${recordRoute(invite?.text ?? '')}`;
  ground.command({ name: 'lose-memory' });
  ground.from(alice, request('INFO', { toTag: 'far', lines: [route, 'Supported: ms-dialog-route-set-update'] }));
  ground.from(alice, request('INFO', { toTag: 'far', lines: [route] }));
  ground.from(stranger, '\r\n\r\n');
  assert.is(ground.edge.counters.refused430, 1);
  assert.equal(told(ground), []);
});

test('connections that are not used well are counted, and told', () => {
  const ground = new World({ reportsRefusals: true, locals: [addressOf(`tcp:${edgeAt}`)] });
  const remote = addressOf('tcp:192.0.2.66:40000');
  ground.from('tcp:192.0.2.66:40001', request('OPTIONS', { uri: `sip:${edgeAt}`, protocol: 'TCP' }));
  ground.step([
    { kind: 'turned-away', remote, failure: { code: 'SIP_FLOW_SLOW', message: 'slow' } },
    { kind: 'turned-away', remote, failure: { code: 'SIP_FLOW_IDLE', message: 'idle' } },
    { kind: 'turned-away', remote, failure: { code: 'SIP_OVERLOADED', message: 'full' } },
  ]);
  ground.lose('tcp:192.0.2.66:40001', 'SIP_FLOW_LOST');
  const { closedSlow, closedIdle, closedOverloaded, closedUnreadable } = ground.edge.counters;
  assert.equal([closedSlow, closedIdle, closedOverloaded, closedUnreadable], [1, 1, 1, 0]);
  assert.equal(told(ground), [
    'closedSlow 192.0.2.66:40000 1 slow',
    'closedIdle 192.0.2.66:40000 1 idle',
    'closedOverloaded 192.0.2.66:40000 1 full',
  ]);
});

test('the program hears it by onRefused', async () => {
  const ground = world();
  const reports: RefusalReport<EdgeRefusalCounter>[] = [];
  const edge: EdgeHost = await createEdge({
    transports: [ground.transport(5060)],
    clients: [],
    clock: ground.clock,
    random: ground.random(1),
    onRefused: (report) => void reports.push(report),
  });
  const peer = await RawPeer.open(ground, 'stranger', 6666);
  peer.send(5060, 'GET / HTTP/1.1\r\n\r\n');
  await ground.clock.run(5);
  assert.equal(reports, [
    {
      counter: 'droppedMalformed',
      reason: 'Malformed Start Line',
      source: { protocol: 'udp', host, port: 6666 },
      count: 1,
    },
  ]);
  await edge.close();
});

test.run();
