import type { RandomSource } from '../contract.ts';
import type { Message } from '../message/message.ts';
import type { ViaView } from '../message/via.ts';
import { hasCookie } from '../transaction/branch.ts';
import { addressSize, emptyAddress, setIp, setPort, setProtocol } from './address-octets.ts';
import { base32Size, readBase32, writeBase32 } from './base32.ts';
import { Signer, signatureSize } from './signature.ts';

const cookie = Uint8Array.from('z9hG4bK', (character) => character.charCodeAt(0));
const digitCount = base32Size(signatureSize);
const separator = new Uint8Array(1);

/**
 * The branches of a stateless proxy: each is a signature of the branch that came in and of where responses go, so that a
 * retransmission, an ACK for a failure and a CANCEL get the branch of their request, and a response shows by its own
 * two topmost Vias that we forwarded its request, and whence. No other response makes us send anything anywhere.
 *
 * @see RFC 3261 §16.11
 */
export class ViaBranches {
  /** The branch that was made last. */
  readonly branch: Uint8Array = new Uint8Array(cookie.length + digitCount);
  readonly #signer: Signer;
  readonly #raw: Uint8Array = new Uint8Array(signatureSize);
  readonly #number: Uint8Array = new Uint8Array(4);
  /** Where the response that was read last goes. */
  readonly reply: Uint8Array = emptyAddress();

  constructor(random: RandomSource) {
    this.#signer = new Signer(random);
    this.branch.set(cookie);
  }

  /** Makes the branch of `request`, whose responses go to `reply`. */
  make(request: Message, reply: Uint8Array): void {
    this.#begin(request, request.via, reply);
    this.#signer.sign(this.#raw, 0);
    writeBase32(this.#raw, signatureSize, this.branch, cookie.length);
  }

  /** True when `response` answers a request that we forwarded: `reply` is then where it came from. */
  read(response: Message): boolean {
    const { bytes, via, secondVia } = response;
    const { start, end } = via.branch;
    if (end - start !== this.branch.length || !hasCookie(bytes, start, end)) return false;
    if (readBase32(bytes, start + cookie.length, end, this.#raw) !== signatureSize) return false;
    if (secondVia.presence !== 'present' || !setReply(this.reply, bytes, secondVia)) return false;
    this.#begin(response, secondVia, this.reply);
    return this.#signer.verify(this.#raw, 0);
  }

  /** A tag of ours for responses to the request whose branch was made last: the same for its retransmissions. @see RFC 3261 §8.2.7 */
  tag(): string {
    return String.fromCharCode(...this.branch.subarray(cookie.length));
  }

  /** Is [start, end) that tag? */
  isTag(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start !== digitCount) return false;
    for (let i = 0; i < digitCount; i++) if (bytes[start + i] !== this.branch[cookie.length + i]) return false;
    return true;
  }

  #begin(message: Message, via: ViaView, reply: Uint8Array): void {
    const { bytes, callId, from, cseq } = message;
    const { branch } = via;
    const signer = this.#signer;
    signer.begin();
    signer.add(reply, 0, addressSize);
    signer.add(bytes, branch.start, branch.end);
    if (hasCookie(bytes, branch.start, branch.end)) return;
    // The branch of an RFC 2543 client is not unique, or there is none. What stands in a response as well must do.
    const number = this.#number;
    for (let i = 0; i < 4; i++) number[i] = cseq.number >>> (8 * i);
    signer.add(separator, 0, 1);
    signer.add(bytes, callId.start, callId.end);
    signer.add(separator, 0, 1);
    signer.add(bytes, from.tag.start, from.tag.end);
    signer.add(number, 0, 4);
  }
}

/**
 * Sets `into` to where responses to a request that came from `source` go: there, on the port that the client asked for or
 * named.
 *
 * @see RFC 3261 §18.2.2; RFC 3581 §4
 */
export function setReplyTo(into: Uint8Array, via: ViaView, source: Uint8Array): void {
  into.set(source);
  if (via.rport && via.rportPort === 0) return;
  const port = via.rportPort === 0 ? via.port : via.rportPort;
  setPort(into, port === 0 ? 5060 : port);
}

/** The same, read from the Via that we forwarded. */
function setReply(into: Uint8Array, bytes: Uint8Array, via: ViaView): boolean {
  if (!setProtocol(into, via.protocol)) return false;
  const { host, received } = via;
  const from = received.end > received.start ? received : host;
  if (!setIp(into, bytes, from.start, from.end)) return false;
  if (via.rportPort !== 0) setPort(into, via.rportPort);
  else setPort(into, via.port === 0 ? 5060 : via.port);
  return true;
}
