import type { OpenTransport, TransportFailure, FlowId as TransportFlowId } from '../../transport/contract.ts';
import { flowShard } from '../../transport/flows.ts';
import type { Address, Failure, FlowId, Input } from '../contract.ts';
import type { Addressee } from './addressee.ts';
import { type Cargo, Crossing, Neighbours, type NeighbourUser } from './neighbours.ts';

/** What messages of other shards pass through, on a port that several share. */
export interface Passage {
  /** Messages dropped for want of room. */
  readonly shed: number;
  /** What the shard has opened, in the stack's order. */
  attach(ground: Ground): void;
  flowOpened(transport: number, flow: FlowId, remote: Address): void;
  flowLost(transport: number, flow: FlowId, failure: Failure): void;
  /** Takes a message that came in here when it is another shard's. */
  takes(transport: number, flow: FlowId, bytes: Uint8Array): boolean;
  /** Sends by a stream of another shard's. */
  send(flow: FlowId, bytes: Uint8Array): void;
  /** A flow is closed: one of our own, or another shard's stream that is not wanted any more. */
  close(flow: FlowId): void;
}

/** The shard that a passage belongs to. */
export interface Ground {
  readonly transports: readonly OpenTransport[];
  put(input: Input<never>): void;
  /** Sends by a flow of its own; false when it is gone. */
  send(flow: FlowId, bytes: Uint8Array): boolean;
}

const nothing = new Uint8Array(0);
const noFlow = 0 as FlowId;

/**
 * What a shard hands over to others, and takes from them. A datagram is handed over with its source, for each shard has its own flow to
 * that on the one port; a stream stays where it was accepted or opened, and others use it from afar.
 */
export class Exchange implements Passage, NeighbourUser {
  readonly #own: number;
  readonly #addressee: Addressee;
  readonly #neighbours: Neighbours;
  #ground: Ground | undefined;
  /** Where our own flows lead. */
  readonly #remotes = new Map<FlowId, Address>();
  /** Of our streams: which shards know of them, a bit each. */
  readonly #known = new Map<FlowId, number>();
  /** Streams of other shards that we know of. */
  readonly #foreign = new Set<FlowId>();
  /** What is being delivered has been found to be ours. */
  #delivering = false;
  #shed = 0;

  constructor(options: {
    readonly own: number;
    readonly addressee: Addressee;
    readonly defer: (callback: () => void) => void;
    readonly later: (ms: number, callback: () => void) => void;
  }) {
    this.#own = options.own;
    this.#addressee = options.addressee;
    this.#neighbours = new Neighbours({ ...options, user: this });
  }

  get neighbours(): Neighbours {
    return this.#neighbours;
  }

  get shed(): number {
    return this.#shed;
  }

  attach(ground: Ground): void {
    this.#ground = ground;
  }

  flowOpened(_transport: number, flow: FlowId, remote: Address): void {
    this.#remotes.set(flow, remote);
  }

  flowLost(transport: number, flow: FlowId, failure: Failure): void {
    const remote = this.#remotes.get(flow);
    this.#remotes.delete(flow);
    const known = this.#known.get(flow) ?? 0;
    this.#known.delete(flow);
    const isRefused = failure.code === 'SIP_FLOW_REFUSED' && remote?.protocol === 'udp' && !this.#delivering;
    if (!isRefused && known === 0) return;
    const { host, port } = remote ?? { host: '', port: 0 };
    const cargo: Cargo = { transport, flow, host, port, bytes: encoder.encode(JSON.stringify(failure)) };
    for (const shard of this.#neighbours) {
      if (isRefused) this.#neighbours.send(shard, Crossing.unreachable, cargo);
      else if ((known & (1 << shard)) !== 0) this.#neighbours.send(shard, Crossing.flowLost, cargo);
    }
  }

