import { canonicalHost, type Endpoint, endpointKey, familyOf, isPort, shown } from './address.ts';
import { portInUse } from './bind.ts';
import {
  type Address,
  type Clock,
  type OpenTransport,
  type Protocol,
  type Transport,
  type TransportContext,
  TransportError,
  type TransportListener,
} from './contract.ts';
import { Heap, type HeapEntry } from './heap.ts';
import { datagramLogMax, pausedBufferSize } from './limits.ts';
import { type MemoryFlow, MemorySocket, type Wire } from './memory-socket.ts';
import { MemoryPort, type StreamWire } from './memory-stream.ts';
import { SeededRandom } from './random.ts';

/** How the network treats every datagram. Chances are 0 to 1; everything is 0 by default. */
export interface NetworkConditions {
  /** One-way delay. */
  readonly delayMs: number;
  /** Each datagram takes up to so much longer. Datagrams of one pair still keep their order. */
  readonly jitterMs: number;
  readonly loss: number;
  readonly duplication: number;
  /** Chance that a datagram is held back, by up to `delayMs + jitterMs + 1`, and that later ones overtake it. */
  readonly reordering: number;
  /**
   * Chance that what is written to a stream at once is cut at some octet, and comes in two pieces. Streams lose, repeat and
   * reorder nothing: what is lost comes again 200 ms later, and holds up what is behind it. Pieces that arrive at the same
   * instant come as one.
   */
  readonly cutting: number;
  /** Chance that a datagram arrives without its end: with one octet at least. Streams lose none. */
  readonly truncation: number;
}

/**
 * What became of a datagram: `delivered`; `lost` by chance, or with the buffer of a paused
 * address that was killed; `partitioned`; `refused` because nothing is bound there;
 * `overflowed` at a paused address whose buffer was full; `stopped` because its sender is paused.
 */
export type Fate = 'delivered' | 'lost' | 'partitioned' | 'refused' | 'overflowed' | 'stopped';

/**
 * One datagram, or one copy of a duplicated one, and its fate. A message on a stream is told as well, when it has arrived
 * as a whole, with the addresses at which its two ends listen.
 */
export interface Datagram {
  readonly protocol: Protocol;
  readonly sentAtMs: number;
  /** When its fate was decided. */
  readonly atMs: number;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly bytes: Uint8Array;
  readonly fate: Fate;
}

/** What a network in memory is made of, and how it treats datagrams from the start. */
export interface MemoryNetworkOptions extends Partial<NetworkConditions> {
  readonly clock: Clock;
  /** The same seed and the same calls give the same log. */
  readonly seed: number;
  /** Sees every datagram as its fate is decided. */
  readonly onDatagram?: (datagram: Datagram) => void;
}

/** A network in memory: UDP and TCP between addresses of its own, with faults that one seed decides. */
export interface MemoryNetwork {
  /** A transport for one address. Port 0 takes any free one; there is no wildcard host. */
  udp(options: Endpoint): Transport;
  /**
   * The same over streams. Its connections count as the address's own, whatever their ports: partitions, pauses and resets
   * that name it concern them.
   */
  tcp(options: Endpoint): Transport;
  /** Changes the conditions for what is sent from now on. */
  change(conditions: Partial<NetworkConditions>): void;
  /** Silences two addresses to each other, both ways, for what is under way as well. What streams carry waits for `heal`. */
  partition(one: Endpoint, other: Endpoint): void;
  heal(one: Endpoint, other: Endpoint): void;
  /**
   * Kills what is bound there: it hears and sends nothing more. Connected flows to it are refused, others meet silence;
   * streams are closed.
   */
  kill(address: Endpoint): void;
  /** Breaks every connection between two addresses; both ends hear of it, and may connect anew. */
  reset(one: Endpoint, other: Endpoint): void;
  /** Stops an address as SIGSTOP does: what it is sent waits in a bounded buffer, what it sends does not leave. */
  pause(address: Endpoint): void;
  /** Lets a paused address go on; what has waited is delivered first. */
  resume(address: Endpoint): void;
  /** The newest 10,000 datagrams or more, in the order in which their fates were decided. */
  readonly log: readonly Datagram[];
}

/** Makes a network in memory, with nothing bound. Throws a `TransportError` SIP_USAGE without a clock and a seed. */
export function memoryNetwork(options: MemoryNetworkOptions): MemoryNetwork {
  const { clock, seed } = options ?? {};
  if (typeof clock !== 'object' || clock === null)
    throw new TransportError('SIP_USAGE', `memoryNetwork(): clock must be a Clock, not ${shown(clock)}`);
  if (typeof seed !== 'number' || !Number.isFinite(seed))
    throw new TransportError('SIP_USAGE', `memoryNetwork(): seed must be a number, not ${shown(seed)}`);
  return new SimulatedNetwork(options);
}

