import type { Message } from './message.ts';
import type { Source } from './post.ts';
import { type Timer, type Timers, t1Ms, t2Ms, t4Ms, t64Ms } from './timers.ts';
import { parseVia, type Via } from './via.ts';
import { type ResponseParts, writeResponse } from './write.ts';

type State = 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'ended';

/** A server transaction, INVITE's and others' (RFC 3261 §17.2, RFC 6026 §7.1). */
export class ServerTransaction {
  /** With what its receiver adds to its Via. */
  readonly request: Message;
  readonly source: Source;
  readonly #via: Via | undefined;
  readonly #timers: Timers;
  readonly #ended: () => void;
  #state: State = 'proceeding';
  #latest: Uint8Array | undefined;
  /** G. */
  #again: Timer | undefined;
  /** H, I, J or L. */
  #end: Timer | undefined;

  constructor(request: Message, source: Source, timers: Timers, ended: () => void) {
    this.request = request;
    this.source = source;
    this.#via = parseVia(request.topVia);
    this.#timers = timers;
    this.#ended = ended;
  }

  /** No final response has been given. */
  get isOpen(): boolean {
    return this.#state === 'proceeding';
  }

  /** It is forgotten: the same request would be a new one. */
  get isOver(): boolean {
    return this.#state === 'ended';
  }

  respond(status: number, parts?: ResponseParts): void {
    this.pass(status, writeResponse(this.request, status, parts));
  }

  /** Sends a response as it is. Further 2xx to an INVITE are sent as well; whatever else comes after a final one is not. */
  pass(status: number, octets: Uint8Array): void {
    if (this.#state === 'accepted' && status >= 200 && status < 300) this.#transmit(octets);
    if (!this.isOpen) return;
    this.#latest = octets;
    if (status >= 200) this.#complete(status);
    this.#transmit(octets);
  }

  /** The request has come again. */
  receiveAgain(): void {
    if (this.#latest !== undefined && (this.isOpen || this.#state === 'completed')) this.#transmit(this.#latest);
  }

  /** True when the ACK is this transaction's own. */
  receiveAck(): boolean {
    if (this.#state === 'accepted') return false;
    if (this.#state === 'completed') {
      this.#again?.cancel();
      this.#state = 'confirmed';
      this.#linger(this.#isReliable ? 0 : t4Ms);
    }
    return true;
  }

  get #isReliable(): boolean {
    return this.source.post.protocol === 'tcp';
  }

  #complete(status: number): void {
    if (this.request.method !== 'INVITE') {
      this.#state = 'completed';
      this.#linger(this.#isReliable ? 0 : t64Ms);
      return;
    }
    this.#state = status < 300 ? 'accepted' : 'completed';
    if (this.#state === 'completed' && !this.#isReliable)
      this.#again = this.#timers.doubling(t1Ms, t2Ms, () => this.receiveAgain());
    this.#linger(t64Ms);
  }

  #linger(ms: number): void {
    this.#end?.cancel();
    if (ms > 0) this.#end = this.#timers.after(ms, () => this.#finish());
    else this.#finish();
  }

  #finish(): void {
    this.#again?.cancel();
    this.#state = 'ended';
    this.#ended();
  }

  #transmit(octets: Uint8Array): void {
    if (this.#via !== undefined) this.source.post.reply(this.source, this.#via, octets);
  }
}
