import * as assert from 'uvu/assert';
import type { Dialog, IncomingCall, Stack, StackOptions } from '../../core/index.ts';
import { parse, RawPeer, type Sip } from '../engine/raw-peer.ts';
import { host, noted, type World, world } from '../engine/world.ts';
import type { FlowMessage } from './composer.ts';
import { secret } from './digest.ts';
import { session } from './session.ts';

export type Party = 'Alice' | 'Bob';

/** Where everybody but our party is: the port that the flows' Vias name. */
const othersPort = 5060;
const ownPort = 5062;
const silentPort = 5090;

export interface ReplayOptions {
  readonly stack?: Partial<StackOptions>;
  /** The first hop of our party's answers nothing. */
  readonly firstHopSilent?: boolean;
  /** The stack ends the call by itself: the program does not. */
  readonly endsByItself?: boolean;
}

/** What became of a flow. */
export interface Replayed {
  /** What the program of our party saw: `call done`, `call failed 486 remote`, `ended remote bye` … */
  readonly seen: readonly string[];
  /** What our party sent, in order, and when. */
  readonly sent: readonly Sip[];
  readonly atMs: readonly number[];
}

/**
 * Plays one party of a flow with our stack. Everybody else is a raw peer that sends the flow's messages; in them stand our own
 * Call-ID, tags and branches where the flow has those of the party. Each message that the flow has the party send is awaited, caused by
 * its program where the protocol alone does not, and compared with the flow's.
 */
export async function replay(
  flow: readonly FlowMessage[],
  party: Party,
  options: ReplayOptions = {},
): Promise<Replayed> {
  const stage = await Stage.set(party, options);
  for (const message of flow) {
    if (message.from === party) await stage.sends(message);
    else if (message.to === party) await stage.receives(message);
  }
  return stage.end();
}

/** `sip:bob@biloxi.example.com` of `Bob <sip:bob@biloxi.example.com>;tag=1`. */
function uriIn(value: string): string {
  return /<([^>]*)>/.exec(value)?.[1] ?? value.replace(/;.*/, '');
}

function tagIn(value: string): string {
  return /;tag=([^;\s]+)/.exec(value)?.[1] ?? '';
}

/** The entries of comma lists, over all lines. */
function entries(message: Sip, name: string): string[] {
  return message.all(name).flatMap((value) => value.split(/,\s*(?=<)/));
}

class Stage {
  readonly #party: Party;
  readonly #world: World;
  readonly #others: RawPeer;
  readonly #log: string[];
  readonly #near: Stack;
  /** What the flow has for what is ours: tags and Call-ID. */
  readonly #ours = new Map<string, string>();
  readonly #giveUp = new AbortController();
  #calls = 0;
  #incoming: IncomingCall | undefined;
  #dialog: Dialog | undefined;
  /** How many of the messages that our party sent are compared. */
  #compared = 0;
  readonly #atMs: number[] = [];
  /** The newest request that our party received, of each method. */
  readonly #asked = new Map<string, Sip>();
  #moved: string | undefined;
  #wasChallenged = false;
  readonly #endsByItself: boolean;

  private constructor(
    party: Party,
    stage: World,
    others: RawPeer,
    log: string[],
    near: Stack,
    { endsByItself = false }: ReplayOptions,
  ) {
    this.#endsByItself = endsByItself;
    this.#party = party;
    this.#world = stage;
    this.#others = others;
    this.#log = log;
    this.#near = near;
  }

  static async set(party: Party, options: ReplayOptions): Promise<Stage> {
    const { stack, firstHopSilent = false } = options;
    const ground = world();
    const log: string[] = [];
    const others = await RawPeer.open(ground, 'others', othersPort);
    others.script = () => true;
    const hops = [`sip:${host}:${othersPort}`];
    if (firstHopSilent) {
      const silent = await RawPeer.open(ground, 'silent', silentPort);
      silent.script = () => true;
      silent.answersProbes = false;
      hops.unshift(`sip:${host}:${silentPort}`);
    }
    const held: { stage?: Stage } = {};
    const near = await ground.stack(party, ownPort, {
      hops,
      sessionTimer: { intervalS: 0 },
      credentials: ['atlanta', 'biloxi'].map((realm) => ({
        realm: `${realm}.example.com`,
        ...secret,
      })),
      application: noted(log, {
        onCall: (incoming) => {
          if (held.stage !== undefined) held.stage.#incoming = incoming;
        },
        onRequest: (request) => request.respond(200, { body: aliceSession }),
      }),
      ...stack,
    });
    held.stage = new Stage(party, ground, others, log, near, options);
    return held.stage;
  }

