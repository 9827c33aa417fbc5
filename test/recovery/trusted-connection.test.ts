import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FlowId, OpenTransport } from '../../transport/contract.ts';
import { type Bed, finish } from '../engine/bed.ts';
import type { RawDialog } from '../engine/raw-dialog.ts';
import { parse, type Sip, withBody } from '../engine/raw-peer.ts';
import { answerTo, optionTag, type TrustBed, trustBed } from './trust-bed.ts';

const test = suite('Whom a route is taken from, by connection (RFC 3261 §18)');

const strangerHost = '10.0.0.66';
const strangers = `<sip:${strangerHost}:6666;transport=tcp;lr>`;
const challenge = { realm: 'sipmend.example', users: { bob: 'zanzibar' } };

/** A peer at another host that speaks over a connection of its own. */
class Caller {
  readonly #bed: Bed;
  readonly #transport: OpenTransport;
  readonly #received: Sip[];
  #flow: FlowId | undefined;
  #count = 0;

  private constructor(ground: Bed, transport: OpenTransport, received: Sip[]) {
    this.#bed = ground;
    this.#transport = transport;
    this.#received = received;
  }

  static async open(ground: Bed): Promise<Caller> {
    const received: Sip[] = [];
    const transport = await ground.network.tcp({ host: strangerHost, port: 6666 }).open(
      {
        flowOpen: (flow, _remote, openId) => {
          if (openId !== undefined) caller.#flow = flow;
        },
        openFailed: () => undefined,
        flowLost: () => undefined,
        message: (_flow, bytes) => void received.push(parse(new TextDecoder().decode(bytes), 0)),
        messageRefused: () => undefined,
        turnedAway: () => undefined,
        warning: () => undefined,
      },
      { clock: ground.clock, shard: 30 },
    );
    const caller = new Caller(ground, transport, received);
    await caller.connect();
    return caller;
  }

  /** By a new connection from now on. */
  async connect(): Promise<void> {
    if (this.#flow !== undefined) this.#transport.closeFlow(this.#flow);
    this.#transport.openFlow(++this.#count, { protocol: 'tcp', host: '10.0.0.1', port: 5060 }, { connected: false });
    await this.#bed.clock.run(10);
  }

  /** Sends a refresh inside a dialog that is another's and gives the response. */
  async refresh(raw: RawDialog, headers: readonly string[] = []): Promise<Sip> {
    const before = this.#received.length;
    const lines = [
      'UPDATE sip:10.0.0.1:5060 SIP/2.0',
      `Via: SIP/2.0/TCP ${strangerHost}:6666;branch=z9hG4bK-caller-${++this.#count}`,
      'Max-Forwards: 70',
      `From: ${raw.local}`,
      `To: ${raw.remote}`,
      `Call-ID: ${raw.callId}`,
      `CSeq: ${++raw.cseq} UPDATE`,
      `Contact: <${raw.peer.uri}>`,
      optionTag,
      `Record-Route: ${strangers}`,
      ...headers,
    ];
    if (this.#flow === undefined) throw new Error('there is no connection');
    this.#transport.send(this.#flow, new TextEncoder().encode(withBody(lines, '')));
    await this.#bed.clock.run(10);
    const response = this.#received[before];
    if (response === undefined) throw new Error('the refresh was not answered');
    return response;
  }

  async close(): Promise<void> {
    await this.#transport.destroy();
  }
}

const answer = (asked: Sip, nc = '00000001'): string => answerTo(asked, { uri: 'sip:10.0.0.1:5060', nc });

async function ground(recovery: object = {}): Promise<TrustBed & { readonly caller: Caller }> {
  const made = await trustBed({ protocol: 'tcp', stack: { recovery } });
  return { ...made, caller: await Caller.open(made) };
}

async function end({ caller, ...bed }: TrustBed & { readonly caller: Caller }): Promise<void> {
  await bed.take(bed.dialog.bye());
  await caller.close();
  await bed.rest();
}

test('Q5: a listed hop’s own connection to us comes from any port, and is the hop’s all the same', async () => {
  const bed = await trustBed({ protocol: 'tcp' });
  const { other } = bed;
  const otherRoute = `<${other.uri};lr>`;
  assert.is((await bed.refresh([otherRoute])).status, 200);
  assert.is(await bed.generation(), 1);
  assert.is(await bed.route(), otherRoute);
  await finish(bed, bed.dialog);
});

test('Q5: a stranger’s connection is a stranger', async () => {
  const bed = await ground();
  const own = await bed.route();
  assert.is((await bed.caller.refresh(bed.raw)).status, 200);
  assert.is(await bed.route(), own);
  assert.is(await bed.generation(), 0);
  await end(bed);
});

test('Q5: a connection on which a request has passed our challenge is trusted until it is lost', async () => {
  const bed = await ground({ challenge });
  const { caller, raw } = bed;
  const asked = await caller.refresh(raw);
  assert.is(asked.status, 401);
  assert.is(await bed.generation(), 0);
  assert.is((await caller.refresh(raw, [answer(asked)])).status, 200);
  assert.is(await bed.generation(), 1);
  assert.is((await bed.refresh([`<${bed.hop.uri};lr>`])).status, 200);
  assert.is((await caller.refresh(raw)).status, 200, 'nobody asks again');
  assert.is(await bed.generation(), 3);
  assert.is((await bed.refresh([`<${bed.hop.uri};lr>`])).status, 200);
  await caller.connect();
  const again = await caller.refresh(raw);
  assert.is(again.status, 401, 'another connection');
  assert.is((await caller.refresh(raw, [answer(asked, '00000001')])).status, 401, 'and no replay');
  assert.is(await bed.generation(), 4);
  await end(bed);
});

test.run();
