import type { Clock, Protocol, Transport } from '../../../transport/index.ts';
import { uriOf } from './address-value.ts';
import type { ClientHearer } from './client-transaction.ts';
import { digest } from './digest.ts';
import type { Header, Message } from './message.ts';
import { type Place, Post, type Source } from './post.ts';
import type { Request } from './request.ts';
import type { ServerTransaction } from './server-transaction.ts';
import type { Timer } from './timers.ts';
import { Transactions, type TransactionUser } from './transactions.ts';
import { parseUri, type Uri, writeHostPort } from './uri.ts';
import { write } from './write.ts';

export interface PlainProxyOptions {
  /** Where it stands, by every transport. */
  readonly address: Place;
  /** One or two, of different protocols, all at the address. */
  readonly transports: readonly Transport[];
  readonly clock: Clock;
  readonly seed: number;
  /** Writes Record-Route into re-INVITE and UPDATE as well (RFC 3261 §16.6 step 4), which Kamailio's stock configuration does not. */
  readonly recordsRefreshes: boolean;
  /** What becomes of a request inside a dialog that has no Route: it goes to its Request-URI, or is answered 404, as Kamailio's stock configuration does. */
  readonly routeless: 'forward' | 'refuse';
  /** Where requests outside dialogs go that have no Route left, instead of their Request-URI. */
  readonly next?: Place & { readonly protocol: Protocol };
}

/** Timer C of RFC 3261 §16.6 step 11. */
const timerCMs = 181_000;

/** A proxy of RFC 3261 §16: transaction-stateful, loose-routing, record-routing; it knows no option tag. */
export class PlainProxy implements TransactionUser {
  readonly #options: PlainProxyOptions;
  readonly #transactions: Transactions;
  readonly #posts = new Map<Protocol, Post>();
  /** INVITEs that are not answered yet, for their CANCELs. */
  readonly #invites = new Map<ServerTransaction, { cancel(): void }>();

  constructor(options: PlainProxyOptions) {
    this.#options = options;
    this.#transactions = new Transactions(options.clock, this, () => '');
  }

