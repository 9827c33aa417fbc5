import { endpointKey } from './address.ts';
import { Connections } from './connections.ts';
import type { Address, Clock, OpenTransport, TransportContext, TransportListener } from './contract.ts';
import { Framer } from './frame.ts';
import { bodySizeMax, headSizeMax, pausedBufferSize } from './limits.ts';
import type { Dialling, Pipe, PipeSource, PipeUser } from './pipe.ts';

/** What streams must know of their network. */
export interface StreamWire {
  readonly clock: Clock;
  readonly delayMs: number;
  /** How long the next segment takes, lost ones and their retransmission included. */
  transitMs(): number;
  /** Where to cut what is written: so many octets leave at once, the rest behind them. */
  cutAt(size: number): number;
  isCut(oneKey: string, otherKey: string): boolean;
  isPaused(key: string): boolean;
  /** Who listens at an address. */
  listening(key: string): MemoryPort | undefined;
  /** An ephemeral port of a host. */
  freePort(host: string): number;
  release(port: MemoryPort): void;
  /** A whole message has arrived. */
  arrived(from: MemoryPort, to: MemoryPort, bytes: Uint8Array, sentAtMs: number): void;
}

/** A SYN that meets a partition is sent again after so long, as Linux does. */
const synAgainMs = 1_000;

/** One TCP address of a memory network: its transport, and the pipes that it has. */
export class MemoryPort implements PipeSource {
  readonly local: Address;
  readonly connectionsMax: number = Number.POSITIVE_INFINITY;
  readonly key: string;
  readonly #wire: StreamWire;
  readonly #pipes = new Set<MemoryPipe>();
  readonly #connections: Connections;
  /** Connections that the kernel took while the process was stopped. */
  #backlog: MemoryPipe[] = [];
  #state: 'open' | 'closed' = 'open';

  constructor(local: Address, wire: StreamWire, listener: TransportListener, context: TransportContext) {
    this.local = local;
    this.key = endpointKey(local.host, local.port);
    this.#wire = wire;
    this.#connections = new Connections(this, listener, context);
  }

  get transport(): OpenTransport {
    return this.#connections;
  }

  get open(): boolean {
    return this.#state === 'open';
  }

