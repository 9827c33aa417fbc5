import { canonicalHost, endpointKey, endpointText, familyOf, isPort } from './address.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import type {
  Address,
  Clock,
  FlowId,
  MessageFault,
  OpenTransport,
  TransportContext,
  TransportFailure,
  TransportListener,
} from './contract.ts';
import { type Flow, FlowTable } from './flows.ts';
import { connectionsMax, connectWaitMaxMs, unprovenConnectionsMax } from './limits.ts';
import type { Pipe, PipeSource } from './pipe.ts';

type StreamFlow = Flow<Connection>;

/** A connection that is being made, and who waits for it. */
interface Dial {
  readonly remote: Address;
  readonly waiting: number[];
  cancel: () => void;
}

/**
 * The connections of one transport, each of them one flow: at most one to a remote, whoever opened it.
 *
 * A connection of a peer's becomes a flow with its first message; until then it is unproven, and nobody hears of it.
 * Sockets and the memory network differ below this.
 *
 * @see RFC 3261 §18.1.1, §18.2
 */
export class Connections implements OpenTransport, ConnectionOwner {
  readonly #source: PipeSource;
  readonly #listener: TransportListener;
  readonly #clock: Clock;
  readonly #table: FlowTable<Connection>;
  readonly #max: number;
  readonly #flowOf = new Map<Connection, StreamFlow>();
  readonly #unproven = new Map<Connection, Address>();
  readonly #closing = new Set<Connection>();
  readonly #dials = new Map<string, Dial>();
  #destroyed: Promise<void> | undefined;
  #warnedFull = false;
  #shed = 0;

  constructor(source: PipeSource, listener: TransportListener, context: TransportContext) {
    const { clock, shard, flowIndices } = context;
    this.#source = source;
    this.#listener = listener;
    this.#clock = clock;
    this.#table = new FlowTable({ shard, ...flowIndices });
    this.#max = Math.min(connectionsMax, flowIndices?.count ?? connectionsMax);
  }

  get local(): Address {
    return this.#source.local;
  }

  get shed(): number {
    return this.#shed;
  }