  /** What it holds: all 0 at rest. */
  get counts(): { readonly transactions: number; readonly timers: number } {
    return { transactions: this.#transactions.count, timers: this.#transactions.timers.count };
  }

  async start(): Promise<void> {
    const { transports, clock } = this.#options;
    for (const transport of transports) {
      const hear = (message: Message, source: Source): void => this.#transactions.hear(message, source);
      this.#posts.set(transport.protocol, await Post.open(transport, clock, hear));
    }
  }

  /** Ends as a killed process does. */
  async stop(): Promise<void> {
    this.#transactions.stop();
    this.#invites.clear();
    for (const post of this.#posts.values()) await post.stop();
  }

  ping(options: Message): readonly Header[] | undefined {
    if (options.toTag !== '' || options.has('route')) return undefined;
    const uri = parseUri(options.requestUri);
    return uri !== undefined && uri.user === '' && this.#isOwn(uri) ? [] : undefined;
  }

  request(server: ServerTransaction): void {
    const { request } = server;
    const itinerary = this.#itineraryOf(request);
    const refusal = refusalOf(request) ?? (typeof itinerary === 'number' ? itinerary : undefined);
    if (refusal !== undefined || typeof itinerary === 'number') {
      const extra: Header[] = refusal === 420 ? [['Unsupported', request.joined('proxy-require')]] : [];
      server.respond(refusal ?? 500, { toTag: this.#tagFor(request), headers: extra });
      return;
    }
    if (request.method === 'INVITE') server.respond(100);
    const relay = new Relay(server, this.#transactions, this.#tagFor(request), () => this.#invites.delete(server));
    const outgoing = this.#outgoing(request, itinerary, server.source);
    const { post, to } = itinerary;
    const client = this.#transactions.send(post, to, outgoing, relay, this.#branchFor(request));
    if (request.method !== 'INVITE') return;
    relay.watch(() => client.cancel());
    if (server.isOpen) this.#invites.set(server, client);
  }

  ack(ack: Message, source: Source): void {
    const itinerary = this.#itineraryOf(ack);
    if (typeof itinerary === 'number' || refusalOf(ack) !== undefined) return;
    const outgoing = this.#outgoing(ack, itinerary, source);
    this.#transactions.sendOnce(itinerary.post, itinerary.to, outgoing, this.#branchFor(ack));
  }

  cancelled(invite: ServerTransaction): void {
    this.#invites.get(invite)?.cancel();
  }

  /** Where a request goes, or the status that refuses it (RFC 3261 §16.4 to §16.6). */
  #itineraryOf(request: Message): Itinerary | number {
    const routes = request.route;
    const wasRouteless = routes.length === 0;
    let uri = request.requestUri;
    if (!wasRouteless && this.#isOwnText(uri)) uri = uriOf(routes.pop() ?? '');
    while (this.#isOwnText(uriOf(routes[0] ?? ''))) routes.shift();
    const isInDialog = request.toTag !== '';
    if (isInDialog && wasRouteless && this.#options.routeless === 'refuse') return 404;
    const { next } = this.#options;
    if (!isInDialog && routes.length === 0 && next !== undefined) return this.#toward(uri, routes, next);
    const first = parseUri(uriOf(routes[0] ?? ''));
    if (first !== undefined && !first.isLoose) {
      routes.push(`<${uri}>`);
      uri = uriOf(routes.shift() ?? '');
    }
    const target = first ?? parseUri(uri);
    if (target === undefined) return 416;
    if (this.#isOwn(target)) return 404;
    return this.#toward(uri, routes, { host: target.host, port: target.port, protocol: target.transport });
  }

  #toward(uri: string, routes: readonly string[], to: Place & { readonly protocol: Protocol }): Itinerary | number {
    const post = this.#posts.get(to.protocol);
    if (post === undefined) return 500;
    return /^[\d.]+$|:/.test(to.host) ? { uri, routes, post, to } : 404;
  }

  #outgoing(request: Message, itinerary: Itinerary, source: Source): Request {
    const { method, body } = request;
    const headers: Header[] = [];
    const hops = Number(request.has('max-forwards') ? request.header('max-forwards') : 70) - 1;
    headers.push(['Max-Forwards', String(hops)]);
    for (const route of itinerary.routes) headers.push(['Route', route]);
    if (this.#isRecorded(request))
      for (const route of this.#recordRoute(source.post.protocol, itinerary.post.protocol))
        headers.push(['Record-Route', route]);
    for (const header of request.headers) {
      const [name] = header;
      if (name !== 'Max-Forwards' && name !== 'Route') headers.push(header);
    }
    return { method, uri: itinerary.uri, headers, body };
  }

  #isRecorded({ method, toTag }: Message): boolean {
    if (method === 'INVITE' || method === 'SUBSCRIBE' || method === 'REFER')
      return toTag === '' || this.#options.recordsRefreshes;
    return method === 'UPDATE' && this.#options.recordsRefreshes;
  }

  /** Two where the sides differ, so that each side's messages are led to the right one (RFC 5658 §5). */
  #recordRoute(from: Protocol, to: Protocol): string[] {
    return from === to ? [this.#ownRoute(from)] : [this.#ownRoute(to), this.#ownRoute(from)];
  }

  #ownRoute(protocol: Protocol): string {
    const { host, port } = this.#options.address;
    return `<sip:${writeHostPort(host, port)}${protocol === 'tcp' ? ';transport=tcp' : ''};lr>`;
  }

  #isOwnText(text: string): boolean {
    const uri = text === '' ? undefined : parseUri(text);
    return uri !== undefined && uri.user === '' && this.#isOwn(uri);
  }

  #isOwn({ host, port }: Uri): boolean {
    const { address } = this.#options;
    return host === address.host && port === address.port;
  }

  /**
   * The same for a request that comes again, and for its CANCEL, which may reach a proxy that has died meanwhile and knows no such
   * INVITE (RFC 3261 §16.10, §16.11).
   */
  #branchFor(request: Message): string {
    return `z9hG4bK${digest(`${this.#ownName} ${request.topVia.replace(/;(received|rport)[^;]*/g, '')}`)}`;
  }

  #tagFor(request: Message): string {
    return digest(`${this.#ownName} ${request.callId} ${request.fromTag}`);
  }

  get #ownName(): string {
    const { seed, address } = this.#options;
    return `${seed} ${address.host} ${address.port}`;
  }
}

interface Itinerary {
  readonly uri: string;
  readonly routes: readonly string[];
  readonly post: Post;
  readonly to: Place;
}

/** What the responses to one forwarded request become (RFC 3261 §16.7). */
class Relay implements ClientHearer {
  readonly #server: ServerTransaction;
  readonly #transactions: Transactions;
  readonly #tag: string;
  readonly #ended: () => void;
  #timerC: Timer | undefined;
  #expired: () => void = () => undefined;

  constructor(server: ServerTransaction, transactions: Transactions, tag: string, ended: () => void) {
    this.#server = server;
    this.#transactions = transactions;
    this.#tag = tag;
    this.#ended = ended;
  }

  /** Starts timer C. */
  watch(expired: () => void): void {
    this.#expired = expired;
    this.#timerC?.cancel();
    if (this.#server.isOpen) this.#timerC = this.#transactions.timers.after(timerCMs, expired);
  }

  provisional(response: Message): void {
    if (response.status === 100) return;
    if (this.#server.request.method === 'INVITE') this.watch(this.#expired);
    this.#pass(response);
  }

  final(response: Message): void {
    this.#end();
    if (response.status === 503) this.#server.respond(500, { toTag: this.#tag });
    else this.#pass(response);
  }

  failed(status: 408 | 503): void {
    this.#end();
    this.#server.respond(status === 503 ? 500 : status, { toTag: this.#tag });
  }

  #pass(response: Message): void {
    const [, ...vias] = response.values('via');
    if (vias.length === 0) return;
    const headers: Header[] = vias.map((via) => ['Via', via]);
    for (const header of response.headers) if (header[0] !== 'Via') headers.push(header);
    this.#server.pass(response.status, write(response.startLine, headers, response.body));
  }

  #end(): void {
    this.#timerC?.cancel();
    this.#ended();
  }
}

/** @see RFC 3261 §16.3 */
function refusalOf(request: Message): number | undefined {
  if (request.header('max-forwards') === '0') return 483;
  return request.has('proxy-require') ? 420 : undefined;
}
