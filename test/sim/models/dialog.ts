import { tagOf, uriOf } from './address-value.ts';
import type { Header, Message } from './message.ts';
import type { Place, Source } from './post.ts';
import type { Request } from './request.ts';
import type { SessionTimer } from './session-timer.ts';
import { parseUri } from './uri.ts';

/** What a dialog is, in plain data. */
export interface DialogRecord {
  readonly callId: string;
  /** Its Call-ID is ours. */
  readonly isCaller: boolean;
  /** Values of From and To of our requests. */
  readonly local: string;
  readonly remote: string;
  readonly routeSet: readonly string[];
  readonly remoteTarget: string;
  readonly localTarget: string;
  readonly localCseq: number;
  readonly remoteCseq: number;
  readonly peerAllows: readonly string[] | undefined;
  readonly session: number;
  /** Of the session timer; 0 for none. */
  readonly intervalS: number;
  readonly isRefresher: boolean;
}

/** A dialog of RFC 3261 §12: its route set is made once, its remote target changes with each refresh. */
export class Dialog {
  /** Call-ID, local and remote tag. */
  readonly id: string;
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** Its Call-ID is ours. */
  readonly isCaller: boolean;
  /** URIs in angle brackets, the next hop first. */
  routeSet: readonly string[];
  remoteTarget: string;
  /** URI of the Contact that the peer has taken. */
  localTarget: string;
  state: 'early' | 'confirmed' | 'ended' = 'early';
  remoteCseq: number;
  /** What the peer's Allow has named; undefined as long as there was none. */
  peerAllows: readonly string[] | undefined;
  /** A target that is no address is reached where its requests came from. */
  source: Source | undefined;
  /** An INVITE of ours has no final response yet. */
  isInviting = false;
  /** An offer of ours has no answer yet. */
  isOffering = false;
  /** Contact of our last target refresh, and as long as requests may come that were sent before it: their answers name no other (RFC 6141 §4.8). */
  moved: { readonly contact: string; readonly untilMs: number } | undefined;
  /** Number of our session description. */
  session: number;
  /** Largest Min-SE of the peer, in seconds. */
  minSeS = 0;
  /** @see RFC 3262 §3 */
  awaitedPrack: { readonly rack: string; readonly taken: () => void } | undefined;
  /** Our 2xx to INVITE that wait for their ACK, by CSeq. */
  readonly unacknowledged: Map<number, { acknowledge(): void }> = new Map();
  /** What waits until there are none. */
  readonly afterAck: (() => void)[] = [];
  /** Of a dialog that is confirmed. */
  timer: SessionTimer | undefined;
  /** Ends what keeps it: its call, its session timer. */
  readonly leavers: Set<() => void> = new Set();
  readonly #local: string;
  readonly #remote: string;
  #localCseq: number;

  constructor(record: DialogRecord) {
    this.callId = record.callId;
    this.isCaller = record.isCaller;
    this.#local = record.local;
    this.#remote = record.remote;
    this.localTag = tagOf(record.local);
    this.remoteTag = tagOf(record.remote);
    this.id = dialogId(record.callId, this.localTag, this.remoteTag);
    this.routeSet = record.routeSet;
    this.remoteTarget = record.remoteTarget;
    this.localTarget = record.localTarget;
    this.#localCseq = record.localCseq;
    this.remoteCseq = record.remoteCseq;
    this.peerAllows = record.peerAllows;
    this.session = record.session;
  }

  /** As the side that is called (RFC 3261 §12.1.1). */
  static ofInvite(invite: Message, localTag: string, session: number): Dialog {
    return new Dialog({
      ...unnegotiated,
      callId: invite.callId,
      isCaller: false,
      local: `${invite.header('to')};tag=${localTag}`,
      remote: invite.header('from'),
      routeSet: routesOf(invite),
      remoteTarget: uriOf(invite.header('contact')),
      localCseq: 0,
      remoteCseq: invite.cseq,
      session,
    });
  }

  /** As the side that calls (RFC 3261 §12.1.2). */
  static ofResponse(response: Message, session: number): Dialog {
    return new Dialog({
      ...unnegotiated,
      callId: response.callId,
      isCaller: true,
      local: response.header('from'),
      remote: response.header('to'),
      routeSet: routesOf(response).reverse(),
      remoteTarget: uriOf(response.header('contact')),
      localCseq: response.cseq,
      remoteCseq: -1,
      session,
    });
  }

  /** The first hop of its requests; undefined where it is no address. */
  get destination(): Place | undefined {
    const uri = parseUri(uriOf(this.routeSet[0] ?? '') || this.remoteTarget);
    return uri !== undefined && /^[\d.]+$|:/.test(uri.host) ? { host: uri.host, port: uri.port } : undefined;
  }

  get localCseq(): number {
    return this.#localCseq;
  }

  get record(): DialogRecord {
    const { callId, isCaller, routeSet, remoteTarget, localTarget, localCseq, remoteCseq, peerAllows, session } = this;
    return {
      callId,
      isCaller,
      local: this.#local,
      remote: this.#remote,
      routeSet,
      remoteTarget,
      localTarget,
      localCseq,
      remoteCseq,
      peerAllows,
      session,
      intervalS: this.timer?.intervalS ?? 0,
      isRefresher: this.timer?.isOurs === true,
    };
  }

  /** A request inside it (RFC 3261 §12.2.1.1). */
  request(method: string, headers: readonly Header[], body = ''): Request {
    return this.#request(method, ++this.#localCseq, headers, body);
  }

  ack(cseq: number, headers: readonly Header[], body = ''): Request {
    return this.#request('ACK', cseq, headers, body);
  }

  #request(method: string, cseq: number, extra: readonly Header[], body: string): Request {
    const routes = [...this.routeSet];
    let uri = this.remoteTarget;
    if (routes.length > 0 && parseUri(uriOf(routes[0] ?? ''))?.isLoose === false) {
      routes.push(`<${uri}>`);
      uri = uriOf(routes.shift() ?? '');
    }
    const headers: Header[] = [
      ['Max-Forwards', '70'],
      ...routes.map((route): Header => ['Route', route]),
      ['From', this.#local],
      ['To', this.#remote],
      ['Call-ID', this.callId],
      ['CSeq', `${cseq} ${method}`],
      ...extra,
    ];
    return { method, uri, headers, body };
  }
}

const unnegotiated = { localTarget: '', peerAllows: undefined, intervalS: 0, isRefresher: false } as const;

export function dialogId(callId: string, localTag: string, remoteTag: string): string {
  return `${callId} ${localTag} ${remoteTag}`;
}

/** URIs of Record-Route, in their order, without the header's own parameters. */
export function routesOf(message: Message): string[] {
  return message.recordRoute.map((value) => `<${uriOf(value)}>`);
}