  /** Our party is to send this. */
  async sends({ label, text }: FlowMessage): Promise<void> {
    const expected = parse(text, 0);
    if (this.#others.received.length === this.#compared) this.#act(expected);
    // Up to the interval of a session timer.
    for (let turn = 0; turn < 44_000 && this.#others.received.length === this.#compared; turn++) {
      await this.#world.clock.run(turn < 40_000 ? 1 : 1000);
    }
    const sent = this.#others.received[this.#compared];
    assert.ok(sent, `${label} is not sent:\n${this.#others.received.at(-1)?.text}`);
    this.#compared++;
    this.#atMs.push(this.#world.clock.nowMs());
    this.#compare(sent, expected, label);
  }

  /** Everybody else sends this to our party. */
  async receives({ text }: FlowMessage): Promise<void> {
    const message = parse(text, 0);
    if (message.status === 0) this.#asked.set(message.method, message);
    if (message.status === 407) this.#wasChallenged = true;
    if (message.status === 302) this.#moved = uriIn(message.header('Contact'));
    this.#others.send(ownPort, this.#adapted(message));
    await this.#world.clock.run(5);
  }

  /** Ends what the flow leaves, and sees that nothing is left over. */
  async end(): Promise<Replayed> {
    await this.#world.clock.run(10);
    const { received } = this.#others;
    assert.is(received.length, this.#compared, `more was sent than the flow has:\n${received.at(-1)?.text}`);
    const seen = [...this.#log, ...this.#world.seen()];
    const sent = [...received];
    this.#others.script = () => false;
    await this.#world.take(this.#near.close());
    await this.#world.clock.runUntilIdle();
    return { seen, sent, atMs: this.#atMs };
  }

  /** What the program does so that this is sent, where the stack does not send it by itself. */
  #act(expected: Sip): void {
    const { method, status } = expected;
    if (status === 0) {
      if (method === 'INVITE') this.#call(expected);
      if (method === 'CANCEL') this.#giveUp.abort();
      if (method === 'BYE' && !this.#endsByItself) this.#dialog?.bye().catch(() => undefined);
    } else if (method === 'INVITE' && status < 200) {
      this.#incoming?.ring(status);
    } else if (method === 'INVITE' && status < 300) {
      void this.#incoming?.answer({ body: bobSession }).then((dialog) => {
        this.#dialog = dialog;
      });
    } else if (method === 'INVITE') {
      this.#incoming?.refuse(status);
    }
  }

  /** The first time, or to where a 302 has sent us; the INVITE that follows a challenge comes by itself. */
  #call(expected: Sip): void {
    const target = this.#moved ?? expected.requestUri;
    if (this.#calls > 0 && this.#moved === undefined) return;
    this.#calls++;
    this.#moved = undefined;
    const call = this.#near.invite(target, {
      from: 'Alice <sip:alice@atlanta.example.com>',
      signal: this.#giveUp.signal,
      ...(expected.body === '' ? { answerOffer: () => ({ body: aliceSession }) } : { body: aliceSession }),
    });
    this.#world.note('call', call);
    call.then(
      (dialog) => {
        this.#dialog = dialog;
      },
      () => undefined,
    );
  }

