import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { canonicalHost } from './address.ts';
import { bindFailure } from './bind.ts';
import { Connections } from './connections.ts';
import type { Address, OpenTransport, Transport, TransportContext, TransportListener } from './contract.ts';
import { descriptorShare, keepAliveAfterMs } from './limits.ts';
import { ownEndpoint } from './own-endpoint.ts';
import type { Dialling, Pipe, PipeSource, PipeUser } from './pipe.ts';

/** Where a transport listens. */
export interface TcpOptions {
  /** A numeric address of this machine: the one that Via and Contact name, so not 0.0.0.0 or ::. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/**
 * Describes SIP over TCP: peers connect to one port, and we connect from any. The sockets are opened by `open`, in the thread
 * that calls it; the description is plain data, and its structured clone given to `tcp` again is the same description.
 *
 * Throws a `TransportError` SIP_USAGE when an option is not what it should be. `open` rejects with SIP_PORT_IN_USE or
 * SIP_BIND_FAILED; the listener may hear of messages as soon as the port is bound, before `open` has resolved.
 *
 * @see RFC 3261 §18
 */
export function tcp(options: TcpOptions): Transport {
  return new TcpTransport(options);
}

class TcpTransport implements Transport {
  readonly protocol = 'tcp';
  readonly host: string;
  readonly port: number;

  constructor(options: TcpOptions) {
    const { host, port } = ownEndpoint('tcp', options);
    this.host = host;
    this.port = port;
  }

  async open(listener: TransportListener, context: TransportContext): Promise<OpenTransport> {
    const { shared } = context;
    if (shared?.listens === false) return this.#dialler(shared.port, listener, context);
    const server = createServer({ ...socketOptions, allowHalfOpen: true });
    const connectionsMax = Math.floor(descriptorShare * (await descriptorMax()));
    const early: Socket[] = [];
    let accept = (socket: Socket): void => void early.push(socket);
    server.on('connection', (socket) => accept(socket));
    try {
      const listening = once(server, 'listening');
      const port = shared?.port ?? this.port;
      server.listen({ host: this.host, port, exclusive: true, ipv6Only: true, backlog });
      await listening;
    } catch (error) {
      throw bindFailure('tcp', this, error);
    }
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : this.port;
    const local: Address = { protocol: 'tcp', host: this.host, port };
    const connections = new Connections(new TcpSockets(local, server, connectionsMax), listener, context);
    server.on('error', (error) => listener.warning(`tcp: ${error.message}`));
    accept = (socket) => {
      const remote = remoteOf(socket);
      if (remote === undefined) socket.destroy();
      else connections.accept(new SocketPipe(socket, remote));
    };
    for (const socket of early) accept(socket);
    return connections;
  }

  /** Another shard accepts what comes to the port; this one makes connections. */
  async #dialler(port: number, listener: TransportListener, context: TransportContext): Promise<OpenTransport> {
    const local: Address = { protocol: 'tcp', host: this.host, port };
    const connectionsMax = Math.floor(descriptorShare * (await descriptorMax()));
    return new Connections(new TcpSockets(local, undefined, connectionsMax), listener, context);
  }
}

/** Small messages are not to wait for each other's acknowledgements; an idle connection is tried by the kernel. */
const socketOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveAfterMs } as const;

/** Connections that wait to be accepted: a burst of phones after an outage. Linux caps it at net.core.somaxconn, 4,096. */
const backlog = 4_096;

/** How many descriptors this process may have; as many as one likes where the system does not say so. */
async function descriptorMax(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'latin1').catch(() => '');
  const [, max] = /^Max open files +(\d+)/m.exec(limits) ?? [];
  return max === undefined ? Number.POSITIVE_INFINITY : Number(max);
}

/** Undefined when the peer is gone already. */
function remoteOf(socket: Socket): Address | undefined {
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return { protocol: 'tcp', host: canonicalHost(remoteAddress), port: remotePort };
}

class TcpSockets implements PipeSource {
  readonly local: Address;
  readonly connectionsMax: number;
  /** Undefined where another shard accepts. */
  readonly #server: Server | undefined;

  constructor(local: Address, server: Server | undefined, connectionsMax: number) {
    this.local = local;
    this.connectionsMax = connectionsMax;
    this.#server = server;
  }

  dial(remote: Address, dialling: Dialling): () => void {
    const { host, port } = remote;
    // From our own address, so that the peer sees the host that Via names.
    const socket = connect({ ...socketOptions, host, port, localAddress: this.local.host, allowHalfOpen: true });
    const failed = (error: Error): void => {
      socket.destroy();
      dialling.failed(error.message);
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      dialling.connected(new SocketPipe(socket, remote));
    });
    return () => {
      socket.off('error', failed);
      socket.on('error', () => undefined);
      socket.removeAllListeners('connect');
      socket.destroy();
    };
  }

  async close(): Promise<void> {
    if (this.#server === undefined) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}

class SocketPipe implements Pipe {
  readonly remote: Address;
  readonly #socket: Socket;
  #user: PipeUser | undefined;

  constructor(socket: Socket, remote: Address) {
    this.#socket = socket;
    this.remote = remote;
    socket.on('error', (error) => this.#failed(error.message));
  }

  get queuedSize(): number {
    return this.#socket.writableLength;
  }

  get unreadSize(): number {
    return this.#socket.readableLength;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  start(user: PipeUser): void {
    this.#user = user;
    const socket = this.#socket;
    socket.on('data', (chunk: Buffer) => this.#user?.received(chunk));
    socket.on('end', () => this.#user?.ended());
    socket.on('close', () => this.#failed('the connection is gone'));
    if (socket.destroyed) queueMicrotask(() => this.#failed('the connection is gone'));
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#user = undefined;
    this.#socket.destroy();
  }

  #failed(reason: string): void {
    const user = this.#user;
    this.#user = undefined;
    user?.failed(reason);
  }
}
