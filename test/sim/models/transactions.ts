import type { Clock } from '../../../transport/index.ts';
import { listOf } from './address-value.ts';
import { type ClientHearer, ClientTransaction } from './client-transaction.ts';
import type { Header, Message } from './message.ts';
import type { Place, Post, Source } from './post.ts';
import { cancelOf, type Request, writeRequest } from './request.ts';
import { ServerTransaction } from './server-transaction.ts';
import { Timers } from './timers.ts';
import { writeHostPort } from './uri.ts';
import { parseVia, type Via } from './via.ts';
import { writeResponse } from './write.ts';

/** Whose requests the transactions are. */
export interface TransactionUser {
  request(transaction: ServerTransaction): void;
  /** An ACK of a 2xx, or of nothing that is known. */
  ack(ack: Message, source: Source): void;
  /** A CANCEL of an INVITE that is known has come, and was answered. */
  cancelled(invite: ServerTransaction): void;
  /** An OPTIONS that only asks whether somebody is there: what the 200 has to say, or undefined when it is more than that. */
  ping(options: Message): readonly Header[] | undefined;
}

/** The transactions of one model, over one or more transports (RFC 3261 §17). */
export class Transactions {
  readonly timers: Timers;
  readonly #user: TransactionUser;
  readonly #branch: () => string;
  readonly #clients = new Map<string, ClientTransaction>();
  readonly #servers = new Map<string, ServerTransaction>();

  /** `branch` gives one that was never used. */
  constructor(clock: Clock, user: TransactionUser, branch: () => string) {
    this.timers = new Timers(clock);
    this.#user = user;
    this.#branch = branch;
  }

  get count(): number {
    return this.#clients.size + this.#servers.size;
  }

  hear(message: Message, source: Source): void {
    if (message.isRequest) this.#hearRequest(message, source);
    else this.#clients.get(clientKey(parseVia(message.topVia)?.branch ?? '', message.method))?.receive(message);
  }

  send(post: Post, to: Place, request: Request, hearer: ClientHearer, branch = this.#branch()): ClientTransaction {
    const via = viaOf(post, branch);
    const key = clientKey(branch, request.method);
    const client: ClientTransaction = new ClientTransaction(
      request,
      {
        timers: this.timers,
        isReliable: post.protocol === 'tcp',
        send: (each) => post.send(to, writeRequest(each, via), () => client.fail(503)),
        cancel: () => void this.send(post, to, cancelOf(request), deaf, branch),
        ended: () => void this.#clients.delete(key),
      },
      hearer,
    );
    this.#clients.set(key, client);
    client.begin();
    return client;
  }

  /** Sends an ACK, or what is forwarded without a transaction. */
  sendOnce(post: Post, to: Place, request: Request, branch = this.#branch()): void {
    post.send(to, writeRequest(request, viaOf(post, branch)));
  }

  stop(): void {
    this.timers.stop();
    this.#clients.clear();
    this.#servers.clear();
  }

  #hearRequest(received: Message, source: Source): void {
    const via = parseVia(received.topVia);
    if (via === undefined) return;
    const pong = received.method === 'OPTIONS' ? this.#user.ping(received) : undefined;
    if (pong !== undefined) {
      this.#pong(received, via, source, pong);
      return;
    }
    const request = stamped(received, via, source);
    const { method } = request;
    const key = serverKey(via, method === 'ACK' ? 'INVITE' : method);
    const server = this.#servers.get(key);
    if (method === 'ACK') {
      if (server === undefined || !server.receiveAck()) this.#user.ack(request, source);
    } else if (server !== undefined) server.receiveAgain();
    else this.#begin(key, via, request, source);
  }

  #begin(key: string, via: Via, request: Message, source: Source): void {
    const server = new ServerTransaction(request, source, this.timers, () => void this.#servers.delete(key));
    this.#servers.set(key, server);
    const invite = request.method === 'CANCEL' ? this.#servers.get(serverKey(via, 'INVITE')) : undefined;
    if (invite === undefined) this.#user.request(server);
    else {
      server.respond(200);
      this.#user.cancelled(invite);
    }
  }

  #pong(request: Message, via: Via, source: Source, headers: readonly Header[]): void {
    const line = stamp(request.header('via'), via, source.from);
    const reached = line === undefined ? via : (parseVia(line) ?? via);
    const parts = { toTag: 'here', headers, ...(line !== undefined && { via: line }) };
    source.post.reply(source, reached, writeResponse(request, 200, parts));
  }
}

const deaf: ClientHearer = { final: () => undefined, failed: () => undefined };

function viaOf({ protocol, local }: Post, branch: string): string {
  return `SIP/2.0/${protocol.toUpperCase()} ${writeHostPort(local.host, local.port)};rport;branch=${branch}`;
}

function clientKey(branch: string, method: string): string {
  return `${branch} ${method}`;
}

/** @see RFC 3261 §17.2.3 */
function serverKey(via: Via, method: string): string {
  return `${via.branch} ${via.host}:${via.port} ${method}`;
}

/** With the address that it came from in its Via. */
function stamped(request: Message, via: Via, source: Source): Message {
  const value = stamp(request.header('via'), via, source.from);
  if (value === undefined) return request;
  const at = request.headers.findIndex(([name]) => name === 'Via');
  return request.with(request.headers.map((header, each) => (each === at ? ['Via', value] : header)));
}

/** What a receiver makes of the first line of Via; undefined where it has nothing to add (RFC 3261 §18.2.1, RFC 3581 §4). */
function stamp(line: string, via: Via, from: Place): string | undefined {
  if (via.host === from.host && via.rport === undefined) return undefined;
  const [first = '', ...more] = listOf(line);
  const ported = via.rport === undefined ? first : first.replace(/;\s*rport(\s*=\s*\d+)?/i, `;rport=${from.port}`);
  return [`${ported};received=${from.host}`, ...more].join(', ');
}