  #compare(sent: Sip, expected: Sip, label: string): void {
    const isRequest = expected.status === 0;
    assert.equal([sent.method, sent.status], [expected.method, expected.status], label);
    this.#learn(expected.header(isRequest ? 'From' : 'To'), sent.header(isRequest ? 'From' : 'To'));
    if (this.#party === 'Alice' && isRequest) this.#ours.set(expected.header('Call-ID'), sent.header('Call-ID'));
    const known = (value: string): string => this.#ours.get(value) ?? value;
    assert.is(sent.header('Call-ID'), known(expected.header('Call-ID')), label);
    for (const name of ['From', 'To']) {
      // A program that follows a redirection makes a call of its own.
      if (this.#calls <= 1) assert.is(uriIn(sent.header(name)), uriIn(expected.header(name)), `${label} ${name}`);
      const tag = tagIn(expected.header(name));
      if (tag !== '') assert.is(tagIn(sent.header(name)), known(tag), `${label} ${name}`);
    }
    assert.is(sent.body !== '', expected.body !== '', `${label} body`);
    if (isRequest) this.#compareRequest(sent, expected, label);
    else this.#compareResponse(sent, expected, label);
  }

  #compareRequest(sent: Sip, expected: Sip, label: string): void {
    assert.is(sent.requestUri, expected.requestUri, label);
    if (this.#calls <= 1) assert.is(sent.cseq, expected.cseq, `${label} CSeq`);
    assert.is(sent.all('Via').length, 1, label);
    assert.is(sent.header('Max-Forwards'), '70', label);
    const isFirst = sent.method === 'INVITE' && tagIn(expected.header('To')) === '';
    // Outside a dialog the flow's Route names its proxy, and ours the hop.
    const inDialog =
      sent.method === 'BYE' ||
      sent.method === 'UPDATE' ||
      (sent.method === 'ACK' && this.#others.received.some(isInviteOk(sent)));
    if (inDialog) assert.equal(entries(sent, 'Route'), entries(expected, 'Route'), `${label} Route`);
    if (sent.method === 'INVITE') assert.ok(sent.header('Contact'), label);
    if (isFirst && this.#wasChallenged) {
      for (const credentials of expected.all('Proxy-Authorization')) {
        const realm = /realm="([^"]*)"/.exec(credentials)?.[0] ?? '';
        assert.ok(
          sent.all('Proxy-Authorization').some((own) => own.includes(realm)),
          `${label}: ${realm}`,
        );
      }
    }
  }

  #compareResponse(sent: Sip, expected: Sip, label: string): void {
    assert.is(sent.cseq, expected.cseq, `${label} CSeq`);
    const request = this.#asked.get(sent.method);
    const plain = (via: string): string => via.replace(/\s*;received=[^;]*/, '');
    assert.equal(sent.all('Via').map(plain), request?.all('Via').map(plain), `${label} Via`);
    if (expected.all('Record-Route').length > 0) {
      assert.equal(entries(sent, 'Record-Route'), entries(expected, 'Record-Route'), `${label} Record-Route`);
    }
    if (expected.header('Contact') !== '') assert.is(sent.header('Contact'), `<sip:${host}:${ownPort}>`, label);
  }

  #learn(expected: string, sent: string): void {
    if (tagIn(expected) !== '') this.#ours.set(tagIn(expected), tagIn(sent));
  }

  /** The flow's message with what is ours in it. */
  #adapted(message: Sip): string {
    const [head = '', ...body] = message.text.split('\r\n\r\n');
    const lines = head.split('\r\n');
    const answered = message.status === 0 ? undefined : this.#request(message);
    const mine = lines
      .filter((line) => answered === undefined || !/^Via:/.test(line))
      .map((line) => {
        let adapted = line;
        for (const [theirs, ours] of this.#ours) adapted = adapted.replaceAll(theirs, ours);
        return answered !== undefined && line.startsWith('CSeq:')
          ? `CSeq: ${answered.cseq} ${answered.method}`
          : adapted;
      });
    if (answered !== undefined) mine.splice(1, 0, `Via: ${answered.header('Via')};received=${host}`);
    return [mine.join('\r\n'), ...body].join('\r\n\r\n');
  }

  /** Our party's request that a response answers. */
  #request(response: Sip): Sip {
    const request = this.#others.requests(response.method).at(-1);
    assert.ok(request, `nothing was asked that ${response.status} ${response.method} answers`);
    return request;
  }
}

/** An ACK stands in a dialog when its branch is not its INVITE's. */
function isInviteOk(ack: Sip): (request: Sip) => boolean {
  const branch = /branch=([^;]+)/.exec(ack.header('Via'))?.[1];
  return (request) =>
    request.method === 'INVITE' &&
    request.status === 0 &&
    request.cseq === ack.cseq &&
    !request.header('Via').includes(`${branch}`);
}

const aliceSession = session('alice', '192.0.2.101');
const bobSession = session('bob', '192.0.2.201');