  /** A peer has connected. */
  accept(pipe: Pipe): void {
    if (this.#destroyed !== undefined || !this.#hasPlace()) {
      pipe.destroy();
      return;
    }
    if (this.#unproven.size >= unprovenConnectionsMax) {
      const [oldest] = this.#unproven.keys();
      if (oldest !== undefined) this.#drop(oldest);
    }
    const connection = new Connection(pipe, this.#clock, this);
    this.#unproven.set(connection, pipe.remote);
    connection.start(true);
  }

  openFlow(openId: number, remote: Address, _options: { readonly connected: boolean }): void {
    this.#clock.defer(() => this.#open(openId, remote));
  }

  send(id: FlowId, bytes: Uint8Array): void {
    if (this.#table.get(id)?.link?.send(bytes) !== true) this.#shed += 1;
  }

  closeFlow(id: FlowId): void {
    const flow = this.#table.get(id);
    if (flow?.link === undefined) return;
    this.#forget(flow, flow.link);
    this.#closing.add(flow.link);
    flow.link.close();
  }

  destroy(): Promise<void> {
    this.#destroyed ??= this.#close();
    return this.#destroyed;
  }

  message(connection: Connection, bytes: Uint8Array): void {
    const flow = this.#flowOf.get(connection) ?? this.#prove(connection);
    if (flow !== undefined) this.#listener.message(flow.id, bytes);
  }

  refused(connection: Connection, head: Uint8Array, fault: MessageFault): void {
    const flow = this.#flowOf.get(connection) ?? this.#prove(connection);
    if (flow !== undefined) this.#listener.messageRefused(flow.id, head, fault);
  }

  lost(connection: Connection, code: TransportFailure, reason: string): void {
    this.#unproven.delete(connection);
    const flow = this.#flowOf.get(connection);
    if (flow === undefined) return;
    this.#forget(flow, connection);
    this.#listener.flowLost(flow.id, code, `${this.#path(flow.remote)} is lost: ${reason}`);
  }

  gone(connection: Connection): void {
    this.#closing.delete(connection);
  }

  #open(openId: number, remote: Address): void {
    if (this.#destroyed !== undefined) return;
    const obstacle = this.#obstacle(remote);
    if (obstacle !== undefined) {
      this.#openFailed(openId, remote, obstacle);
      return;
    }
    const { protocol, port } = remote;
    const to: Address = { protocol, host: canonicalHost(remote.host), port };
    const key = endpointKey(to.host, to.port);
    const flow = this.#table.find(key);
    const dial = this.#dials.get(key);
    if (flow !== undefined) this.#listener.flowOpen(flow.id, flow.remote, openId);
    else if (dial !== undefined) dial.waiting.push(openId);
    else if (this.#hasPlace()) this.#dial(openId, to, key);
    else this.#openFailed(openId, to, `all ${this.#max} connections are open`);
  }

  #dial(openId: number, remote: Address, key: string): void {
    const dial: Dial = { remote, waiting: [openId], cancel: () => {} };
    this.#dials.set(key, dial);
    const cancelWait = this.#clock.wake(this.#clock.nowMs() + connectWaitMaxMs, () => {
      cancelDial();
      this.#dialFailed(key, dial, `nothing answers within ${connectWaitMaxMs} ms`);
    });
    const cancelDial = this.#source.dial(remote, {
      connected: (pipe) => {
        cancelWait();
        this.#connected(key, dial, pipe);
      },
      failed: (reason) => {
        cancelWait();
        this.#dialFailed(key, dial, reason);
      },
    });
    dial.cancel = () => {
      cancelWait();
      cancelDial();
    };
  }

  #connected(key: string, dial: Dial, pipe: Pipe): void {
    this.#dials.delete(key);
    const connection = new Connection(pipe, this.#clock, this);
    const flow = this.#add(connection, dial.remote);
    connection.start(false);
    for (const openId of dial.waiting) {
      // By the front door once the listener has closed what the others wait for.
      if (this.#table.get(flow.id) === flow) this.#listener.flowOpen(flow.id, flow.remote, openId);
      else this.#open(openId, dial.remote);
    }
  }

  #dialFailed(key: string, dial: Dial, reason: string): void {
    this.#dials.delete(key);
    for (const openId of dial.waiting) this.#openFailed(openId, dial.remote, reason);
  }

  #openFailed(openId: number, remote: Address, reason: string): void {
    if (this.#destroyed !== undefined) return;
    this.#listener.openFailed(openId, 'SIP_OPEN_FAILED', `${this.#path(remote)} cannot be opened: ${reason}`);
  }

  #obstacle(remote: Address): string | undefined {
    const { protocol } = this.local;
    const family = familyOf(remote.host);
    if (remote.protocol !== protocol) return `this is ${protocol}, not ${remote.protocol}`;
    if (family === undefined) return 'the host is not a numeric address';
    if (!isPort(remote.port)) return 'there is no such port';
    return family === familyOf(this.local.host) ? undefined : `an ${familyOf(this.local.host)} socket cannot reach it`;
  }

  /** A peer's connection becomes a flow; undefined when the listener has had enough meanwhile. */
  #prove(connection: Connection): StreamFlow | undefined {
    const remote = this.#unproven.get(connection);
    if (remote === undefined) return undefined;
    this.#unproven.delete(connection);
    const older = this.#table.find(endpointKey(remote.host, remote.port));
    if (older?.link !== undefined) {
      // Its peer has forgotten it, or it could not have connected from the same port.
      older.link.destroy();
      this.lost(older.link, 'SIP_FLOW_LOST', 'its peer has connected anew');
    }
    const flow = this.#add(connection, remote);
    this.#listener.flowOpen(flow.id, flow.remote, undefined);
    return this.#table.get(flow.id);
  }

  #add(connection: Connection, remote: Address): StreamFlow {
    const flow = this.#table.add(remote);
    this.#table.hold(flow);
    flow.link = connection;
    this.#flowOf.set(connection, flow);
    return flow;
  }

  #forget(flow: StreamFlow, connection: Connection): void {
    this.#table.remove(flow);
    this.#flowOf.delete(connection);
  }

  #drop(connection: Connection): void {
    this.#unproven.delete(connection);
    connection.destroy();
  }

  #hasPlace(): boolean {
    const count = this.#table.count + this.#unproven.size + this.#closing.size + this.#dials.size;
    if (count < this.#max) return true;
    if (!this.#warnedFull) {
      this.#warnedFull = true;
      this.#listener.warning(
        `${this.local.protocol} ${endpointText(this.local)}: all ${this.#max} connections are open`,
      );
    }
    return false;
  }

  #path(remote: Address): string {
    return `${this.local.protocol} ${endpointText(this.local)} to ${endpointText(remote)}`;
  }

  async #close(): Promise<void> {
    for (const dial of this.#dials.values()) dial.cancel();
    this.#dials.clear();
    for (const connections of [this.#flowOf.keys(), this.#unproven.keys(), this.#closing.keys()]) {
      for (const connection of [...connections]) connection.destroy();
    }
    await this.#source.close();
  }
}
