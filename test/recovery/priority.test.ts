import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog, StackOptions } from '../../core/index.ts';
import { type Bed, bed, nearPort } from '../engine/bed.ts';
import { RawDialog } from '../engine/raw-dialog.ts';
import type { RawPeer } from '../engine/raw-peer.ts';
import { host, noted, uriOf } from '../engine/world.ts';

const test = suite('Whose turn comes first (brief rule 13)');

const full = 64;
const bob = uriOf(5070, 'udp').replace('sip:', 'sip:bob@');

type Headers = Readonly<Record<string, string>>;

async function ground(stack: Partial<StackOptions> = {}): Promise<Bed> {
  const made = await bed({
    hops: 1,
    stack: {
      limits: { dialogs: 300, transactions: 4000 },
      application: noted([], { onCall: (call) => void call.answer() }),
      ...stack,
    },
  });
  made.hop.capabilities = ['Allow: INVITE, ACK, BYE, CANCEL, UPDATE, INFO'];
  return made;
}

async function calls(made: Bed, count: number, headers: Headers = {}, target = bob): Promise<Dialog[]> {
  const promises = Array.from({ length: count }, () => made.near.invite(target, { headers }));
  await made.clock.run(50);
  return Promise.all(promises);
}

/** A call to us; gives its Call-ID. */
async function called(
  made: Bed,
  callId: string,
  headers: readonly string[],
  { requestUri, to, by = made.hop }: { requestUri?: string; to?: string; by?: RawPeer } = {},
): Promise<string> {
  const raw = RawDialog.toward(by, nearPort, callId);
  if (to !== undefined) raw.remote = to;
  raw.request('INVITE', {
    headers: ['Allow: INVITE, ACK, BYE, UPDATE', ...headers],
    ...(requestUri !== undefined && { requestUri }),
  });
  await made.clock.run(5);
  const [response] = by.responses('INVITE').slice(-1);
  if (response?.status !== 200) throw new Error(`${response?.status} to the INVITE`);
  raw.acknowledge(response);
  return callId;
}

function partition(made: Bed): void {
  made.network.partition({ host, port: nearPort }, { host, port: 5070 });
}

/** The Call-IDs of the heals that go out when the hop is back, which leaves them unanswered. */
async function firstHeals(made: Bed): Promise<string[]> {
  const { hop, network, clock } = made;
  hop.received.length = 0;
  hop.script = ({ method }) => method === 'UPDATE';
  network.heal({ host, port: nearPort }, { host, port: 5070 });
  await clock.run(450);
  return [...new Set(hop.requests('UPDATE').map((request) => request.header('Call-ID')))];
}

async function finish(made: Bed): Promise<void> {
  made.hop.script = () => false;
  await made.clock.run(100_000);
  assert.is((await made.take(made.near.counts())).recovering, 0);
  await made.take(made.near.close());
  await made.clock.runUntilIdle();
}

const emergency: Headers = { Priority: 'emergency' };

test('emergency calls of ours are healed before all others: those to the service, and those that say so', async () => {
  const ways: [headers: Headers, target?: string][] = [
    [{}, 'urn:service:sos'],
    [{}, 'urn:service:sos.police'],
    [emergency],
    [{ priority: 'Emergency' }],
    [{ 'Resource-Priority': 'esnet.1' }],
    [{ 'Resource-Priority': 'dsn.flash, esnet.0' }],
  ];
  for (const [headers, target] of ways) {
    const made = await ground();
    await calls(made, 50);
    const [dialog] = await calls(made, 1, headers, target);
    await calls(made, 50);
    partition(made);
    await made.clock.run(5000);
    const healed = await firstHeals(made);
    assert.is(healed.length, full);
    assert.is(healed[0], dialog?.callId, `${JSON.stringify(headers)} ${target}`);
    await finish(made);
  }
});