/** Something under way: a datagram, or the word that one was refused, on its way back. */
interface Contents {
  readonly kind: 'datagram' | 'refusal';
  readonly sender: MemorySocket;
  readonly flow: MemoryFlow;
  readonly bytes: Uint8Array;
  readonly sentAtMs: number;
}

interface Passage extends Contents, HeapEntry {}

/** What waits at a paused address. */
interface Backlog {
  readonly passages: Passage[];
  size: number;
}

const calm: NetworkConditions = {
  delayMs: 0,
  jitterMs: 0,
  loss: 0,
  duplication: 0,
  reordering: 0,
  cutting: 0,
  truncation: 0,
};
const firstFreePort = 49_152;
/** A lost segment comes again after so long: Linux's least. It doubles with each further loss, so often at most. */
const retransmissionMs = 200;
const retransmissionsMax = 8;
const chunkSize = 64 * 1024;

class SimulatedNetwork implements MemoryNetwork, Wire {
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #onDatagram: ((datagram: Datagram) => void) | undefined;
  readonly #bound = new Map<string, MemorySocket>();
  readonly #paused = new Map<string, Backlog>();
  readonly #partitions = new Set<string>();
  readonly #underWay = new Heap<Passage>();
  readonly #log: Datagram[] = [];
  readonly #ports = new Map<string, MemoryPort>();
  readonly #streams: StreamWire;
  #streamPorts = 0;
  #conditions: NetworkConditions;
  #passages = 0;
  #chunk = new Uint8Array(0);
  #chunkUsed = 0;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #cancelWake: (() => void) | undefined;

  constructor(options: MemoryNetworkOptions) {
    const { clock, seed, onDatagram, ...conditions } = options;
    this.#clock = clock;
    this.#random = new SeededRandom(seed);
    this.#onDatagram = onDatagram;
    this.#conditions = { ...calm, ...conditions };
    this.#streams = this.#streamWire();
  }

  get log(): readonly Datagram[] {
    return this.#log;
  }

