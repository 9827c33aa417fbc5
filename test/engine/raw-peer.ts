import type { Address, FlowId, OpenTransport, Protocol } from '../../transport/contract.ts';
import { farAnswer, host, uriOf, type World } from './world.ts';

/** A message as a raw peer got it. */
export interface Sip {
  readonly text: string;
  /** Of whoever sent it. */
  readonly port: number;
  readonly method: string;
  /** 0 in a request. */
  readonly status: number;
  readonly requestUri: string;
  readonly cseq: number;
  readonly body: string;
  /** Values of the lines with that name, in their order. */
  all(name: string): string[];
  header(name: string): string;
}

export interface Answer {
  readonly headers?: readonly string[];
  readonly body?: string;
  /** For a request whose To has no tag; `raw` unless told otherwise, '' for none. */
  readonly toTag?: string;
  readonly reason?: string;
}

/**
 * A peer made of text and a transport: it answers as a good one does, but for what a test's script decides. With
 * `recordRoute` it is hop and far end in one.
 */
export class RawPeer {
  readonly port: number;
  readonly protocol: Protocol;
  /** Everything but probes, in order. */
  readonly received: Sip[] = [];
  /** Asked first about each request; true when it has dealt with it. */
  script: (request: Sip) => boolean = () => false;
  /** Hears each ACK. */
  acknowledged: (ack: Sip) => void = () => undefined;
  /** Hears each response. */
  heard: (response: Sip) => void = () => undefined;
  /** False: probes are not answered. */
  answersProbes = true;
  /** Lines of a 2xx to INVITE and UPDATE. */
  capabilities: readonly string[] = [
    'Allow: INVITE, ACK, BYE, CANCEL, UPDATE, INFO',
    'Supported: ms-dialog-route-set-update',
  ];
  /** Values that it writes into its own 2xx to INVITE and UPDATE, beside those of the request. */
  recordRoute: readonly string[] = [];
  readonly #flows = new Map<number, FlowId>();
  readonly #unsent = new Map<number, string[]>();
  #transport: OpenTransport | undefined;
  #branches = 0;

  private constructor(port: number, protocol: Protocol) {
    this.port = port;
    this.protocol = protocol;
  }

