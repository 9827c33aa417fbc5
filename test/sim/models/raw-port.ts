import type { Ground } from './ground.ts';
import { host } from './ground.ts';
import type { Header, Message } from './message.ts';
import { Post } from './post.ts';
import { write } from './write.ts';

export interface RawParts {
  /** The Request-URI; that of a model at that port unless told otherwise. */
  readonly uri?: string;
  readonly body?: string;
}

/** Sends what a test writes, and keeps what comes. */
export class RawPort {
  readonly received: Message[] = [];
  readonly #port: number;
  #post: Post | undefined;
  #branches = 0;

  private constructor(port: number) {
    this.#port = port;
  }

  static async open(ground: Ground, port: number): Promise<RawPort> {
    const raw = new RawPort(port);
    const hear = (message: Message): void => void raw.received.push(message);
    raw.#post = await Post.open(ground.network[ground.protocol]({ host, port }), ground.clock, hear);
    ground.name(port, 'raw');
    return raw;
  }

  /** A request with what every request has. `headers` are added, or take the place of those that are there. */
  request(to: number, method: string, headers: readonly Header[] = [], parts: RawParts = {}): void {
    const { uri = `sip:model@${host}:${to}`, body = '' } = parts;
    const protocol = this.#post?.protocol.toUpperCase();
    const named = new Set(headers.map(([name]) => name));
    const own: Header[] = [
      ['Via', `SIP/2.0/${protocol} ${host}:${this.#port};branch=z9hG4bKraw${++this.#branches}`],
      ['Max-Forwards', '70'],
      ['From', `<sip:raw@${host}:${this.#port}>;tag=raw`],
      ['To', `<sip:model@${host}:${to}>`],
      ['Call-ID', 'raw'],
      ['CSeq', `1 ${method}`],
      ['Contact', `<sip:raw@${host}:${this.#port}>`],
    ];
    const all = [...own.filter(([name]) => !named.has(name)), ...headers];
    this.#post?.send({ host, port: to }, write(`${method} ${uri} SIP/2.0`, all, body));
  }

  respond(to: number, octets: Uint8Array): void {
    this.#post?.send({ host, port: to }, octets);
  }

  /** Statuses and methods of what has come since the last time. */
  heard(): string[] {
    return this.received.splice(0).map(({ status, method }) => `${status || ''} ${method}`.trim());
  }

  async stop(): Promise<void> {
    await this.#post?.stop();
  }
}