  takes(transport: number, flow: FlowId, bytes: Uint8Array): boolean {
    if (this.#delivering) return false;
    const owner = this.#addressee.of(bytes);
    if (owner === this.#own) return false;
    const remote = this.#remotes.get(flow);
    const isTaken = remote !== undefined && this.#hand(owner, transport, flow, remote, bytes);
    if (!isTaken) {
      this.#shed++;
      this.#ground?.put({ kind: 'message-shed', flow, bytes });
    }
    return true;
  }

  send(flow: FlowId, bytes: Uint8Array): void {
    const shard = shardOf(flow);
    if (shard === this.#own) return; // it has just been lost
    if (this.#foreign.has(flow) && this.#neighbours.send(shard, Crossing.send, cargoOf(flow, bytes))) return;
    this.#shed++;
    // A stream must not lose a message in silence.
    this.#loseForeign(flow, 'SIP_FLOW_CONGESTED', 'its shard takes no more');
  }

  close(flow: FlowId): void {
    if (this.#foreign.delete(flow)) this.#neighbours.send(shardOf(flow), Crossing.forget, cargoOf(flow, nothing));
    else this.flowLost(0, flow, { code: 'SIP_FLOW_LOST', message: 'its shard has closed it' });
  }

  /** A shard is gone, and its streams with it. */
  shardLost(shard: number): void {
    this.#neighbours.disconnect(shard);
    for (const flow of [...this.#foreign]) {
      if (shardOf(flow) === shard) this.#loseForeign(flow, 'SIP_FLOW_LOST', 'its shard is lost');
    }
    for (const [flow, known] of this.#known) this.#known.set(flow, known & ~(1 << shard));
  }

  crossed(from: number, kind: Crossing, cargo: Cargo): void {
    const ground = this.#ground;
    const transport = ground?.transports[cargo.transport];
    if (ground === undefined || transport === undefined) return;
    const { flow, host, port, bytes } = cargo;
    const remote = { ...transport.local, host, port };
    this.#delivering = true;
    try {
      switch (kind) {
        case Crossing.datagram:
          transport.sharing?.received(bytes, remote);
          break;
        case Crossing.unreachable: {
          const { code, message } = failureOf(bytes);
          transport.sharing?.unreachable(remote, code as TransportFailure, message);
          break;
        }
        case Crossing.message:
          if (!this.#foreign.has(flow)) ground.put({ kind: 'flow-open', flow, remote, openId: undefined });
          this.#foreign.add(flow);
          ground.put({ kind: 'message', flow, bytes });
          break;
        case Crossing.flowLost:
          if (this.#foreign.delete(flow)) ground.put({ kind: 'flow-lost', flow, failure: failureOf(bytes) });
          break;
        case Crossing.send:
          if (!ground.send(flow, bytes)) this.#neighbours.send(from, Crossing.flowLost, cargoOf(flow, goneText));
          break;
        case Crossing.forget:
          this.#known.set(flow, (this.#known.get(flow) ?? 0) & ~(1 << from));
          break;
      }
    } finally {
      this.#delivering = false;
    }
  }

  #hand(owner: number, transport: number, flow: FlowId, remote: Address, bytes: Uint8Array): boolean {
    const { host, port, protocol } = remote;
    if (protocol === 'udp') {
      return this.#neighbours.offer(owner, Crossing.datagram, { transport, flow: noFlow, host, port, bytes });
    }
    this.#known.set(flow, (this.#known.get(flow) ?? 0) | (1 << owner));
    return this.#neighbours.send(owner, Crossing.message, { transport, flow, host, port, bytes });
  }

  #loseForeign(flow: FlowId, code: 'SIP_FLOW_LOST' | 'SIP_FLOW_CONGESTED', message: string): void {
    if (this.#foreign.delete(flow)) this.#ground?.put({ kind: 'flow-lost', flow, failure: { code, message } });
  }
}

const encoder = new TextEncoder();
/** For who still sends by a stream that is gone. */
const goneText = encoder.encode(JSON.stringify({ code: 'SIP_FLOW_LOST', message: 'its connection is gone' }));
const decoder = new TextDecoder();

function failureOf(bytes: Uint8Array): Failure {
  return JSON.parse(decoder.decode(bytes)) as Failure;
}

function cargoOf(flow: FlowId, bytes: Uint8Array): Cargo {
  return { transport: 0, flow, host: '', port: 0, bytes };
}

function shardOf(flow: FlowId): number {
  return flowShard(flow as number as TransportFlowId);
}
