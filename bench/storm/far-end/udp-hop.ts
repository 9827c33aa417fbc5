import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { Answers, answerExtraMax } from './answers.ts';
import type { FarEnd } from './far-end.ts';
import type { PlayedHop } from './hop.ts';

/** A datagram that the kernel does not take at once needs its octets a while longer: so many are written before the first is again. */
const slotCount = 1024;
const slotSize = 2048;
const receiveBufferSize = 4 * 1024 * 1024;

/** A hop that speaks UDP. */
export class UdpHop implements PlayedHop {
  readonly index: number;
  silent = false;
  readonly #farEnd: FarEnd;
  readonly #slots: readonly Buffer[] = Array.from({ length: slotCount }, () => Buffer.allocUnsafe(slotSize));
  /** Ports of our stack that are known. */
  readonly #known = new Set<number>();
  #slot = 0;
  #port = 0;
  #socket: Socket | undefined;
  #received = 0;
  #answers: Answers | undefined;

  constructor(index: number, farEnd: FarEnd) {
    this.index = index;
    this.#farEnd = farEnd;
  }

  get port(): number {
    return this.#port;
  }

  get received(): number {
    return this.#received;
  }

  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  get answers(): Answers {
    if (this.#answers === undefined) throw new Error('the hop was never opened');
    return this.#answers;
  }

  async open(): Promise<void> {
    // Addresses are numeric here, and looking one up costs more than all the rest of an answer.
    const socket = createSocket({ type: 'udp4', lookup: (host, _options, found) => found(null, host, 4) });
    socket.on('message', (bytes, from) => this.#receive(bytes, from));
    const listening = once(socket, 'listening'); // it is there before `bind` returns
    socket.bind(this.#port, '127.0.0.1');
    await listening;
    socket.on('error', () => undefined);
    socket.setRecvBufferSize(receiveBufferSize);
    this.#port = socket.address().port;
    this.#answers = new Answers(this.#port, 'udp');
    this.#received = 0;
    this.#socket = socket;
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  }

  resetConnections(): void {
    throw new Error('there are no connections over UDP');
  }

  send(message: Buffer, shard: number): void {
    const caller = this.#farEnd.callers.of(shard);
    if (caller !== undefined) this.#socket?.send(message, caller.port, caller.address);
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    this.#received++;
    if (this.silent) return;
    if (!this.#known.has(from.port) && this.#farEnd.callers.note(from, bytes, 0)) this.#known.add(from.port);
    const slot = this.#slots[this.#slot] as Buffer;
    if (bytes.length + answerExtraMax > slotSize) return;
    const end = this.#farEnd.receive(bytes, 0, bytes.length, this, slot, 0);
    if (end === 0) return;
    this.#slot = (this.#slot + 1) % slotCount;
    this.#socket?.send(slot, 0, end, from.port, from.address);
  }
}
