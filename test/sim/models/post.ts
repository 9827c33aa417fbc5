import type { Address, Clock, FlowId, OpenTransport, Transport } from '../../../transport/index.ts';
import { type Message, parse } from './message.ts';
import { responseAddress, type Via } from './via.ts';

/** A numeric address of whichever protocol. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Where a message came from. */
export interface Source {
  readonly post: Post;
  readonly flow: FlowId;
  readonly from: Place;
}

export type Hear = (message: Message, source: Source) => void;

/** A transport in use: sends to addresses and hears messages. What is no SIP is dropped. */
export class Post {
  readonly protocol: Transport['protocol'];
  readonly #hear: Hear;
  readonly #remotes = new Map<FlowId, Source>();
  readonly #flows = new Map<string, FlowId>();
  /** What waits for a flow, by its address; the number is the `openId`. */
  readonly #openings = new Map<string, Waiting[]>();
  readonly #openIds = new Map<number, string>();
  #transport: OpenTransport | undefined;
  #opens = 0;

  private constructor(protocol: Transport['protocol'], hear: Hear) {
    this.protocol = protocol;
    this.#hear = hear;
  }

  static async open(transport: Transport, clock: Clock, hear: Hear): Promise<Post> {
    const post = new Post(transport.protocol, hear);
    post.#transport = await transport.open(
      {
        flowOpen: (flow, remote, openId) => post.#opened(flow, remote, openId),
        openFailed: (openId) => post.#failed(openId),
        message: (flow, octets) => post.#received(flow, octets),
        messageRefused: (flow) => post.#close(flow),
        flowLost: (flow) => post.#lost(flow),
        turnedAway: () => undefined,
        warning: () => undefined,
      },
      { clock, shard: 0 },
    );
    return post;
  }

  get local(): Address {
    if (this.#transport === undefined) throw new Error('the transport is not open');
    return this.#transport.local;
  }

  /** Sends, when there is a flow to that address; `failed` is called when there can be none. */
  send(to: Place, octets: Uint8Array, failed: () => void = () => undefined): void {
    const key = keyOf(to);
    const flow = this.#flows.get(key);
    if (flow !== undefined) {
      this.#transport?.send(flow, octets);
      return;
    }
    const waiting = this.#openings.get(key);
    if (waiting !== undefined) {
      waiting.push({ octets, failed });
      return;
    }
    this.#openings.set(key, [{ octets, failed }]);
    const openId = ++this.#opens;
    this.#openIds.set(openId, key);
    const { host, port } = to;
    this.#transport?.openFlow(openId, { protocol: this.protocol, host, port }, { connected: false });
  }

  /** Sends a response: by the connection of its request where that is still there (RFC 3261 §18.2.2). */
  reply(source: Source, via: Via, octets: Uint8Array): void {
    if (this.protocol === 'tcp' && this.#remotes.has(source.flow)) this.#transport?.send(source.flow, octets);
    else if (this.protocol === 'tcp') this.send({ host: via.received ?? via.host, port: via.port ?? 5060 }, octets);
    else this.send(responseAddress(via), octets);
  }

  /** Sends where a message came from, if the way is still there. */
  sendBack(source: Source, octets: Uint8Array): void {
    if (this.#remotes.has(source.flow)) this.#transport?.send(source.flow, octets);
    else this.send(source.from, octets);
  }

  async stop(): Promise<void> {
    this.#openings.clear();
    this.#flows.clear();
    this.#remotes.clear();
    await this.#transport?.destroy();
  }

  #opened(flow: FlowId, remote: Address, openId: number | undefined): void {
    const from: Place = { host: remote.host, port: remote.port };
    this.#remotes.set(flow, { post: this, flow, from });
    this.#flows.set(keyOf(from), flow);
    if (openId === undefined) return;
    const key = this.#openIds.get(openId) ?? '';
    this.#openIds.delete(openId);
    this.#flows.set(key, flow);
    const waiting = this.#openings.get(key) ?? [];
    this.#openings.delete(key);
    for (const { octets } of waiting) this.#transport?.send(flow, octets);
  }

  #failed(openId: number): void {
    const key = this.#openIds.get(openId) ?? '';
    this.#openIds.delete(openId);
    const waiting = this.#openings.get(key) ?? [];
    this.#openings.delete(key);
    for (const { failed } of waiting) failed();
  }

  #received(flow: FlowId, octets: Uint8Array): void {
    const source = this.#remotes.get(flow);
    const message = source === undefined ? undefined : parse(octets);
    if (source !== undefined && message?.isWhole) this.#hear(message, source);
  }

  #close(flow: FlowId): void {
    this.#transport?.closeFlow(flow);
    this.#lost(flow);
  }

  #lost(flow: FlowId): void {
    const source = this.#remotes.get(flow);
    this.#remotes.delete(flow);
    if (source !== undefined && this.#flows.get(keyOf(source.from)) === flow) this.#flows.delete(keyOf(source.from));
  }
}

interface Waiting {
  readonly octets: Uint8Array;
  readonly failed: () => void;
}

function keyOf({ host, port }: Place): string {
  return `${host}:${port}`;
}
