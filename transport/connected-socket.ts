import type { RemoteInfo, Socket } from 'node:dgram';
import type { Endpoint } from './address.ts';
import { createUdpSocket } from './bind.ts';
import { askBuffers, type BufferSizes } from './buffers.ts';
import type { Address } from './contract.ts';
import { sendQueueSize } from './limits.ts';
import { sendFault } from './send-fault.ts';

/*
 * A UDP socket bound to the transport's port and connected to one next hop, so that the kernel tells when the hop's port is
 * closed. It outlives the flow that it carries: the next flow to the same hop uses it again.
 *
 * The kernel keeps one error for a socket and does not say which datagram it answers. It hands it to whichever call comes
 * first: to a read, or to the next send, whose datagram then never leaves. So an error may be about a datagram of an
 * earlier flow, sent before the hop came back. The rules:
 *
 * - Nothing of the present flow has left: the error is older. A datagram that failed by it is sent again.
 * - The flow took over a socket that carried another: the first error may be older. The datagram that failed, or else the
 *   last one that left, is sent again, once; if the hop is down, that brings the second error. A repeated datagram is a
 *   retransmission, which SIP expects over UDP.
 * - Any other error is the hop's.
 */

/** What a connected socket reports; none of it from inside `send`. */
export interface ConnectedSocketOwner {
  connected(socket: ConnectedSocket): void;
  connectFailed(socket: ConnectedSocket, error: Error): void;
  /** A datagram and who sent it: anybody, while the socket was bound and not yet connected. */
  received(bytes: Uint8Array, source: RemoteInfo): void;
  /** The hop of the present flow cannot be reached. */
  lost(socket: ConnectedSocket, error: Error): void;
  /** A message was dropped. */
  dropped(): void;
}

/** `idle`: connected, and no flow uses it. */
export type ConnectedSocketState = 'connecting' | 'idle' | 'carrying' | 'closed';

/** The socket of one next hop. @see RFC 1122 §4.1.3.3 (ICMP errors reach the application) */
export class ConnectedSocket {
  readonly key: string;
  readonly remote: Address;
  /** The `openId`s that wait for the connection. */
  readonly waiting: number[] = [];
  readonly #local: Endpoint;
  readonly #buffers: BufferSizes;
  readonly #owner: ConnectedSocketOwner;
  readonly #socket: Socket;
  #state: ConnectedSocketState = 'connecting';
  /** Flows that it has carried, the present one included: tells an earlier flow's datagrams. */
  #round = 0;
  #hasLeft = false;
  #doubt = false;
  /** The last datagram, kept only while an error would make us repeat it. */
  #last: Uint8Array | undefined;

  constructor(key: string, remote: Address, local: Endpoint, buffers: BufferSizes, owner: ConnectedSocketOwner) {
    this.key = key;
    this.remote = remote;
    this.#local = local;
    this.#buffers = buffers;
    this.#owner = owner;
    this.#socket = createUdpSocket(local.host, true);
  }

  get state(): ConnectedSocketState {
    return this.#state;
  }

  /** Binds and connects; the owner hears `connected` or `connectFailed`, the latter perhaps before this returns. */
  connect(): void {
    const socket = this.#socket;
    socket.on('message', (bytes, source) => this.#received(bytes, source));
    socket.on('error', (error) => this.#failed(error));
    socket.on('connect', () => {
      if (this.#state !== 'connecting') return;
      this.#state = 'idle';
      this.#owner.connected(this);
    });
    socket.on('listening', () => {
      askBuffers(socket, this.#buffers);
      socket.connect(this.remote.port, this.remote.host);
    });
    socket.bind({ address: this.#local.host, port: this.#local.port, exclusive: true });
  }

  /** A flow starts to use the socket. */
  begin(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'carrying';
    this.#round += 1;
    this.#hasLeft = false;
    this.#doubt = this.#round > 1;
  }

  /** The flow has ended; the socket waits for the next. */
  end(): void {
    if (this.#state !== 'carrying') return;
    this.#state = 'idle';
    this.#believe();
  }

  send(bytes: Uint8Array): void {
    if (this.#state !== 'carrying' || this.#socket.getSendQueueSize() > sendQueueSize) this.#owner.dropped();
    else this.#transmit(bytes, 'first-time');
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#last = undefined;
    this.#socket.close();
  }

  #transmit(bytes: Uint8Array, turn: 'first-time' | 'again'): void {
    const round = this.#round;
    if (this.#doubt) this.#last = bytes;
    this.#socket.send(bytes, (error) => {
      if (this.#state === 'closed') return;
      const current = this.#state === 'carrying' && round === this.#round;
      if (error === null) {
        if (current) this.#hasLeft = true;
      } else if (!current || sendFault(error) === 'message') {
        this.#owner.dropped();
      } else if (turn === 'first-time' && (this.#doubt || !this.#hasLeft)) {
        if (this.#hasLeft) this.#believe();
        this.#transmit(bytes, 'again');
      } else {
        this.#owner.lost(this, error);
      }
    });
  }

  #received(bytes: Uint8Array, source: RemoteInfo): void {
    if (this.#state === 'closed') return;
    if (source.port === this.remote.port && source.address === this.remote.host) this.#believe();
    this.#owner.received(bytes, source);
  }

  /** A read brought an error, or bind or connect failed. */
  #failed(error: Error): void {
    if (this.#state === 'connecting') {
      this.close();
      this.#owner.connectFailed(this, error);
      return;
    }
    if (this.#state !== 'carrying' || !this.#hasLeft || sendFault(error) === 'message') return;
    const last = this.#last;
    if (last === undefined) {
      this.#owner.lost(this, error);
      return;
    }
    this.#believe();
    this.#transmit(last, 'again');
  }

  /** From now on an error is the hop's. */
  #believe(): void {
    this.#doubt = false;
    this.#last = undefined;
  }
}