test('and those to us: by the service that they ask for, though it may stand in To alone, and by their header fields', async () => {
  const made = await ground();
  const service = 'urn:service:sos.fire';
  const emergencies = [
    await called(made, 'service', [], { requestUri: service, to: `<${service}>` }),
    await called(made, 'to', [], { to: '<urn:service:sos>' }),
    await called(made, 'priority', ['Priority: emergency']),
    await called(made, 'resource', ['Resource-Priority: dsn.flash', 'Resource-Priority: esnet.0']),
  ];
  for (const [index, headers] of [
    ['Priority: urgent'],
    ['Subject: emergency'],
    ['Resource-Priority: ets.1, esnet.x'],
    ['Resource-Priority: notesnet.1'],
  ].entries()) {
    await called(made, `other-${index}`, headers);
  }
  await called(made, 'other-service', [], { to: '<urn:service:sosmap>' });
  await calls(made, 100);
  partition(made);
  await made.clock.run(5000);
  const healed = await firstHeals(made);
  assert.equal(healed.slice(0, 4).toSorted(), emergencies.toSorted());
  assert.is(healed.length, full);
  assert.not(healed.slice(4).some((callId) => emergencies.includes(callId)));
  await finish(made);
});

test('who hands an emergency call over says so, and who takes it heals it first', async () => {
  const made = await ground();
  const [dialog] = await calls(made, 1, emergency);
  const [plain] = await calls(made, 1);
  const record = await made.take((dialog as Dialog).export({ release: true }));
  assert.is(record.emergency, true);
  assert.is((await made.take((plain as Dialog).export())).emergency, undefined);
  await calls(made, 100);
  partition(made);
  await made.clock.run(5000);
  await made.take(made.near.adopt({ ...record, routeStatus: 'recovering' }));
  assert.is((await firstHeals(made))[0], record.callId);
  await finish(made);
});

test('a dialog that a request waits for goes before emergency calls that nobody asks anything of', async () => {
  const made = await ground();
  const { hop, clock } = made;
  const dialogs = await calls(made, 80, emergency);
  partition(made);
  await clock.run(5000);
  assert.is((await firstHeals(made)).length, full);
  const [first, second] = hop.requests('UPDATE');
  if (first === undefined || second === undefined) throw new Error('no heals');
  hop.accept(first);
  await clock.run(5);
  const healed = dialogs.find(({ callId }) => callId === first.header('Call-ID'));
  hop.script = (request) => {
    if (request.method === 'INFO' && request.cseq === first.cseq + 1) {
      hop.reply(request, 430, { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] });
      return true;
    }
    return request.method === 'UPDATE';
  };
  const info = healed?.request('INFO');
  await clock.run(5);
  hop.received.length = 0;
  hop.accept(second);
  await clock.run(5);
  const [next] = hop.requests('UPDATE');
  assert.is(next?.header('Call-ID'), healed?.callId);
  hop.script = ({ method }) => method === 'UPDATE';
  if (next !== undefined) hop.accept(next);
  assert.is((await made.take(info as Promise<{ status: number }>)).status, 200);
  await finish(made);
});

test('among equals who has waited longest goes first, whoever began the calls: an older break before a newer one', async () => {
  const made = await ground({ hops: [5070, 5080].map((port) => `sip:${host}:${port}`) });
  const { clock, network, hop, other } = made;
  for (let number = 0; number < 70; number++) await called(made, `older-${number}`, [], { by: other });
  for (let number = 0; number < 40; number++) await called(made, `newer-${number}`, []);
  hop.script = ({ method }) => method === 'UPDATE';
  network.partition({ host, port: nearPort }, { host, port: 5080 });
  await clock.run(2000);
  assert.is(new Set(hop.requests('UPDATE').map((request) => request.header('Call-ID'))).size, full);
  partition(made);
  await clock.run(5000);
  const healed = (await firstHeals(made)).map((callId) => callId.split('-', 1)[0]);
  assert.equal(healed.slice(0, 46), [...new Array(6).fill('older'), ...new Array(40).fill('newer')]);
  network.heal({ host, port: nearPort }, { host, port: 5080 });
  await finish(made);
});

test.run();