  udp(options: Endpoint): Transport {
    const { host, port } = options ?? {};
    if (familyOf(host) === undefined || (port !== 0 && !isPort(port)))
      throw new TransportError('SIP_USAGE', `memory udp(): no such address: ${shown(host)} ${shown(port)}`);
    return { protocol: 'udp', open: async (listener, context) => this.#bind({ host, port }, listener, context) };
  }

  tcp(options: Endpoint): Transport {
    const { host, port } = options ?? {};
    if (familyOf(host) === undefined || (port !== 0 && !isPort(port)))
      throw new TransportError('SIP_USAGE', `memory tcp(): no such address: ${shown(host)} ${shown(port)}`);
    return { protocol: 'tcp', open: async (listener, context) => this.#listen({ host, port }, listener, context) };
  }

  change(conditions: Partial<NetworkConditions>): void {
    this.#conditions = { ...this.#conditions, ...conditions };
  }

  partition(one: Endpoint, other: Endpoint): void {
    this.#partitions.add(pairKey(keyOf(one), keyOf(other)));
  }

  heal(one: Endpoint, other: Endpoint): void {
    this.#partitions.delete(pairKey(keyOf(one), keyOf(other)));
    this.#ports.get(keyOf(one))?.goOn();
    this.#ports.get(keyOf(other))?.goOn();
  }

  kill(address: Endpoint): void {
    this.#bound.get(keyOf(address))?.die();
    this.#ports.get(keyOf(address))?.die();
  }

  reset(one: Endpoint, other: Endpoint): void {
    const port = this.#ports.get(keyOf(one));
    const otherPort = this.#ports.get(keyOf(other));
    if (port !== undefined && otherPort !== undefined) port.reset(otherPort);
  }

  pause(address: Endpoint): void {
    const key = keyOf(address);
    if (!this.#paused.has(key)) this.#paused.set(key, { passages: [], size: 0 });
  }

  resume(address: Endpoint): void {
    const backlog = this.#paused.get(keyOf(address));
    this.#paused.delete(keyOf(address));
    // With the instant at which it arrived, now past, it comes before whatever arrives now.
    for (const passage of backlog?.passages ?? []) this.#underWay.push(passage);
    this.#arm();
    this.#ports.get(keyOf(address))?.goOn();
  }

  transmit(sender: MemorySocket, flow: MemoryFlow, bytes: Uint8Array): void {
    const nowMs = this.#clock.nowMs();
    const { delayMs, jitterMs, loss, duplication, reordering, truncation } = this.#conditions;
    // Each datagram draws the same number of times, so that changing one condition leaves the others' dice alone.
    const random = this.#random;
    const isLost = random.fraction() < loss;
    const isDuplicated = random.fraction() < duplication;
    const isHeldBack = random.fraction() < reordering;
    const arrivalMs = nowMs + delayMs + random.fraction() * jitterMs;
    const copyArrivalMs = nowMs + delayMs + random.fraction() * jitterMs;
    const heldBackMs = random.fraction() * (delayMs + jitterMs + 1);
    const arriving = truncated(bytes, truncation, random.fraction());

    const passage: Contents = { kind: 'datagram', sender, flow, bytes: this.#copy(arriving), sentAtMs: nowMs };
    if (this.#paused.has(sender.key)) this.#note(passage, 'stopped');
    else if (this.#isCut(passage)) this.#note(passage, 'partitioned');
    else if (isLost) this.#note(passage, 'lost');
    else {
      if (isHeldBack) this.#dispatch(passage, arrivalMs + heldBackMs);
      else this.#dispatch(passage, inOrder(passage, arrivalMs));
      if (isDuplicated) this.#dispatch(passage, inOrder(passage, copyArrivalMs));
    }
  }

  release(socket: MemorySocket): void {
    const { key } = socket;
    this.#bound.delete(key);
    // A dead process takes its receive buffer with it, and nobody is told.
    const backlog = this.#paused.get(key);
    this.#paused.delete(key);
    for (const passage of backlog?.passages ?? []) this.#note(passage, 'lost');
  }

  #bind(endpoint: Endpoint, listener: TransportListener, context: TransportContext): OpenTransport {
    const host = canonicalHost(endpoint.host);
    const port = endpoint.port === 0 ? this.#freePort(host) : endpoint.port;
    const local: Address = { protocol: 'udp', host, port };
    if (this.#bound.has(endpointKey(host, port))) throw portInUse('udp', local);
    const socket = new MemorySocket(local, this, listener, context);
    this.#bound.set(socket.key, socket);
    return socket;
  }

  #listen(endpoint: Endpoint, listener: TransportListener, context: TransportContext): OpenTransport {
    const host = canonicalHost(endpoint.host);
    const port = endpoint.port === 0 ? this.#freeStreamPort(host) : endpoint.port;
    const local: Address = { protocol: 'tcp', host, port };
    if (this.#ports.has(endpointKey(host, port))) throw portInUse('tcp', local);
    const memoryPort = new MemoryPort(local, this.#streams, listener, context);
    this.#ports.set(memoryPort.key, memoryPort);
    return memoryPort.transport;
  }

  #freeStreamPort(host: string): number {
    for (;;) {
      const port = firstFreePort + (this.#streamPorts++ % (65_536 - firstFreePort));
      if (!this.#ports.has(endpointKey(host, port))) return port;
    }
  }

  #streamWire(): StreamWire {
    const conditions = (): NetworkConditions => this.#conditions;
    const random = (): number => this.#random.fraction();
    return {
      clock: this.#clock,
      get delayMs() {
        return conditions().delayMs;
      },
      transitMs: () => {
        const { delayMs, jitterMs, loss } = this.#conditions;
        let ms = delayMs + random() * jitterMs;
        for (let losses = 0; losses < retransmissionsMax && random() < loss; losses++)
          ms += retransmissionMs * 2 ** losses;
        return ms;
      },
      cutAt: (size) => {
        const isCut = random() < this.#conditions.cutting;
        const share = random();
        return isCut ? 1 + Math.floor(share * (size - 1)) : size;
      },
      isCut: (oneKey, otherKey) => this.#partitions.size > 0 && this.#partitions.has(pairKey(oneKey, otherKey)),
      isPaused: (key) => this.#paused.has(key),
      listening: (key) => this.#ports.get(key),
      freePort: (host) => this.#freeStreamPort(host),
      release: (port) => {
        this.#ports.delete(port.key);
        this.#paused.delete(port.key);
      },
      arrived: (from, to, bytes, sentAtMs) => {
        const atMs = this.#clock.nowMs();
        this.#write({ protocol: 'tcp', sentAtMs, atMs, from: from.local, to: to.local, bytes, fate: 'delivered' });
      },
    };
  }

  #freePort(host: string): number {
    let port = firstFreePort;
    while (this.#bound.has(endpointKey(host, port))) port += 1;
    return port;
  }

  #dispatch(passage: Contents, atMs: number): void {
    this.#passages += 1;
    const { kind, sender, flow, bytes, sentAtMs } = passage;
    this.#underWay.push({ kind, sender, flow, bytes, sentAtMs, atMs, order: this.#passages, place: -1 });
    this.#arm();
  }

  /** One wake for all that is under way, one arrival a wake: so the order is ours on any clock, and promises settle between. */
  #arm(): void {
    const first = this.#underWay.first;
    if (first === undefined || first.atMs >= this.#wakeAtMs) return;
    this.#cancelWake?.();
    this.#wakeAtMs = first.atMs;
    this.#cancelWake = this.#clock.wake(first.atMs, () => {
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.#cancelWake = undefined;
      const passage = this.#underWay.pop();
      this.#arm();
      if (passage !== undefined) this.#arrive(passage);
    });
  }

  #arrive(passage: Passage): void {
    const { kind, sender, flow } = passage;
    const destination = kind === 'datagram' ? flow.key : sender.key;
    const backlog = this.#paused.get(destination);
    if (this.#isCut(passage)) this.#note(passage, 'partitioned');
    else if (backlog !== undefined) this.#wait(passage, backlog);
    else if (kind === 'refusal') sender.refused(flow);
    else this.#deliver(passage);
  }

  #wait(passage: Passage, backlog: Backlog): void {
    if (backlog.size + passage.bytes.length > pausedBufferSize) {
      this.#note(passage, 'overflowed');
      return;
    }
    backlog.size += passage.bytes.length;
    backlog.passages.push(passage);
  }

  #deliver(passage: Passage): void {
    const { sender, flow, bytes } = passage;
    const receiver = this.#bound.get(flow.key);
    this.#note(passage, receiver === undefined ? 'refused' : 'delivered');
    if (receiver !== undefined) receiver.received(bytes, sender.local);
    else if (flow.link === 'connected')
      this.#dispatch({ ...passage, kind: 'refusal' }, this.#clock.nowMs() + this.#conditions.delayMs);
  }

  /**
   * Copies as a kernel does: what the sender writes into its buffer later reaches nobody. Copies share
   * chunks, for an ArrayBuffer of its own costs a datagram ten times the copying.
   */
  #copy(bytes: Uint8Array): Uint8Array {
    if (bytes.length > this.#chunk.length - this.#chunkUsed) {
      this.#chunk = new Uint8Array(Math.max(chunkSize, bytes.length));
      this.#chunkUsed = 0;
    }
    const copy = this.#chunk.subarray(this.#chunkUsed, this.#chunkUsed + bytes.length);
    copy.set(bytes);
    this.#chunkUsed += bytes.length;
    return copy;
  }

  #isCut(passage: Contents): boolean {
    return this.#partitions.size > 0 && this.#partitions.has(pairKey(passage.sender.key, passage.flow.key));
  }

