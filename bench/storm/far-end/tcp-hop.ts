import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { nextSize } from '../../far-end/stream.ts';
import { Answers, answerExtraMax } from './answers.ts';
import type { FarEnd } from './far-end.ts';
import type { PlayedHop } from './hop.ts';
import { Shards } from './shards.ts';

/** Answers are written side by side, and what a read has brought leaves by one write. */
const poolSize = 1024 * 1024;

/** A hop that speaks TCP. */
export class TcpHop implements PlayedHop {
  readonly index: number;
  silent = false;
  readonly #farEnd: FarEnd;
  readonly #connections = new Set<Socket>();
  #port = 0;
  #server: Server | undefined;
  readonly #callers = new Shards<Socket>();
  #pool: Buffer = Buffer.alloc(0);
  #poolAt = 0;
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
    return this.#server !== undefined;
  }

  get answers(): Answers {
    if (this.#answers === undefined) throw new Error('the hop was never opened');
    return this.#answers;
  }

  async open(): Promise<void> {
    const server = createServer({ noDelay: true }, (connection) => this.#accept(connection));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#answers = new Answers(this.#port, 'tcp');
    this.#received = 0;
    this.#server = server;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    this.resetConnections();
    await closed;
  }

  resetConnections(): void {
    for (const connection of this.#connections) connection.resetAndDestroy();
  }

  send(message: Buffer, shard: number): void {
    this.#callers.of(shard)?.write(message);
  }

  #accept(connection: Socket): void {
    this.#connections.add(connection);
    connection.on('error', () => connection.destroy());
    connection.on('close', () => {
      this.#connections.delete(connection);
      this.#callers.forget(connection);
    });
    let rest: Buffer | undefined;
    let known = false;
    connection.on('data', (chunk) => {
      if (!known) known = this.#callers.note(connection, chunk, 0);
      rest = this.#take(rest === undefined ? chunk : Buffer.concat([rest, chunk]), connection);
    });
  }

  /** Answers each message of a chunk; gives what stands of the next one, if there is one. */
  #take(chunk: Buffer, connection: Socket): Buffer | undefined {
    let begin = this.#poolAt;
    let start = 0;
    while (start < chunk.length) {
      const size = nextSize(chunk, start);
      if (size === 0) break;
      this.#received++;
      if (!this.silent) {
        if (this.#pool.length - this.#poolAt < size + answerExtraMax) {
          this.#leave(connection, begin);
          this.#pool = Buffer.allocUnsafeSlow(poolSize);
          this.#poolAt = 0;
          begin = 0;
        }
        this.#poolAt = this.#farEnd.receive(chunk, start, size, this, this.#pool, this.#poolAt);
      }
      start += size;
    }
    this.#leave(connection, begin);
    return start < chunk.length ? chunk.subarray(start) : undefined;
  }

  #leave(connection: Socket, begin: number): void {
    if (this.#poolAt > begin && !connection.destroyed) connection.write(this.#pool.subarray(begin, this.#poolAt));
  }
}
