import { createSocket, type Socket } from 'node:dgram';
import type { Pinger, PingPong } from './pinger.ts';

/** When nothing has come for so long, datagrams were dropped. */
const stallMs = 200;

/** Sends datagrams by connected sockets; each answer lets the next one go. */
export class DatagramPinger implements Pinger {
  readonly #sockets: readonly Socket[];
  readonly #request: Buffer;
  readonly #window: number;
  #toSend = 0;
  #toCome = 0;
  #done = (): void => undefined;
  #repeated = 0;

  private constructor(sockets: readonly Socket[], { requestSize, window }: PingPong) {
    this.#sockets = sockets;
    this.#request = Buffer.alloc(requestSize, 'p');
    this.#window = window;
    for (const socket of sockets) socket.on('message', () => this.#answered(socket));
  }

  static async open(ports: readonly number[], pingPong: PingPong): Promise<DatagramPinger> {
    const sockets = await Promise.all(
      ports.map(
        (port) =>
          new Promise<Socket>((resolve, reject) => {
            const socket = createSocket('udp4');
            socket.once('error', reject);
            socket.connect(port, '127.0.0.1', () => resolve(socket));
          }),
      ),
    );
    return new DatagramPinger(sockets, pingPong);
  }

  get repeated(): number {
    return this.#repeated;
  }

  async run(roundTrips: number): Promise<void> {
    this.#toSend = roundTrips;
    this.#toCome = roundTrips;
    let before = -1;
    const watch = setInterval(() => {
      if (this.#toCome === before) this.#sendAgain();
      before = this.#toCome;
    }, stallMs);
    const done = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    for (let index = 0; index < this.#window; index++) this.#send(this.#at(index));
    await done;
    clearInterval(watch);
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  #answered(socket: Socket): void {
    if (this.#toCome === 0) return; // what was sent again had not been lost
    this.#toCome--;
    if (this.#toCome === 0) this.#done();
    else this.#send(socket);
  }

  #send(socket: Socket): void {
    if (this.#toSend === 0) return;
    this.#toSend--;
    socket.send(this.#request);
  }

  #sendAgain(): void {
    const missing = this.#toCome - this.#toSend;
    this.#repeated += missing;
    for (let index = 0; index < missing; index++) this.#at(index).send(this.#request);
  }

  #at(index: number): Socket {
    return this.#sockets[index % this.#sockets.length] as Socket;
  }
}