  static async open(world: World, name: string, port: number, protocol = world.protocol): Promise<RawPeer> {
    const peer = new RawPeer(port, protocol);
    world.name(port, name);
    peer.#transport = await world.transport(port, protocol).open(
      {
        flowOpen: (flow, remote) => peer.#opened(flow, remote),
        openFailed: () => undefined,
        flowLost: (flow) => peer.#lost(flow),
        message: (flow, bytes) => peer.#hear(flow, bytes),
        messageRefused: () => undefined,
        turnedAway: () => undefined,
        warning: () => undefined,
      },
      { clock: world.clock, shard: 31 },
    );
    return peer;
  }

  get uri(): string {
    return uriOf(this.port, this.protocol);
  }

  /** Requests of a method that came, or responses to one. */
  requests(method: string): Sip[] {
    return this.received.filter((message) => message.status === 0 && message.method === method);
  }

  responses(method: string): Sip[] {
    return this.received.filter((message) => message.status > 0 && message.method === method);
  }

  /** The newest request of that method. */
  last(method: string): Sip {
    const message = this.requests(method).at(-1);
    if (message === undefined) throw new Error(`no ${method} has come`);
    return message;
  }

  /** A Via of its own. */
  via(branch: string): string {
    const { protocol } = this;
    return `SIP/2.0/${protocol.toUpperCase()} ${host}:${this.port};${protocol === 'udp' ? 'rport;' : ''}branch=${branch}`;
  }

  send(port: number, text: string): void {
    const flow = this.#flows.get(port);
    if (flow !== undefined) {
      this.#transport?.send(flow, new TextEncoder().encode(text));
      return;
    }
    const waiting = this.#unsent.get(port);
    if (waiting !== undefined) {
      waiting.push(text);
      return;
    }
    this.#unsent.set(port, [text]);
    this.#transport?.openFlow(port, { protocol: this.protocol, host, port }, { connected: false });
  }

  reply(request: Sip, status: number, answer: Answer = {}): void {
    const { headers = [], body = '', toTag = 'raw', reason = 'Because' } = answer;
    const to = request.header('To');
    const tag = status === 100 || toTag === '' || /;tag=/.test(to) ? '' : `;tag=${toTag}`;
    const lines = [
      `SIP/2.0 ${status} ${reason}`,
      ...request.all('Via').map((via) => `Via: ${via}`),
      `From: ${request.header('From')}`,
      `To: ${to}${tag}`,
      `Call-ID: ${request.header('Call-ID')}`,
      `CSeq: ${request.header('CSeq')}`,
      ...headers,
    ];
    this.send(request.port, withBody(lines, body));
  }

  /** A 2xx as a good peer gives it. */
  accept(request: Sip, answer: Answer = {}): void {
    const refresh = request.method === 'INVITE' || request.method === 'UPDATE';
    const recordRoute = [...this.recordRoute, ...request.all('Record-Route')].map((value) => `Record-Route: ${value}`);
    const own = refresh ? [...recordRoute, `Contact: <${this.uri}>`, ...this.capabilities] : [];
    const body = answer.body ?? (refresh && request.body !== '' ? farAnswer : '');
    this.reply(request, 200, { ...answer, headers: [...own, ...(answer.headers ?? [])], body });
  }

  /** A branch that it has not used. */
  branch(): string {
    return `z9hG4bK-raw-${this.port}-${++this.#branches}`;
  }

  destroy(): Promise<void> {
    return this.#transport?.destroy() ?? Promise.resolve();
  }

  #opened(flow: FlowId, remote: Address): void {
    this.#flows.set(remote.port, flow);
    const unsent = this.#unsent.get(remote.port) ?? [];
    this.#unsent.delete(remote.port);
    for (const text of unsent) this.send(remote.port, text);
  }

  #lost(flow: FlowId): void {
    for (const [port, each] of this.#flows) if (each === flow) this.#flows.delete(port);
  }

  #hear(flow: FlowId, bytes: Uint8Array): void {
    const port = [...this.#flows].find(([, each]) => each === flow)?.[0] ?? 0;
    const message = parse(new TextDecoder().decode(bytes), port);
    if (message.method === 'OPTIONS' && !/;tag=/.test(message.header('To'))) {
      if (message.status === 0 && this.answersProbes) this.reply(message, 200);
      return;
    }
    this.received.push(message);
    if (message.status > 0) this.heard(message);
    else if (message.method === 'ACK') this.acknowledged(message);
    if (message.status > 0 || message.method === 'ACK' || this.script(message)) return;
    this.accept(message);
  }
}

/** The whole message, with what belongs to its body. */
export function withBody(lines: readonly string[], body: string): string {
  const type =
    body === '' || lines.some((line) => line.startsWith('Content-Type:')) ? [] : ['Content-Type: application/sdp'];
  return `${[...lines, ...type, `Content-Length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`;
}

export function parse(text: string, port: number): Sip {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [start = '', ...lines] = head.split('\r\n');
  const all = (name: string): string[] =>
    lines
      .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
      .map((line) => line.slice(name.length + 1).trim());
  const header = (name: string): string => all(name)[0] ?? '';
  const [cseq = '', method = ''] = header('CSeq').split(' ');
  const isResponse = start.startsWith('SIP/2.0 ');
  const [first = '', second = ''] = start.split(' ');
  return {
    text,
    port,
    method: isResponse ? method : first,
    status: isResponse ? Number(second) : 0,
    requestUri: isResponse ? '' : second,
    cseq: Number(cseq),
    body: rest.join('\r\n\r\n'),
    all,
    header,
  };
}
