import type { Message } from '../message/message.ts';
import type { Span } from '../message/span.ts';
import { hasCookie } from './branch.ts';

/** Octets of the longest key: a client that writes more than this into branch and sent-by means no good. */
const keyMax = 1_024;
const upperA = 0x41;
const upperZ = 0x5a;
const lowerBit = 0x20;

/**
 * The key of a server transaction, written into a buffer of its own.
 *
 * Each part is preceded by its length in two octets, so that no part can pretend to be the end of one and the beginning
 * of the next, whatever octets a stranger puts into it.
 *
 * @see RFC 3261 §17.2.3
 */
export class MatchKey {
  readonly bytes: Uint8Array = new Uint8Array(keyMax);
  length: number = 0;
  #fits = true;

  /** Writes the key of `request` as if its method were `method`; false when it is too long for any client's. */
  write(request: Message, method: string): boolean {
    const { via, bytes } = request;
    this.#fits = true;
    const legacy = !hasCookie(bytes, via.branch.start, via.branch.end);
    this.bytes[0] = legacy ? 1 : 0;
    this.length = 1;
    this.#text(method);
    if (legacy) {
      this.#legacyParts(request, method);
    } else {
      this.#part(bytes, via.branch);
      this.#host(bytes, via.host);
      this.#number(via.port);
    }
    return this.#fits;
  }

  /** Writes what a request outside dialogs shares with its copies by other paths; false when it has none, or too long ones. @see RFC 3261 §8.2.2.2 */
  writeOrigin(request: Message, method: string): boolean {
    const { bytes, from, callId, cseq } = request;
    this.#fits = from.tag.end > from.tag.start;
    this.bytes[0] = 2;
    this.length = 1;
    this.#text(method);
    this.#part(bytes, from.tag);
    this.#part(bytes, callId);
    this.#number(cseq.number);
    return this.#fits;
  }

  /**
   * The To tag is left out for INVITE: its ACK has the one of our response, and CSeq, Call-ID and From tag tell one
   * INVITE from another. It would only help a proxy that forked, crashed, and gets the ACK of another's branch.
   */
  #legacyParts(request: Message, method: string): void {
    const { bytes } = request;
    this.#part(bytes, request.requestUri);
    this.#part(bytes, request.from.tag);
    this.#part(bytes, request.callId);
    this.#number(request.cseq.number);
    this.#part(bytes, request.via.value);
    if (method !== 'INVITE') this.#part(bytes, request.to.tag);
  }

  #part(source: Uint8Array, span: Span): void {
    if (!this.#size(span.end - span.start)) return;
    const target = this.bytes;
    let at = this.length;
    for (let from = span.start; from < span.end; from++) target[at++] = source[from] as number;
    this.length = at;
  }

  /** Hosts compare without regard to case (§19.1.4). */
  #host(source: Uint8Array, span: Span): void {
    const start = this.length + 2;
    this.#part(source, span);
    for (let at = start; at < this.length; at++) {
      const octet = this.bytes[at] as number;
      if (octet >= upperA && octet <= upperZ) this.bytes[at] = octet | lowerBit;
    }
  }

  /** A method is a token: one octet a character. */
  #text(value: string): void {
    if (!this.#size(value.length)) return;
    for (let i = 0; i < value.length; i++) this.bytes[this.length++] = value.charCodeAt(i);
  }

  #number(value: number): void {
    if (this.length + 4 > keyMax) {
      this.#fits = false;
      return;
    }
    for (let shift = 24; shift >= 0; shift -= 8) this.bytes[this.length++] = (value >>> shift) & 0xff;
  }

  #size(size: number): boolean {
    if (this.length + 2 + size > keyMax) this.#fits = false;
    if (!this.#fits) return false;
    this.bytes[this.length++] = size >>> 8;
    this.bytes[this.length++] = size & 0xff;
    return true;
  }
}