  dial(remote: Address, dialling: Dialling): () => void {
    const { clock, delayMs } = this.#wire;
    const key = endpointKey(remote.host, remote.port);
    let cancel = (): void => {};
    const after = (ms: number, then: () => void): void => {
      cancel = clock.wake(clock.nowMs() + ms, () => {
        if (this.open) then();
      });
    };
    const knock = (): void => {
      const other = this.#wire.listening(key);
      if (this.#wire.isCut(this.key, key) || this.#wire.isPaused(this.key)) after(synAgainMs, knock);
      else if (other === undefined) after(delayMs, () => dialling.failed(`connect ECONNREFUSED ${key}`));
      else {
        const pipe = this.#connect(remote, other);
        after(delayMs, () => dialling.connected(pipe));
        const cancelConnected = cancel;
        cancel = () => {
          cancelConnected();
          pipe.destroy();
        };
      }
    };
    after(delayMs, knock);
    return () => cancel();
  }

  close(): Promise<void> {
    this.die();
    return Promise.resolve();
  }

  /** Ends at once, as a killed process does: its peers find their connections closed. */
  die(): void {
    if (!this.open) return;
    this.#state = 'closed';
    this.#wire.release(this);
    void this.#connections.destroy();
    for (const pipe of [...this.#pipes]) pipe.destroy();
  }

  /** Breaks every connection to `other`. */
  reset(other: MemoryPort): void {
    for (const pipe of [...this.#pipes]) if (pipe.leadsTo(other)) pipe.reset();
  }

  /** The way may be free again: what has waited goes on. */
  goOn(): void {
    for (const pipe of this.#pipes) pipe.goOn();
    if (!this.#wire.isPaused(this.key)) for (const pipe of this.#backlog.splice(0)) this.#connections.accept(pipe);
  }

  forget(pipe: MemoryPipe): void {
    this.#pipes.delete(pipe);
  }

  #connect(remote: Address, other: MemoryPort): MemoryPipe {
    const { host } = this.local;
    const own: Address = { protocol: 'tcp', host, port: this.#wire.freePort(host) };
    const pipe = new MemoryPipe(this, remote, this.#wire);
    pipe.join(new MemoryPipe(other, own, this.#wire));
    this.#pipes.add(pipe);
    other.#accept(pipe.opposite);
    return pipe;
  }

  #accept(pipe: MemoryPipe): void {
    this.#pipes.add(pipe);
    if (this.#wire.isPaused(this.key)) this.#backlog.push(pipe);
    else this.#connections.accept(pipe);
  }
}

/** What is under way to one end of a stream: octets, or the word that the other end is closed or broken. */
interface Segment {
  readonly kind: 'octets' | 'end' | 'reset';
  readonly bytes: Uint8Array;
  readonly sentAtMs: number;
  readonly atMs: number;
}

const noBytes = new Uint8Array(0);

/** One end of a stream of the memory network: octets in order, cut and joined as the seed will have it. */
class MemoryPipe implements Pipe {
  readonly remote: Address;
  readonly #owner: MemoryPort;
  readonly #wire: StreamWire;
  /** What comes to this end, in order. */
  #segments: Segment[] = [];
  #arrivingSize = 0;
  #latestMs = 0;
  #cancelWake: (() => void) | undefined;
  #opposite: MemoryPipe | undefined;
  #user: PipeUser | undefined;
  #state: 'open' | 'ended' | 'closed' = 'open';
  /** Its user does not want to hear of what comes. */
  #paused = false;
  /** Tells the network of whole messages. */
  readonly #framer = new Framer({ headSizeMax, bodySizeMax });

  constructor(owner: MemoryPort, remote: Address, wire: StreamWire) {
    this.#owner = owner;
    this.remote = remote;
    this.#wire = wire;
  }

  get opposite(): MemoryPipe {
    if (this.#opposite === undefined) throw new Error('half a stream');
    return this.#opposite;
  }

  join(opposite: MemoryPipe): void {
    this.#opposite = opposite;
    opposite.#opposite = this;
  }

  get queuedSize(): number {
    return Math.max(0, this.opposite.#arrivingSize - pausedBufferSize);
  }

  get unreadSize(): number {
    return 0;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#arm();
  }

  leadsTo(other: MemoryPort): boolean {
    return this.opposite.#owner === other;
  }

  start(user: PipeUser): void {
    this.#user = user;
    this.#arm();
  }

  write(bytes: Uint8Array): void {
    // A stopped process writes nothing; what its simulation does is not to be seen.
    if (this.#state !== 'open' || !this.#owner.open || this.#wire.isPaused(this.#owner.key)) return;
    const first = this.#wire.cutAt(bytes.length);
    this.opposite.#take('octets', bytes.slice(0, first), this.#wire.transitMs());
    if (first < bytes.length) this.opposite.#take('octets', bytes.slice(first), this.#wire.transitMs());
  }

  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.opposite.#take('end', noBytes, this.#wire.transitMs());
  }

  destroy(): void {
    if (this.#state === 'closed') return;
    this.end();
    this.#close();
  }

  /** Breaks the stream for both ends. */
  reset(): void {
    for (const end of [this, this.opposite]) {
      if (end.#state === 'closed') continue;
      end.#clear();
      end.#state = 'ended';
      end.#take('reset', noBytes, 0);
    }
  }

  goOn(): void {
    this.#arm();
  }

  #take(kind: Segment['kind'], bytes: Uint8Array, transitMs: number): void {
    if (this.#state === 'closed') return;
    const sentAtMs = this.#wire.clock.nowMs();
    const atMs = Math.max(sentAtMs + transitMs, this.#latestMs);
    this.#latestMs = atMs;
    this.#segments.push({ kind, bytes, sentAtMs, atMs });
    this.#arrivingSize += bytes.length;
    this.#arm();
  }

  #arm(): void {
    const [first] = this.#segments;
    if (first === undefined || this.#user === undefined || this.#cancelWake !== undefined) return;
    if (this.#isHeldUp()) return;
    this.#cancelWake = this.#wire.clock.wake(first.atMs, () => {
      this.#cancelWake = undefined;
      if (!this.#isHeldUp()) this.#arrive();
    });
  }

  #isHeldUp(): boolean {
    const { key } = this.#owner;
    return this.#paused || this.#wire.isPaused(key) || this.#wire.isCut(key, this.opposite.#owner.key);
  }

  /** All that is due comes as one chunk, as a socket would read it. */
  #arrive(): void {
    const nowMs = this.#wire.clock.nowMs();
    let count = this.#segments.findIndex(({ kind, atMs }) => kind !== 'octets' || atMs > nowMs);
    if (count === -1) count = this.#segments.length;
    const due = this.#segments.splice(0, Math.max(count, 1));
    const [first] = due;
    if (first === undefined) return;
    const user = this.#user;
    if (first.kind === 'octets') {
      const chunk = joined(due);
      this.#arrivingSize -= chunk.length;
      this.#note(chunk, first.sentAtMs);
      user?.received(chunk);
    } else if (first.kind === 'end') {
      user?.ended();
    } else {
      this.#close();
      user?.failed('read ECONNRESET');
    }
    if (this.#state !== 'closed') this.#arm();
  }

  #note(chunk: Uint8Array, sentAtMs: number): void {
    this.#framer.push(chunk);
    for (;;) {
      const frame = this.#framer.next();
      if (frame.kind === 'incomplete' || frame.kind === 'invalid') return;
      if (frame.kind === 'message') {
        this.#wire.arrived(this.opposite.#owner, this.#owner, frame.bytes, sentAtMs);
      }
    }
  }

  #close(): void {
    this.#state = 'closed';
    this.#user = undefined;
    this.#clear();
    this.#owner.forget(this);
  }

  /** Whatever is under way is lost. */
  #clear(): void {
    this.#segments = [];
    this.#arrivingSize = 0;
    this.#latestMs = 0;
    this.#cancelWake?.();
    this.#cancelWake = undefined;
  }
}

function joined(segments: readonly Segment[]): Uint8Array {
  const [first] = segments;
  if (segments.length === 1 && first !== undefined) return first.bytes;
  const whole = new Uint8Array(segments.reduce((size, { bytes }) => size + bytes.length, 0));
  let at = 0;
  for (const { bytes } of segments) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}