  #note(passage: Contents, fate: Fate): void {
    if (passage.kind === 'refusal') return;
    const { sentAtMs, sender, flow, bytes } = passage;
    this.#write({
      protocol: 'udp',
      sentAtMs,
      atMs: this.#clock.nowMs(),
      from: sender.local,
      to: flow.remote,
      bytes,
      fate,
    });
  }

  #write(datagram: Datagram): void {
    this.#log.push(datagram);
    if (this.#log.length >= 2 * datagramLogMax) this.#log.splice(0, datagramLogMax);
    this.#onDatagram?.(datagram);
  }
}

/** What arrives of a datagram. `share`, in [0, 1), decides whether it is all, and how much it is. */
function truncated(bytes: Uint8Array, truncation: number, share: number): Uint8Array {
  if (share >= truncation || bytes.length < 2) return bytes;
  return bytes.subarray(0, 1 + Math.floor((share / truncation) * (bytes.length - 1)));
}

/** Puts an arrival behind the pair's earlier ones. */
function inOrder(passage: Contents, atMs: number): number {
  const { latestMs } = passage.sender;
  const key = passage.flow.key;
  const inOrderMs = Math.max(atMs, latestMs.get(key) ?? 0);
  latestMs.set(key, inOrderMs);
  return inOrderMs;
}

function keyOf(endpoint: Endpoint): string {
  return endpointKey(canonicalHost(endpoint.host), endpoint.port);
}

/** The same key whichever comes first; neither part contains a bar. */
function pairKey(one: string, other: string): string {
  return one < other ? `${one}|${other}` : `${other}|${one}`;
}
