import type { RandomSource } from '../contract.ts';
import type { Message } from '../message/message.ts';
import type { Writer } from '../message/write.ts';
import { addressSize, emptyAddress, isIpv4, isStream, sameAddress, sameIp } from './address-octets.ts';
import { base32Size, readBase32, writeBase32 } from './base32.ts';
import { LostFlows } from './lost-flows.ts';
import { Signer, signatureSize } from './signature.ts';

/*
 * What a token is made of, in base 32 as the user part of our Record-Route URI:
 *
 *     kinds │ era, high octet first │ one address: 4 or 16 octets, port │ other address: the same │ signature
 *
 *     kinds    7   5 4   2 1 0      protocols of other and one, IPv4 of other and one
 *
 * The signature covers era, addresses and the Call-ID, which the token need not repeat.
 */
const maskIpv4One = 1;
const maskIpv4Other = 2;
const protocolOne = 2;
const protocolOther = 5;
const addressesAt = 3;
const tokenSizeMax = addressesAt + 2 * (addressSize - 1) + signatureSize;

/**
 * The state of an edge, kept in the routes of its dialogs instead of in its memory: each token says between which two
 * addresses a dialog was carried, and is good in that dialog only. What the edge itself remembers is the key: without
 * it no token verifies, and a token that does not verify stands for state that is lost, whoever wrote it.
 *
 * An address in a token stands for the flow that there was: for a connection it is the port that it came from, and a flow that
 * was declared lost is told by the token's age.
 *
 * @see RFC 3261 §16.6 (4); RFC 5626 §5.3.1; [MS-SIPRE] §3.6.6
 */
export class RouteTokens {
  /** The addresses of the token that was read last, if it was good. */
  readonly one: Uint8Array = emptyAddress();
  readonly other: Uint8Array = emptyAddress();
  /** What was read last has the form of a token, good or not. */
  formed: boolean = false;
  /** The era of that token. */
  #era = 0;
  readonly #flows = new LostFlows();
  readonly #signer: Signer;
  readonly #raw: Uint8Array = new Uint8Array(tokenSizeMax);
  readonly #digits: Uint8Array = new Uint8Array(base32Size(tokenSizeMax));

  constructor(random: RandomSource) {
    this.#signer = new Signer(random);
  }

  /** Loses the state: no token that was written so far is good any more. */
  forget(): void {
    this.#signer.renew();
    this.#flows.clear();
  }

  /** Loses the flow of the client with this key: tokens that name it so far stand for one that is gone. */
  loseFlow(key: string): void {
    if (!this.#flows.lose(key)) this.forget();
  }

  /** Writes the token of the dialog of `request`, carried from the address `one` to the address `other`. */
  write(writer: Writer, request: Message, one: Uint8Array, other: Uint8Array): void {
    const raw = this.#raw;
    raw[0] =
      (isIpv4(one) ? maskIpv4One : 0) |
      (isIpv4(other) ? maskIpv4Other : 0) |
      ((one[0] as number) << protocolOne) |
      ((other[0] as number) << protocolOther);
    raw[1] = this.#flows.era >>> 8;
    raw[2] = this.#flows.era;
    let at = packAddress(one, raw, addressesAt);
    at = packAddress(other, raw, at);
    this.#begin(request, one, other);
    this.#signer.sign(raw, at);
    writer.bytes(this.#digits, 0, writeBase32(raw, at + signatureSize, this.#digits, 0));
  }

  /** Is there in [start, end) of `request` a token that we wrote for its dialog? */
  read(request: Message, start: number, end: number): boolean {
    const raw = this.#raw;
    const size = readBase32(request.bytes, start, end, raw);
    this.formed = false;
    if (size < addressesAt) return false;
    const kinds = raw[0] as number;
    const ipv4One = (kinds & maskIpv4One) !== 0;
    const ipv4Other = (kinds & maskIpv4Other) !== 0;
    if (size !== addressesAt + packedSize(ipv4One) + packedSize(ipv4Other) + signatureSize) return false;
    this.formed = true;
    this.one[0] = (kinds >>> protocolOne) & 7;
    this.other[0] = kinds >>> protocolOther;
    let at = unpackAddress(raw, addressesAt, ipv4One, this.one);
    at = unpackAddress(raw, at, ipv4Other, this.other);
    this.#era = ((raw[1] as number) << 8) | (raw[2] as number);
    this.#begin(request, this.one, this.other);
    return this.#signer.verify(raw, at);
  }

  /** Does the token that was read last name `address`? */
  names(address: Uint8Array): boolean {
    return sameAddress(address, this.one) || sameAddress(address, this.other);
  }

  /** Does it name the IP of `address`? */
  namesIp(address: Uint8Array): boolean {
    return sameIp(address, this.one) || sameIp(address, this.other);
  }

  /**
   * The address on the side of `address`; undefined when the token that was read last does not name it. A connection need
   * not come from the port that the token names: its IP tells the side, if both sides have not the same.
   */
  near(address: Uint8Array): Uint8Array | undefined {
    if (sameAddress(address, this.one)) return this.one;
    if (sameAddress(address, this.other)) return this.other;
    if (!isStream(address) || sameIp(this.one, this.other)) return undefined;
    if (sameIp(address, this.one)) return this.one;
    return sameIp(address, this.other) ? this.other : undefined;
  }

  /** The address on the far side from `address`; undefined when the token that was read last does not name that. */
  opposite(address: Uint8Array): Uint8Array | undefined {
    const near = this.near(address);
    if (near === undefined) return undefined;
    return near === this.one ? this.other : this.one;
  }

  /** Was the flow lost that the token which was read last means by `address`? */
  lost(address: Uint8Array): boolean {
    return this.#flows.lostSince(address, this.#era);
  }

  #begin(request: Message, one: Uint8Array, other: Uint8Array): void {
    const signer = this.#signer;
    signer.begin();
    signer.add(one, 0, addressSize);
    signer.add(other, 0, addressSize);
    signer.add(this.#raw, 1, addressesAt);
    signer.add(request.bytes, request.callId.start, request.callId.end);
  }
}

/** Octets of an address in a token, its protocol apart. */
function packedSize(ipv4: boolean): number {
  return ipv4 ? 6 : 18;
}

function packAddress(address: Uint8Array, target: Uint8Array, offset: number): number {
  const start = addressSize - packedSize(isIpv4(address));
  for (let at = start; at < addressSize; at++) target[offset + at - start] = address[at] as number;
  return offset + addressSize - start;
}

function unpackAddress(raw: Uint8Array, offset: number, ipv4: boolean, into: Uint8Array): number {
  const size = packedSize(ipv4);
  into.fill(0, 1);
  if (ipv4) into.fill(0xff, addressSize - size - 2, addressSize - size);
  for (let i = 0; i < size; i++) into[addressSize - size + i] = raw[offset + i] as number;
  return offset + size;
}
