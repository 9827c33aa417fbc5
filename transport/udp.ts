import type { RemoteInfo, Socket } from 'node:dgram';
import { canonicalHost, type Endpoint, endpointKey, endpointText, familyOf, isPort, shown } from './address.ts';
import { bindBeside, bindListening, closeSocket } from './bind.ts';
import { askBuffers, type BufferSizes } from './buffers.ts';
import { ConnectedSocket, type ConnectedSocketOwner } from './connected-socket.ts';
import type {
  Address,
  Clock,
  FlowId,
  OpenTransport,
  PortSharing,
  Transport,
  TransportContext,
  TransportListener,
} from './contract.ts';
import { DatagramFlows } from './datagram.ts';
import type { Flow } from './flows.ts';
import { bufferSizeMax, connectedSocketsMax, receiveBufferSize, sendQueueSize } from './limits.ts';
import { ownEndpoint, transportUsage } from './own-endpoint.ts';
import { flowFailure, sendFault } from './send-fault.ts';

/** Where a transport listens, and how much its sockets hold. */
export interface UdpOptions {
  /** A numeric address of this machine: the one that Via and Contact name, so not 0.0.0.0 or ::. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Octets of each socket's receive buffer; 4 MiB by default. The listener is warned when the kernel gives less. */
  readonly receiveBufferSize?: number;
  /** Octets of each socket's send buffer; by default the kernel's choice. */
  readonly sendBufferSize?: number;
}

/**
 * Describes SIP over UDP on one port. The sockets are opened by `open`, in the thread that calls it; the description is plain
 * data, and its structured clone given to `udp` again is the same description.
 *
 * Throws a `TransportError` SIP_USAGE when an option is not what it should be. `open` rejects with SIP_PORT_IN_USE or
 * SIP_BIND_FAILED; the listener may hear of messages as soon as the port is bound, before `open` has resolved.
 *
 * @see RFC 3261 §18
 */
export function udp(options: UdpOptions): Transport {
  return new UdpTransport(options);
}

class UdpTransport implements Transport {
  readonly protocol = 'udp';
  readonly host: string;
  readonly port: number;
  readonly receiveBufferSize: number;
  readonly sendBufferSize: number | undefined;

  constructor(options: UdpOptions) {
    const { host, port } = ownEndpoint('udp', options);
    this.host = host;
    this.port = port;
    this.receiveBufferSize = bufferSize('receiveBufferSize', options.receiveBufferSize) ?? receiveBufferSize;
    this.sendBufferSize = bufferSize('sendBufferSize', options.sendBufferSize);
  }

  async open(listener: TransportListener, context: TransportContext): Promise<OpenTransport> {
    const flows = new DatagramFlows<ConnectedSocket>(listener, context);
    const { shared } = context;
    const received = (bytes: Uint8Array, { address, port }: RemoteInfo): void => flows.received(bytes, address, port);
    const endpoint = { host: this.host, port: shared?.port ?? this.port };
    const socket = await (shared?.held ? bindBeside(endpoint, received) : bindListening(endpoint, received));
    socket.on('error', (error) => flows.warning(`udp ${endpointText(this)}: ${error.message}`));
    const warnings = askBuffers(socket, this);
    const local: Address = { protocol: 'udp', host: this.host, port: socket.address().port };
    context.clock.defer(() => {
      for (const warning of warnings) flows.warning(`udp ${endpointText(local)} ${warning}`);
    });
    return new UdpSockets(local, socket, this, flows, context.clock);
  }
}

function bufferSize(name: string, size: number | undefined): number | undefined {
  if (size === undefined || (Number.isInteger(size) && size > 0 && size <= bufferSizeMax)) return size;
  throw transportUsage('udp', `${name} must be 1 to ${bufferSizeMax} octets, not ${shown(size)}`);
}

/**
 * A listening socket, and a connected one for each next hop that asked for it, all on one port. Which of them a datagram came
 * in on says nothing: the kernel may give a hop's datagram to either, and a stranger's to a socket that is about to connect.
 */
class UdpSockets implements OpenTransport, ConnectedSocketOwner {
  readonly local: Address;
  readonly sharing: PortSharing = {
    received: (bytes, { host, port }) => this.#flows.received(bytes, host, port),
    unreachable: ({ host, port }, code, message) => {
      const flow = this.#flows.find(endpointKey(host, port));
      if (flow?.link === undefined) return;
      flow.link.end();
      this.#flows.lose(flow, code, message);
    },
  };
  readonly #listening: Socket;
  readonly #buffers: BufferSizes;
  readonly #flows: DatagramFlows<ConnectedSocket>;
  readonly #clock: Clock;
  readonly #connected = new Map<string, ConnectedSocket>();
  #destroyed: Promise<void> | undefined;
  #shed = 0;

  constructor(
    local: Address,
    listening: Socket,
    buffers: BufferSizes,
    flows: DatagramFlows<ConnectedSocket>,
    clock: Clock,
  ) {
    this.local = local;
    this.#listening = listening;
    this.#buffers = buffers;
    this.#flows = flows;
    this.#clock = clock;
  }

