import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createEdge } from '../../core/create-edge.ts';
import { SipError, UsageError } from '../../core/errors.ts';
import { createStack, type Dialog } from '../../core/index.ts';
import { memoryNetwork, VirtualClock } from '../../transport/index.ts';
import { countingRandom } from './world.ts';

const test = suite('createEdge');

const host = '10.0.0.1';
const near = { host, port: 5070 };
const edge = { host, port: 5060 };
const far = { host, port: 5080 };
const names = new Map([
  [near.port, 'near'],
  [edge.port, 'edge'],
  [far.port, 'far'],
]);

/** A call from near to far by an edge, on a network in memory. `log` has what happens from then on, probes left out. */
async function world() {
  const clock = new VirtualClock();
  const log: string[] = [];
  const network = memoryNetwork({
    clock,
    seed: 1,
    delayMs: 1,
    onDatagram: ({ from, to, bytes, fate }) => {
      const text = new TextDecoder().decode(bytes);
      const method = /^CSeq: \d+ (\S+)/m.exec(text)?.[1] ?? '';
      const status = /^SIP\/2.0 (\d+)/.exec(text)?.[1];
      if (method === 'OPTIONS') return;
      const what = status === undefined ? method : `${status} ${method}`;
      log.push(`${names.get(from.port)} > ${names.get(to.port)} ${what}${fate === 'delivered' ? '' : ` ${fate}`}`);
    },
  });
  const edgeHost = await createEdge({
    transports: [network.udp(edge)],
    clients: [host],
    clock,
    random: countingRandom(1),
    onEvent: (event) => log.push(event.kind),
  });
  const stack = (endpoint: typeof near) =>
    createStack({
      transports: [network.udp(endpoint)],
      hops: [`sip:${host}:${edge.port}`],
      clock,
      random: countingRandom(endpoint.port),
      limits: { dialogs: 64, transactions: 256 },
      application: {
        onCall: (call) => void call.answer({ body: 'v=0\r\n' }).catch(() => log.push('not answered')),
        onRouteStatus: (_dialog, { status }) => log.push(`${names.get(endpoint.port)}: ${status}`),
      },
    });
  const farStack = await stack(far);
  const nearStack = await stack(near);
  const inviting = nearStack.invite(`sip:bob@${host}:${far.port}`, { body: 'v=0\r\n' });
  await clock.run(100);
  const dialog = await inviting;
  log.length = 0;
  const close = async (): Promise<void> => {
    await Promise.all([nearStack.destroy(), farStack.destroy(), edgeHost.close()]);
  };
  return { clock, network, log, edge: edgeHost, dialog, close };
}

/** Sends an INFO, notes how it ends, and lets a second pass. */
async function inform(at: { dialog: Dialog; clock: VirtualClock; log: string[] }): Promise<void> {
  at.dialog.request('INFO', { contentType: 'text/plain', body: 'hello' }).then(
    ({ status }) => at.log.push(`INFO: ${status}`),
    (error: unknown) => at.log.push(`INFO: ${error}`),
  );
  await at.clock.run(400);
}

test('carries a call, and the requests inside it', async () => {
  const at = await world();
  await inform(at);
  assert.equal(at.log, [
    'near > edge INFO',
    'edge > far INFO',
    'far > edge 200 INFO',
    'edge > near 200 INFO',
    'INFO: 200',
  ]);
  assert.is(at.edge.local.port, edge.port);
  await at.close();
});

test('figure 1: memory that is lost costs one heal, and nobody sees a thing', async () => {
  const at = await world();
  await at.clock.run(33_000); // the ACK is no longer young enough to be sent again
  at.log.length = 0;
  at.edge.loseMemory();
  await inform(at);
  assert.equal(at.log, [
    'near > edge INFO',
    'edge > near 430 INFO',
    'near > edge UPDATE',
    'edge > far UPDATE',
    'far > edge 200 UPDATE',
    'edge > near 200 UPDATE',
    'near > edge INFO',
    'edge > far INFO',
    'far > edge 200 INFO',
    'edge > near 200 INFO',
    'INFO: 200',
  ]);
  assert.is(at.edge.counters.refused430, 1);
  at.log.length = 0;
  await inform(at);
  assert.is(at.log.at(-1), 'INFO: 200');
  assert.is(at.log.length, 5);
  await at.close();
});

test('figure 2a: a far end that is gone is seen by the first refusal', async () => {
  const at = await world();
  // A first request makes the edge open its connected flow to the far end.
  await inform(at);
  at.network.kill(far);
  at.log.length = 0;
  await inform(at);
  assert.equal(at.log.slice(0, 3), ['near > edge INFO', 'edge > far INFO refused', 'destination-lost']);
  await at.clock.run(200);
  assert.ok(at.log.includes('edge > near 430 INFO'));
  assert.ok(at.log.includes('near: recovering'));
  await at.close();
});

test('carries a call between IPv4 and IPv6', async () => {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock, seed: 1, delayMs: 1 });
  const [v4, v6] = ['10.0.0.1', '2001:db8::e'].map((own) => ({ host: own, port: 5060 })) as [typeof edge, typeof edge];
  const bridge = await createEdge({
    transports: [network.udp(v4), network.udp(v6)],
    clients: ['10.0.1.1', '2001:db8::b'],
    clock,
    random: countingRandom(1),
  });
  const answered: Dialog[] = [];
  const stack = (endpoint: typeof near, hop: string) =>
    createStack({
      transports: [network.udp(endpoint)],
      hops: [hop],
      clock,
      random: countingRandom(endpoint.port),
      limits: { dialogs: 64, transactions: 256 },
      application: { onCall: (call) => void call.answer({ body: 'v=0\r\n' }).then((dialog) => answered.push(dialog)) },
    });
  const four = await stack({ host: '10.0.1.1', port: 5070 }, 'sip:10.0.0.1:5060');
  const six = await stack({ host: '2001:db8::b', port: 5080 }, 'sip:[2001:db8::e]:5060');
  const inviting = four.invite('sip:bob@[2001:db8::b]:5080', { body: 'v=0\r\n' });
  await clock.run(100);
  const dialogs = [await inviting, ...answered];
  assert.is(dialogs.length, 2);
  for (const dialog of dialogs) {
    const informing = dialog.request('INFO');
    await clock.run(100);
    assert.is((await informing).status, 200);
  }
  await Promise.all([four.destroy(), six.destroy(), bridge.close()]);
});

test('says what is wrong with its options', async () => {
  const clock = new VirtualClock();
  const transports = [memoryNetwork({ clock, seed: 1 }).udp(edge)];
  const options = { transports, clients: [], clock };
  const refusal = async (wrong: object): Promise<unknown> =>
    createEdge({ ...options, ...wrong }).then(
      () => 'none',
      (error: unknown) => error,
    );
  for (const wrong of [
    { transports: [] },
    { clients: undefined },
    { clients: ['example.com'] },
    { defaultTarget: 'sip:example.com' },
    { defaultTarget: '10.0.0.1' },
    { client: [] },
  ]) {
    assert.instance(await refusal(wrong), UsageError, JSON.stringify(wrong));
  }
  const host = await createEdge(options);
  const taken = await refusal({});
  assert.ok(taken instanceof SipError && taken.code === 'SIP_PORT_IN_USE');
  assert.throws(
    () => host.setClients(['nobody']),
    (error: unknown) => error instanceof UsageError,
  );
  await host.close();
  assert.throws(
    () => host.loseMemory(),
    (error: unknown) => error instanceof SipError && error.code === 'SIP_CLOSED',
  );
});

test.run();
