import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Pinger, PingPong } from './pinger.ts';

/** Writes requests to connections; as many as a read has answered follow in one write. */
export class StreamPinger implements Pinger {
  readonly repeated = 0;
  readonly #sockets: readonly Socket[];
  readonly #requests: Buffer;
  readonly #requestSize: number;
  readonly #responseSize: number;
  readonly #window: number;
  #toSend = 0;
  #toCome = 0;
  #done = (): void => undefined;

  private constructor(sockets: readonly Socket[], { requestSize, responseSize, window }: PingPong) {
    this.#sockets = sockets;
    this.#requests = Buffer.alloc(requestSize * window, 'p');
    this.#requestSize = requestSize;
    this.#responseSize = responseSize;
    this.#window = window;
    for (const socket of sockets) {
      let rest = 0;
      socket.on('data', (chunk) => {
        rest += chunk.length;
        this.#answered(socket, Math.floor(rest / responseSize));
        rest %= this.#responseSize;
      });
    }
  }

  static async open(ports: readonly number[], pingPong: PingPong): Promise<StreamPinger> {
    const sockets = ports.map((port) => connect({ port, host: '127.0.0.1', noDelay: true }));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    return new StreamPinger(sockets, pingPong);
  }

  run(roundTrips: number): Promise<void> {
    this.#toSend = roundTrips;
    this.#toCome = roundTrips;
    const done = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    const share = Math.floor(this.#window / this.#sockets.length);
    let rest = this.#window % this.#sockets.length;
    for (const socket of this.#sockets) this.#send(socket, share + (rest-- > 0 ? 1 : 0));
    return done;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #answered(socket: Socket, count: number): void {
    this.#toCome -= count;
    if (this.#toCome === 0) this.#done();
    else this.#send(socket, count);
  }

  #send(socket: Socket, most: number): void {
    const count = Math.min(most, this.#toSend);
    if (count === 0) return;
    this.#toSend -= count;
    socket.write(this.#requests.subarray(0, count * this.#requestSize));
  }
}
