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
import { HostShares } from './host-shares.ts';
import { connectionsHeldMax, connectionsMax, connectWaitMaxMs, idlestLooks, unprovenConnectionsMax } from './limits.ts';
import { inOrderOfClosing } from './order-of-closing.ts';
import type { Pipe, PipeSource } from './pipe.ts';
import { ReadBudget } from './read-budget.ts';

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
 * A connection of a peer's becomes a flow with its first message; until then it is unproven, and nobody hears of it. There is always
 * room for those that we open, and for a newcomer: where all places are taken, one that a peer has opened makes place, first those that
 * are unproven, then those of the host that has the most.
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
  readonly #unproven = new HostShares<Connection>();
  /** Flows whose connections peers have opened. */
  readonly #strangers = new HostShares<Connection>();
  readonly #closing = new Set<Connection>();
  readonly #reading: ReadBudget;
  readonly #dials = new Map<string, Dial>();
  #destroyed: Promise<void> | undefined;
  #warnedFull = false;
  #shed = 0;
  #heldSize = 0;
  /** So much must be held before it is looked at who holds it. */
  #lookAtSize = connectionsHeldMax;
  #looking = false;

  constructor(source: PipeSource, listener: TransportListener, context: TransportContext) {
    const { clock, shard, flowIndices } = context;
    this.#source = source;
    this.#listener = listener;
    this.#clock = clock;
    this.#reading = new ReadBudget(clock);
    this.#table = new FlowTable({ shard, ...flowIndices });
    this.#max = Math.min(connectionsMax, flowIndices?.count ?? connectionsMax, source.connectionsMax);
  }

  get local(): Address {
    return this.#source.local;
  }

  get shed(): number {
    return this.#shed;
  }

  /** A peer has connected. */
  accept(pipe: Pipe): void {
    if (this.#destroyed !== undefined) {
      pipe.destroy();
      return;
    }
    if (this.#unproven.count >= unprovenConnectionsMax) this.#displaceUnproven();
    if (!this.#makePlace()) {
      pipe.destroy();
      this.#listener.turnedAway(pipe.remote, 'SIP_OVERLOADED', this.#full());
      return;
    }
    const connection = new Connection(pipe, this.#clock, this);
    this.#unproven.add(connection, pipe.remote.host);
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
    const wasUnproven = this.#unproven.delete(connection);
    if (wasUnproven) this.#reading.forget(connection);
    if (wasUnproven && code !== 'SIP_FLOW_LOST') this.#turnedAway(connection, code, reason);
    const flow = this.#flowOf.get(connection);
    if (flow === undefined) return;
    this.#forget(flow, connection);
    this.#listener.flowLost(flow.id, code, `${this.#path(flow.remote)} is lost: ${reason}`);
  }

  gone(connection: Connection): void {
    this.#closing.delete(connection);
  }

  /** Those that we have opened read as much as they like. */
  read(connection: Connection, size: number): void {
    if (this.#strangers.has(connection) || this.#unproven.has(connection)) this.#reading.spend(connection, size);
  }

  heldMore(size: number): void {
    this.#heldSize += size;
    if (this.#heldSize <= this.#lookAtSize || this.#looking) return;
    this.#looking = true;
    this.#clock.defer(() => this.#lookAtHeld());
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
    else if (this.#makePlace()) this.#dial(openId, to, key);
    else this.#openFailed(openId, to, this.#full());
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
    if (!this.#unproven.delete(connection)) return undefined;
    const { remote } = connection;
    const older = this.#table.find(endpointKey(remote.host, remote.port));
    if (older?.link !== undefined) {
      // Its peer has forgotten it, or it could not have connected from the same port.
      older.link.destroy();
      this.lost(older.link, 'SIP_FLOW_LOST', 'its peer has connected anew');
    }
    const flow = this.#add(connection, remote);
    this.#strangers.add(connection, remote.host);
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
    this.#strangers.delete(connection);
    this.#reading.forget(connection);
  }

  /** Sees that there is a place for one more; false when all are taken by connections that we have opened. */
  #makePlace(): boolean {
    const count = this.#table.count + this.#unproven.count + this.#closing.size + this.#dials.size;
    if (count < this.#max) return true;
    if (!this.#warnedFull) {
      this.#warnedFull = true;
      this.#listener.warning(`${this.local.protocol} ${endpointText(this.local)}: ${this.#full()}`);
    }
    return this.#displaceUnproven() || this.#displaceClosing() || this.#displaceStranger();
  }

  #full(): string {
    return `all ${this.#max} connections are open`;
  }

  /** The oldest of the host that has the most. */
  #displaceUnproven(): boolean {
    const [oldest] = this.#unproven.largest ?? [];
    if (oldest === undefined) return false;
    this.#unproven.delete(oldest);
    this.#reading.forget(oldest);
    oldest.destroy();
    this.#turnedAway(oldest, 'SIP_FLOW_IDLE', 'it has sent no message, and gave its place to a newer one');
    return true;
  }

  #displaceClosing(): boolean {
    const [oldest] = this.#closing;
    if (oldest === undefined) return false;
    this.#closing.delete(oldest);
    oldest.destroy();
    return true;
  }

  /** The idlest of some connections of the host that has the most, those that were not looked at for longest. */
  #displaceStranger(): boolean {
    const looked: Connection[] = [];
    for (const connection of this.#strangers.largest ?? []) {
      looked.push(connection);
      if (looked.length === idlestLooks) break;
    }
    const [first, ...others] = looked;
    if (first === undefined) return false;
    const idlest = others.reduce((idle, other) => (other.heardAtMs < idle.heardAtMs ? other : idle), first);
    for (const connection of looked) this.#strangers.renew(connection);
    this.#closeStranger(idlest, 'its place is needed, and its host has the most');
    return true;
  }

  #closeStranger(connection: Connection, reason: string): void {
    connection.destroy();
    this.lost(connection, 'SIP_OVERLOADED', reason);
  }

  /** More is held than all may hold together, unless much has left meanwhile: those that hold the most are closed. */
  #lookAtHeld(): void {
    this.#looking = false;
    if (this.#destroyed !== undefined) return;
    const peers = [...this.#strangers.all, ...this.#unproven.all, ...this.#closing];
    for (const connection of [...peers, ...this.#flowOf.keys()]) connection.tellHeld();
    if (this.#heldSize > connectionsHeldMax) {
      for (const connection of inOrderOfClosing(peers)) {
        if (this.#heldSize <= connectionsHeldMax / 2) break;
        if (this.#closing.delete(connection)) connection.destroy();
        else this.#closeStranger(connection, `all connections together hold more than ${connectionsHeldMax} octets`);
      }
    }
    this.#lookAtSize = Math.max(connectionsHeldMax, this.#heldSize + connectionsHeldMax / 8);
  }

  #turnedAway({ remote }: Connection, code: TransportFailure, reason: string): void {
    this.#listener.turnedAway(remote, code, `${this.#path(remote)}: ${reason}`);
  }

  #path(remote: Address): string {
    return `${this.local.protocol} ${endpointText(this.local)} to ${endpointText(remote)}`;
  }

  async #close(): Promise<void> {
    for (const dial of this.#dials.values()) dial.cancel();
    this.#dials.clear();
    for (const connections of [this.#flowOf.keys(), this.#unproven.all, this.#closing.keys()]) {
      for (const connection of [...connections]) connection.destroy();
    }
    await this.#source.close();
  }
}
