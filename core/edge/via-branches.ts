import type { RandomSource } from '../contract.ts';
import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import { parseVia, ViaView } from '../message/via.ts';
import { hasCookie } from '../transaction/branch.ts';
import { addressSize, emptyAddress, isStream, portOf, setIp, setPort, setProtocol } from './address-octets.ts';
import { base32Size, readBase32, writeBase32 } from './base32.ts';
import type { Itinerary } from './itinerary.ts';
import type { Locals } from './local.ts';
import { Signer, signatureSize } from './signature.ts';

/*
 * What our branches are made of, in base 32 behind the cookie:
 *
 *     signature │ what routing depends on: 4 octets │ way back: 1 │ port of the way back: 2
 *
 *     way back    3 maddr of the Via, not its received or sent-by    2 1 0 protocol
 */
const routingAt = signatureSize;
const routingSize = 4;
const wayBackAt = routingAt + routingSize;
const portAt = wayBackAt + 1;
const rawSize = portAt + 2;
const byMaddr = 8;

const cookie = Uint8Array.from('z9hG4bK', (character) => character.charCodeAt(0));
const digitCount = base32Size(rawSize);
/** So many digits come from the signature alone. */
const tagDigitCount = Math.trunc((8 * signatureSize) / 5);
const separator = new Uint8Array(1);

/** Where responses to a request go. */
export interface WayBack {
  readonly octets: Uint8Array;
  /** The client asked for it by `maddr`. */
  maddr: boolean;
}

/**
 * The branches of a stateless proxy. The first part is a signature of the branch that came in and of where responses go, so that a
 * retransmission, an ACK for a failure and a CANCEL get the branch of their request, and a response shows by its own
 * two topmost Vias that we forwarded its request, and whence. No other response makes us send anything anywhere.
 *
 * The second part tells loops from spirals: a keyed hash of all that decides where the request goes, without its method. A
 * request that comes back with a Via of ours that has the same second part has looped. It hashes what was decided as well, so
 * that a loop is known when it closes, whoever sends the request round.
 *
 * @see RFC 3261 §16.6 (8), §16.11; RFC 5393 §4.2
 */
export class ViaBranches {
  /** The branch that was made last. */
  readonly branch: Uint8Array = new Uint8Array(cookie.length + digitCount);
  /** Where the response that was read last goes. */
  readonly reply: Uint8Array = emptyAddress();
  readonly #locals: Locals;
  readonly #signer: Signer;
  readonly #routing: Signer;
  readonly #raw: Uint8Array = new Uint8Array(rawSize);
  /** The second part of the branch that was made last, with four octets more. */
  readonly #hash: Uint8Array = new Uint8Array(signatureSize);
  readonly #other: Uint8Array = new Uint8Array(rawSize);
  readonly #number: Uint8Array = new Uint8Array(4);
  readonly #via = new ViaView();
  readonly #sentBy = emptyAddress();

  constructor(random: RandomSource, locals: Locals) {
    this.#locals = locals;
    this.#signer = new Signer(random);
    this.#routing = new Signer(random);
    this.branch.set(cookie);
  }

  /** Makes the branch of `request`, whose responses go back by `wayBack`; of its second part `route` makes what it should be. */
  make(request: Message, wayBack: WayBack): void {
    const raw = this.#raw;
    const { octets, maddr } = wayBack;
    this.#begin(request, request.via, octets);
    this.#signer.sign(raw, 0);
    raw.fill(0, routingAt, wayBackAt);
    raw[wayBackAt] = (octets[0] as number) | (maddr ? byMaddr : 0);
    raw[portAt] = portOf(octets) >>> 8;
    raw[portAt + 1] = portOf(octets);
    writeBase32(raw, rawSize, this.branch, cookie.length);
  }

