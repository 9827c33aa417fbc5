import type { MessagePort } from 'node:worker_threads';
import type { FlowId } from '../contract.ts';
import { RingReader, RingWriter } from './ring.ts';

/** What crosses from one shard to another. */
export const Crossing = {
  /** A datagram that was read for another shard. */
  datagram: 1,
  /** Nothing listens at a remote of ours: the one port that we share has been told so in one of us alone. */
  unreachable: 2,
  /** A message that came by a stream of the sender's, with the remote of that. */
  message: 3,
  flowLost: 5,
  /** A message that goes out by a stream of the receiver's. */
  send: 6,
  /** The sender has done with that stream. */
  forget: 7,
} as const;
export type Crossing = (typeof Crossing)[keyof typeof Crossing];

/** What crosses, beside its kind: fields that a kind has no use for are 0 and empty. */
export interface Cargo {
  /** Number of the transport in the stack's list. */
  readonly transport: number;
  readonly flow: FlowId;
  readonly host: string;
  readonly port: number;
  readonly bytes: Uint8Array;
}

/** The way between two shards, as one of them has it. */
export interface Link {
  /** Its ring to the other. */
  readonly out: SharedArrayBuffer;
  readonly in: SharedArrayBuffer;
  /** Either side is woken by it. */
  readonly bell: MessagePort;
}

/** Hears what comes from other shards. `cargo` is its own to keep. */
export interface NeighbourUser {
  crossed(from: number, kind: Crossing, cargo: Cargo): void;
}

/** kind, transport, port, flow, size of the host. */
const headSize = 9;

/** So many records are taken from one neighbour before sockets and timers have their turn. */
const takenPerTurn = 1024;

/** Octets that wait in this thread for room in one ring, beyond those that may be shed: what a stream must not lose. */
const heldMax = 16 * 1024 * 1024;

/** What is held is tried again so often. */
const againAfterMs = 1;

interface Held {
  readonly kind: Crossing;
  readonly cargo: Cargo;
}

/** One other shard. */
class Neighbour {
  readonly writer: RingWriter;
  readonly reader: RingReader;
  readonly bell: MessagePort;
  held: Held[] = [];
  heldSize = 0;

  constructor(link: Link) {
    this.writer = new RingWriter(link.out);
    this.reader = new RingReader(link.in);
    this.bell = link.bell;
  }
}

/** The other shards of a stack, as one of them reaches them: rings in shared memory, and a bell for who sleeps. */
export class Neighbours {
  readonly #neighbours: (Neighbour | undefined)[] = [];
  readonly #user: NeighbourUser;
  readonly #defer: (callback: () => void) => void;
  readonly #later: (ms: number, callback: () => void) => void;
  #closed = false;

  constructor(options: {
    readonly user: NeighbourUser;
    readonly defer: (callback: () => void) => void;
    readonly later: (ms: number, callback: () => void) => void;
  }) {
    this.#user = options.user;
    this.#defer = options.defer;
    this.#later = options.later;
  }

  /** A shard is there, perhaps in the place of one that is gone: what was held for that is dropped. */
  connect(shard: number, link: Link): void {
    this.disconnect(shard);
    const neighbour = new Neighbour(link);
    this.#neighbours[shard] = neighbour;
    link.bell.on('message', () => this.#listen(shard, neighbour));
    this.#listen(shard, neighbour);
  }

  /** A shard is gone. */
  disconnect(shard: number): void {
    this.#neighbours[shard]?.bell.close();
    this.#neighbours[shard] = undefined;
  }

  /** Sends what may be lost; false when there is no room for it. */
  offer(shard: number, kind: Crossing, cargo: Cargo): boolean {
    const neighbour = this.#neighbours[shard];
    return neighbour !== undefined && neighbour.held.length === 0 && this.#put(neighbour, kind, cargo);
  }

  /** Sends what must not be lost: it waits for room, in its order. False when too much waits already, or the shard is gone. */
  send(shard: number, kind: Crossing, cargo: Cargo): boolean {
    const neighbour = this.#neighbours[shard];
    if (neighbour === undefined) return false;
    if (neighbour.held.length === 0 && this.#put(neighbour, kind, cargo)) return true;
    if (neighbour.heldSize > heldMax) return false;
    neighbour.held.push({ kind, cargo });
    neighbour.heldSize += cargo.bytes.length;
    if (neighbour.held.length === 1) this.#retryLater(shard, neighbour);
    return true;
  }

  /** The numbers of those that are there. */
  *[Symbol.iterator](): Iterator<number> {
    for (const [shard, neighbour] of this.#neighbours.entries()) if (neighbour !== undefined) yield shard;
  }

  close(): void {
    this.#closed = true;
    for (const shard of this.#neighbours.keys()) this.disconnect(shard);
  }

  /** The bell rings when what this turn has for the neighbour is there: it would fall asleep again behind each single record. */
  #put(neighbour: Neighbour, kind: Crossing, cargo: Cargo): boolean {
    const { writer, bell } = neighbour;
    if (!write(writer, kind, cargo)) return false;
    if (writer.publish()) this.#defer(() => bell.postMessage(0));
    return true;
  }

  #retryLater(shard: number, neighbour: Neighbour): void {
    this.#later(againAfterMs, () => {
      if (this.#neighbours[shard] !== neighbour) return;
      let sent = 0;
      for (const { kind, cargo } of neighbour.held) {
        if (!this.#put(neighbour, kind, cargo)) break;
        neighbour.heldSize -= cargo.bytes.length;
        sent++;
      }
      neighbour.held.splice(0, sent);
      if (neighbour.held.length > 0) this.#retryLater(shard, neighbour);
    });
  }

  #listen(shard: number, neighbour: Neighbour): void {
    if (this.#closed || this.#neighbours[shard] !== neighbour) return;
    const { reader } = neighbour;
    for (let taken = 0; taken < takenPerTurn && reader.next(); taken++) this.#take(shard, reader);
    reader.release();
    if (!reader.sleep()) this.#defer(() => this.#listen(shard, neighbour));
  }

  #take(shard: number, { bytes, start, end }: RingReader): void {
    const kind = bytes[start] as Crossing;
    const hostStart = start + headSize;
    const contentStart = hostStart + (bytes[start + 8] as number);
    this.#user.crossed(shard, kind, {
      transport: bytes[start + 1] as number,
      port: (bytes[start + 2] as number) | ((bytes[start + 3] as number) << 8),
      flow: ((bytes[start + 4] as number) |
        ((bytes[start + 5] as number) << 8) |
        ((bytes[start + 6] as number) << 16) |
        ((bytes[start + 7] as number) << 24)) as FlowId,
      host: textOf(bytes, hostStart, contentStart),
      bytes: bytes.slice(contentStart, end),
    });
  }
}

/** False where there is no room. */
function write(writer: RingWriter, kind: Crossing, { transport, flow, host, port, bytes: content }: Cargo): boolean {
  const start = writer.claim(headSize + host.length + content.length);
  if (start === -1) return false;
  const { bytes } = writer;
  bytes[start] = kind;
  bytes[start + 1] = transport;
  bytes[start + 2] = port;
  bytes[start + 3] = port >>> 8;
  bytes[start + 4] = flow;
  bytes[start + 5] = flow >>> 8;
  bytes[start + 6] = flow >>> 16;
  bytes[start + 7] = flow >>> 24;
  bytes[start + 8] = host.length;
  let at = start + headSize;
  for (let i = 0; i < host.length; i++) bytes[at++] = host.charCodeAt(i);
  bytes.set(content, at);
  return true;
}

/** A numeric host: ASCII. */
function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] as number);
  return text;
}
