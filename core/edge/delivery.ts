import type { Address, FlowId, Outlet, RandomSource } from '../contract.ts';
import { emptyAddress, isStream, setAddress } from './address-octets.ts';
import type { Clients } from './clients.ts';
import type { EdgeCounters } from './counters.ts';
import type { EdgeEvent } from './event.ts';
import { connectedMax, peerMax, waitingMax } from './limits.ts';
import { type Peer, Peers } from './peers.ts';

/** A lost peer is tried again so much later, with one request at a time. */
const retryIntervalMs = 1000;

/**
 * Peers and their flows: who sent something, how to send something to whom, and who cannot be reached.
 *
 * By UDP a peer is lost when its flow is: that is what ECONNREFUSED tells, so whom requests go to and is known gets a connected
 * socket. It is back as soon as anything comes from it. By a stream, who opened the connection is lost with it, for good: from
 * another connection it is another peer. Where we opened it, its loss says nothing: the next message opens another, and only
 * when none can be opened the peer is lost.
 *
 * While a peer is lost one request a second is let through to try it, with its retransmissions; there are no probes of our own,
 * and so no timers. What waited for a flow that does not come is given back.
 */
export class Delivery {
  nowMs = 0;
  readonly #outlet: Outlet;
  readonly #counters: EdgeCounters;
  readonly #emit: (event: EdgeEvent) => void;
  readonly #undelivered: (bytes: Uint8Array) => void;
  readonly #peers: Peers;
  readonly #byFlow = new Map<FlowId, Peer>();
  readonly #byOpenId = new Map<number, Peer>();
  readonly #octets: Uint8Array = emptyAddress();
  #clients: Clients;
  #openIds = 0;
  #connected = 0;
  #waiting = 0;

