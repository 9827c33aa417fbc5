import type { Address, FlowId, RandomSource } from '../contract.ts';
import { KeyedHash } from '../transaction/keyed-hash.ts';
import { addressSize, addressText, sameAddress } from './address-octets.ts';

/** Whoever is at one address: a client, a hop, or a stranger. */
export class Peer {
  readonly octets: Uint8Array;
  address: Address;
  /** One of the list: may ask for what it likes. */
  known: boolean;
  flow: FlowId | undefined = undefined;
  /** The flow that was asked for and has not come yet; 0 for none. */
  openId: number = 0;
  /** A connected socket carries the flow, or is to. */
  connected: boolean = false;
  /** It opened the connection itself: no other one reaches it. */
  inbound: boolean = false;
  /** Its flow was lost, and nothing has been heard from it since. */
  lost: boolean = false;
  /** When a lost peer is tried next. */
  retryAtMs: number = 0;
  /** The branch of the request that tries it. */
  trial: Uint8Array | undefined = undefined;
  /** What waits for a flow. */
  waiting: Uint8Array[] | undefined = undefined;
  /** Used since the hand passed it. */
  used: boolean = true;
  /** The table's own: its hash, the next peer of its bucket, its place under the hand. */
  readonly hash: number;
  next: Peer | undefined = undefined;
  place: number = 0;

  constructor(octets: Uint8Array, hash: number, address: Address, known: boolean) {
    this.octets = octets.slice();
    this.hash = hash;
    this.address = address;
    this.known = known;
  }
}

/**
 * Peers by address, at most so many: when there is no place for another, one that was idle gives up its own.
 *
 * A hand goes round all peers to find it: it passes whom it finds used since its last visit, and takes the next. Who came by a
 * connection that is open keeps its place as long as others have one to give: a flood of datagrams from forged addresses closes no connection.
 */
export class Peers {
  readonly #hash: KeyedHash;
  readonly #max: number;
  readonly #isKnown: (octets: Uint8Array) => boolean;
  readonly #evicted: (peer: Peer) => void;
  #buckets: (Peer | undefined)[] = new Array(64).fill(undefined);
  readonly #all: Peer[] = [];
  #hand = 0;

  constructor(options: {
    readonly random: RandomSource;
    readonly max: number;
    readonly isKnown: (octets: Uint8Array) => boolean;
    /** Hears of a peer that gave up its place; it is gone from the table. */
    readonly evicted: (peer: Peer) => void;
  }) {
    this.#hash = new KeyedHash(options.random);
    this.#max = options.max;
    this.#isKnown = options.isKnown;
    this.#evicted = options.evicted;
  }

  get count(): number {
    return this.#all.length;
  }

  get all(): readonly Peer[] {
    return this.#all;
  }

  /** The peer at an address, made if need be. */
  at(octets: Uint8Array): Peer {
    const hash = this.#hash.of(octets, addressSize);
    return this.#find(octets, hash) ?? this.#add(octets, hash);
  }

  /** The peer at an address; undefined when nobody is known there. */
  find(octets: Uint8Array): Peer | undefined {
    return this.#find(octets, this.#hash.of(octets, addressSize));
  }

  remove(peer: Peer): void {
    const bucket = peer.hash & (this.#buckets.length - 1);
    let link = this.#buckets[bucket];
    if (link === peer) {
      this.#buckets[bucket] = peer.next;
    } else {
      while (link !== undefined && link.next !== peer) link = link.next;
      if (link !== undefined) link.next = peer.next;
    }
    const last = this.#all.pop();
    if (last === undefined || last === peer) return;
    this.#all[peer.place] = last;
    last.place = peer.place;
  }

  #find(octets: Uint8Array, hash: number): Peer | undefined {
    let peer = this.#buckets[hash & (this.#buckets.length - 1)];
    while (peer !== undefined) {
      if (peer.hash === hash && sameAddress(peer.octets, octets)) {
        peer.used = true;
        return peer;
      }
      peer = peer.next;
    }
    return undefined;
  }

  #add(octets: Uint8Array, hash: number): Peer {
    if (this.#all.length >= this.#max) this.#makePlace();
    if (this.#all.length >= this.#buckets.length) this.#grow();
    const peer = new Peer(octets, hash, addressText(octets), this.#isKnown(octets));
    peer.place = this.#all.length;
    this.#all.push(peer);
    this.#link(peer);
    return peer;
  }

  #link(peer: Peer): void {
    const bucket = peer.hash & (this.#buckets.length - 1);
    peer.next = this.#buckets[bucket];
    this.#buckets[bucket] = peer;
  }

  #grow(): void {
    this.#buckets = new Array(2 * this.#buckets.length).fill(undefined);
    for (const peer of this.#all) this.#link(peer);
  }

  #makePlace(): void {
    // One round clears every mark, so the second finds somebody; the third takes whoever it is.
    for (let looks = 3 * this.#all.length; looks > 0; looks--) {
      this.#hand = this.#hand >= this.#all.length - 1 ? 0 : this.#hand + 1;
      const peer = this.#all[this.#hand];
      if (peer === undefined) return;
      const isLastRound = looks <= this.#all.length;
      if (!isLastRound && (peer.used || isConnected(peer))) {
        peer.used = false;
        continue;
      }
      this.remove(peer);
      this.#evicted(peer);
      return;
    }
  }
}

/** Who came by a connection that is open could not be reached again. */
function isConnected(peer: Peer): boolean {
  return peer.inbound && peer.flow !== undefined;
}