  get shed(): number {
    return this.#shed;
  }

  openFlow(openId: number, remote: Address, options: { readonly connected: boolean }): void {
    const { connected } = options;
    this.#clock.defer(() => this.#open(openId, remote, connected));
  }

  send(id: FlowId, bytes: Uint8Array): void {
    const flow = this.#flows.get(id);
    if (flow === undefined || this.#destroyed !== undefined) {
      this.#shed += 1;
    } else if (flow.link !== undefined) {
      flow.link.send(bytes);
    } else if (this.#listening.getSendQueueSize() > sendQueueSize) {
      this.#shed += 1;
    } else {
      this.#flows.touch(flow);
      this.#listening.send(bytes, flow.remote.port, flow.remote.host, (error) => {
        if (error !== null) this.#sendFailed(flow, error);
      });
    }
  }

  closeFlow(id: FlowId): void {
    const flow = this.#flows.get(id);
    if (flow === undefined) return;
    this.#flows.close(flow);
    if (flow.link === undefined) return;
    this.#connected.delete(flow.key);
    flow.link.close();
  }

  destroy(): Promise<void> {
    this.#destroyed ??= this.#close();
    return this.#destroyed;
  }

  connected(socket: ConnectedSocket): void {
    // By the front door, for a listener may close the flow again while the others still wait.
    for (const openId of socket.waiting.splice(0)) this.#open(openId, socket.remote, true);
  }

  connectFailed(socket: ConnectedSocket, error: Error): void {
    this.#connected.delete(socket.key);
    for (const openId of socket.waiting) {
      this.#flows.openFailed(openId, `udp ${this.#path(socket.remote)} cannot be opened: ${error.message}`);
    }
  }

  received(bytes: Uint8Array, source: RemoteInfo): void {
    this.#flows.received(bytes, source.address, source.port);
  }

  lost(socket: ConnectedSocket, error: Error): void {
    socket.end();
    const flow = this.#flows.find(socket.key);
    if (flow?.link === socket) this.#lose(flow, error);
  }

  dropped(): void {
    this.#shed += 1;
  }

  #open(openId: number, remote: Address, connected: boolean): void {
    if (this.#destroyed !== undefined) return;
    const obstacle = this.#obstacle(remote);
    if (obstacle !== undefined) {
      this.#flows.openFailed(openId, `udp ${this.#path(remote)} cannot be opened: ${obstacle}`);
      return;
    }
    const to: Address = { protocol: 'udp', host: canonicalHost(remote.host), port: remote.port };
    if (!connected) {
      this.#flows.open(openId, to, undefined);
      return;
    }
    const socket = this.#connected.get(endpointKey(to.host, to.port));
    if (socket === undefined) {
      this.#connect(openId, to);
    } else if (socket.state === 'connecting') {
      socket.waiting.push(openId);
    } else {
      socket.begin();
      if (!this.#flows.open(openId, to, socket)) socket.end();
    }
  }

  #obstacle(remote: Address): string | undefined {
    const family = familyOf(remote.host);
    if (remote.protocol !== 'udp') return `this is udp, not ${remote.protocol}`;
    if (family === undefined) return 'the host is not a numeric address';
    if (!isPort(remote.port)) return 'there is no such port';
    return family === familyOf(this.local.host) ? undefined : `an ${familyOf(this.local.host)} socket cannot reach it`;
  }

  #connect(openId: number, remote: Address): void {
    if (this.#connected.size >= connectedSocketsMax && !this.#closeIdle()) {
      const reason = `all ${connectedSocketsMax} connected sockets are in use`;
      this.#flows.openFailed(openId, `udp ${this.#path(remote)} cannot be opened: ${reason}`);
      return;
    }
    const key = endpointKey(remote.host, remote.port);
    const socket = new ConnectedSocket(key, remote, this.local, this.#buffers, this);
    socket.waiting.push(openId);
    this.#connected.set(key, socket);
    socket.connect();
  }

  /** Closes the oldest socket whose flow was lost and never opened again; false when there is none. */
  #closeIdle(): boolean {
    for (const [key, socket] of this.#connected) {
      if (socket.state !== 'idle') continue;
      this.#connected.delete(key);
      socket.close();
      return true;
    }
    return false;
  }

  #sendFailed(flow: Flow<ConnectedSocket>, error: Error): void {
    if (sendFault(error) === 'message') this.#shed += 1;
    else this.#lose(flow, error);
  }

  #lose(flow: Flow<ConnectedSocket>, error: Error): void {
    this.#flows.lose(flow, flowFailure(error), `udp ${this.#path(flow.remote)} is lost: ${error.message}`);
  }

  #path(remote: Endpoint): string {
    return `${endpointText(this.local)} to ${endpointText(remote)}`;
  }

  async #close(): Promise<void> {
    this.#flows.stop();
    for (const socket of this.#connected.values()) socket.close();
    this.#connected.clear();
    await closeSocket(this.#listening);
  }
}