  /** Puts into the branch that was made last what decided that its request goes to `target`. */
  route(request: Message, itinerary: Itinerary, target: Uint8Array): void {
    const { bytes, requestUri, callId, from, cseq } = request;
    const { routes } = itinerary;
    const hash = this.#routing;
    hash.begin();
    hash.add(target, 0, addressSize);
    hash.add(bytes, requestUri.start, requestUri.end);
    for (let i = 0; i < routes.count; i++) {
      hash.add(separator, 0, 1);
      hash.add(bytes, routes.uriStart(i), routes.uriEnd(i));
    }
    // Another transaction is another chance, should two ways ever have one hash.
    hash.add(separator, 0, 1);
    hash.add(bytes, callId.start, callId.end);
    hash.add(separator, 0, 1);
    hash.add(bytes, from.tag.start, from.tag.end);
    hash.add(this.#numberOf(cseq.number), 0, 4);
    hash.sign(this.#hash, 0);
    this.#raw.set(this.#hash.subarray(0, routingSize), routingAt);
    writeBase32(this.#raw, rawSize, this.branch, cookie.length);
  }

  /** Has `request` been here before, and gone the way that `route` has just put into its branch? */
  loops(request: Message): boolean {
    const { bytes } = request;
    for (let line = request.first(HeaderId.Via); line >= 0; line = request.next(line)) {
      const end = request.valueEnd(line);
      for (let at = request.valueStart(line); at < end; at++) {
        at = parseVia(bytes, at, end, this.#via);
        if (at < 0) break; // nobody's way back but its own
        if (this.#isOurs(bytes, this.#via, this.#other) && this.#hasSameRouting(this.#other)) return true;
      }
    }
    return false;
  }

  /** True when `message`, a response or a request of ours that came to nothing, is one that we forwarded: `reply` is then where it came from. */
  read(message: Message): boolean {
    const { bytes, via, secondVia } = message;
    const raw = this.#other;
    if (secondVia.presence !== 'present' || !this.#isOurs(bytes, via, raw)) return false;
    const wayBack = raw[wayBackAt] as number;
    const { received, maddr, host } = secondVia;
    const marked = received.end > received.start ? received : host;
    const from = (wayBack & byMaddr) === 0 ? marked : maddr;
    if (!setIp(this.reply, bytes, from.start, from.end)) return false;
    this.reply[0] = wayBack & 7;
    setPort(this.reply, ((raw[portAt] as number) << 8) | (raw[portAt + 1] as number));
    this.#begin(message, secondVia, this.reply);
    return this.#signer.verify(raw, 0);
  }

  /** A tag of ours for responses to the request whose branch was made last: the same for its retransmissions. @see RFC 3261 §8.2.7 */
  tag(): string {
    return String.fromCharCode(...this.branch.subarray(cookie.length, cookie.length + tagDigitCount));
  }

  /** The tag for responses to a request that we have forwarded, and that bears the branch which was made for it. */
  tagOf(forwarded: Message): string {
    const start = forwarded.via.branch.start + cookie.length;
    return forwarded.text({ start, end: start + tagDigitCount });
  }

  /** Is [start, end) that tag? */
  isTag(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start !== tagDigitCount) return false;
    for (let i = 0; i < tagDigitCount; i++) if (bytes[start + i] !== this.branch[cookie.length + i]) return false;
    return true;
  }

  /** Reads a branch that looks like ours, from a Via that says so. */
  #isOurs(bytes: Uint8Array, via: ViaView, into: Uint8Array): boolean {
    const { start, end } = via.branch;
    if (end - start !== this.branch.length || !hasCookie(bytes, start, end)) return false;
    if (readBase32(bytes, start + cookie.length, end, into) !== rawSize) return false;
    const { host, port, protocol } = via;
    const sentBy = this.#sentBy;
    if (!setProtocol(sentBy, protocol) || !setIp(sentBy, bytes, host.start, host.end)) return false;
    if (port !== 0) setPort(sentBy, port);
    return this.#locals.has(sentBy);
  }

  #hasSameRouting(raw: Uint8Array): boolean {
    for (let i = 0; i < routingSize; i++) if (raw[routingAt + i] !== this.#hash[i]) return false;
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
    signer.add(separator, 0, 1);
    signer.add(bytes, callId.start, callId.end);
    signer.add(separator, 0, 1);
    signer.add(bytes, from.tag.start, from.tag.end);
    signer.add(this.#numberOf(cseq.number), 0, 4);
  }

  #numberOf(value: number): Uint8Array {
    for (let i = 0; i < 4; i++) this.#number[i] = value >>> (8 * i);
    return this.#number;
  }
}

/**
 * Finds where responses to `request` go, which came from `source`. By a connection they go back on it; a datagram's go to the
 * address that it came from, on the port that it came from where the client asks for that by `rport`, else on the one in
 * sent-by. Only who is `known` may have them sent to another address, by `maddr`.
 *
 * @see RFC 3261 §18.2.2; RFC 3581 §4
 */
export function findWayBack(into: WayBack, request: Message, source: Uint8Array, known: boolean): void {
  const { octets } = into;
  const { bytes, via } = request;
  const { maddr } = via;
  octets.set(source);
  into.maddr = false;
  if (isStream(source)) return;
  if (known && maddr.end > maddr.start) {
    into.maddr = setIp(octets, bytes, maddr.start, maddr.end);
    if (!into.maddr) octets.set(source);
  } else if (via.rport) {
    return; // whatever it says: the port is ours to fill in
  }
  setPort(octets, via.port === 0 ? 5060 : via.port);
}