  constructor(options: {
    readonly random: RandomSource;
    readonly clients: Clients;
    readonly outlet: Outlet;
    readonly counters: EdgeCounters;
    readonly emit: (event: EdgeEvent) => void;
    /** Gets back what waited for a flow that does not come. */
    readonly undelivered: (bytes: Uint8Array) => void;
  }) {
    this.#outlet = options.outlet;
    this.#counters = options.counters;
    this.#emit = options.emit;
    this.#undelivered = options.undelivered;
    this.#clients = options.clients;
    this.#peers = new Peers({
      random: options.random,
      max: peerMax,
      isKnown: (octets) => this.#clients.has(octets),
      evicted: (peer) => this.#release(peer),
    });
  }

  /** Replaces the list of who is known. */
  list(clients: Clients): void {
    this.#clients = clients;
    for (const peer of this.#peers.all) peer.known = clients.has(peer.octets);
  }

  /** The peer that sent something by `flow`: it is alive. */
  heard(flow: FlowId): Peer | undefined {
    const peer = this.#byFlow.get(flow);
    if (peer === undefined) return undefined;
    peer.used = true;
    if (peer.lost) this.#return(peer);
    return peer;
  }

  /** Where a flow leads. */
  addressOf(flow: FlowId): Address | undefined {
    return this.#byFlow.get(flow)?.address;
  }

  /** The peer at an address, known of or not. */
  at(octets: Uint8Array): Peer {
    return this.#peers.at(octets);
  }

  /** The peer at an address, if it is known of. */
  find(octets: Uint8Array): Peer | undefined {
    return this.#peers.find(octets);
  }

  /** May a request with this branch be sent to `peer`? Not while it is lost, unless the request tries it. */
  takes(peer: Peer, branch: Uint8Array): boolean {
    if (!peer.lost) return true;
    if (peer.inbound) return false;
    if (isStream(peer.octets) && peer.openId !== 0) return true; // it shares the fate of the one that tries
    if (this.nowMs < peer.retryAtMs) return peer.trial !== undefined && isSame(peer.trial, branch);
    peer.retryAtMs = this.nowMs + retryIntervalMs;
    peer.trial = branch.slice();
    return true;
  }

  /** Sends a request: whoever gets them is worth a socket of its own, when it is known. */
  sendRequest(peer: Peer, bytes: Uint8Array): void {
    if (peer.flow !== undefined && this.#deservesSocket(peer) && peer.openId === 0) this.#open(peer);
    this.send(peer, bytes);
  }

  /** Sends a message, or lets it wait for a flow. */
  send(peer: Peer, bytes: Uint8Array): void {
    if (peer.flow !== undefined) {
      this.#outlet.send(peer.flow, bytes);
      return;
    }
    if (this.#waiting >= waitingMax) {
      this.#counters.shed++;
      return;
    }
    peer.waiting ??= [];
    peer.waiting.push(bytes);
    this.#waiting++;
    if (peer.openId === 0) this.#open(peer);
  }

  flowOpened(flow: FlowId, remote: Address, openId: number | undefined): void {
    if (!setAddress(this.#octets, remote)) return;
    const peer = this.#peers.at(this.#octets);
    peer.address = remote;
    peer.flow = flow;
    this.#byFlow.set(flow, peer);
    if (openId !== undefined) this.#opened(openId);
    if (isStream(peer.octets)) {
      peer.inbound = openId === undefined;
      if (peer.lost) this.#return(peer);
    }
    const { waiting } = peer;
    if (waiting === undefined) return;
    peer.waiting = undefined;
    this.#waiting -= waiting.length;
    for (const bytes of waiting) this.#outlet.send(flow, bytes);
  }

  openFailed(openId: number): void {
    const peer = this.#opened(openId);
    // A flow that is there goes on without a socket of its own.
    if (peer === undefined || peer.flow !== undefined) return;
    this.#lose(peer);
  }

  /** The flow is gone: lost, or `idle` and only forgotten. */
  flowLost(flow: FlowId, idle: boolean): void {
    const peer = this.#byFlow.get(flow);
    this.#byFlow.delete(flow);
    if (peer === undefined || peer.flow !== flow) return;
    peer.flow = undefined;
    if (isStream(peer.octets)) {
      if (peer.inbound) this.#lose(peer);
    } else if (!idle) this.#lose(peer);
    else if (!peer.lost && peer.openId === 0) this.#forget(peer);
  }

  /** Clears what was asked for by this id, and gives whose it was. */
  #opened(openId: number): Peer | undefined {
    const peer = this.#byOpenId.get(openId);
    this.#byOpenId.delete(openId);
    if (peer?.openId === openId) peer.openId = 0;
    return peer;
  }

  #deservesSocket(peer: Peer): boolean {
    return peer.known && !peer.connected && !isStream(peer.octets) && this.#connected < connectedMax;
  }

  #open(peer: Peer): void {
    if (this.#deservesSocket(peer)) {
      peer.connected = true;
      this.#connected++;
    }
    peer.openId = ++this.#openIds;
    this.#byOpenId.set(peer.openId, peer);
    this.#outlet.open(peer.openId, peer.address, peer.connected);
  }

  #lose(peer: Peer): void {
    const { waiting } = peer;
    this.#disconnect(peer);
    this.#clearWaiting(peer);
    peer.retryAtMs = this.nowMs + retryIntervalMs;
    peer.trial = undefined;
    if (!peer.lost) {
      peer.lost = true;
      if (peer.known) this.#emit({ kind: 'destination-lost', address: peer.address });
    }
    for (const bytes of waiting ?? []) this.#undelivered(bytes);
  }

  #return(peer: Peer): void {
    peer.lost = false;
    peer.trial = undefined;
    if (peer.known) this.#emit({ kind: 'destination-returned', address: peer.address });
  }

  #forget(peer: Peer): void {
    this.#peers.remove(peer);
    this.#release(peer);
  }

  #release(peer: Peer): void {
    this.#disconnect(peer);
    this.#counters.shed += this.#clearWaiting(peer);
    this.#byOpenId.delete(peer.openId);
    if (peer.flow === undefined) return;
    this.#byFlow.delete(peer.flow);
    this.#outlet.close(peer.flow);
  }

  #disconnect(peer: Peer): void {
    if (peer.connected) this.#connected--;
    peer.connected = false;
  }

  /** Gives how many there were. */
  #clearWaiting(peer: Peer): number {
    const count = peer.waiting?.length ?? 0;
    peer.waiting = undefined;
    this.#waiting -= count;
    return count;
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
