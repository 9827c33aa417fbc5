import type { MemoryUse } from '../contract.ts';
import type { Block } from '../transaction/slab.ts';
import type { Authorizations } from './authorizations.ts';
import { clear, DialogColumns } from './columns.ts';
import { Part, type RecordParts, Records } from './record.ts';
import { beginsStrict, hasSips, isAllSips, isSips } from './route-set.ts';
import type { Slice } from './slice.ts';

declare const dialogId: unique symbol;

/**
 * A dialog as the program knows it: its shard, its row in the table and the row's generation, so that an id that outlived its
 * dialog finds nothing. A safe integer.
 */
export type DialogId = number & { readonly [dialogId]: true };

/** Row number of a dialog: what the layers inside hand around within a step. */
export type DialogIndex = number;

/** Where a dialog stands. Early ones hang on the INVITE that makes them, and carry no session timer. @see RFC 3261 §12 */
export const DialogState = {
  free: 0,
  confirmed: 1,
  ending: 2,
  early: 3,
  /** Over for the program; only its BYE is still owed to the peer. */
  owed: 4,
} as const;
export type DialogState = (typeof DialogState)[keyof typeof DialogState];

/** Bits of `flags`. */
export const DialogFlag = {
  /** We began the call, so the Call-ID is ours (RFC 3261 §14.1 decides glare by it). */
  callIdOwner: 1,
  /** The remote sequence number is known. */
  remoteSequence: 2,
  /** The peer's Allow lists UPDATE. @see RFC 3311 §4 */
  allowsUpdate: 4,
  /** The peer's Supported names the option tag of Session Dialog Resiliency. */
  resilient: 8,
  /** We are the refresher. @see RFC 4028 §7.2 */
  refresher: 16,
  /** The session timer is on. */
  sessionTimer: 32,
  /** An offer of ours is pending in the dialog: an INVITE, or an UPDATE with a session description. */
  offerPending: 64,
  /** An INVITE of the peer's is pending in the dialog. */
  remoteInvitePending: 128,
  /** The first route is a strict router's. @see RFC 3261 §12.2.1.1 */
  strictRoute: 256,
  /** It was set up with a SIPS URI, as target or in the route set: both stay SIPS. @see RFC 3261 §12.1.1, §26.2.2 */
  secure: 512,
  /** Set up straight with its peer, without route and listed hop: its requests follow the remote target. */
  direct: 0x4000,
  /** An early dialog's INVITE, or an UPDATE, has brought an offer that has no answer yet, but in previews. @see RFC 3311 §5.2 */
  remoteOfferPending: 1024,
  /** The peer's Supported names `replaces`. @see RFC 3891 §6.2 */
  replaces: 0x2000,
  /** The call is an emergency one: it is healed before others. @see emergency.ts */
  emergency: 0x8000,
} as const;

/** Any of these: an offer waits for its answer, and none of ours may follow before. @see RFC 3264 §4, RFC 3261 §14.1, RFC 3311 §5.1 */
export const anyOfferPending: number =
  DialogFlag.offerPending | DialogFlag.remoteInvitePending | DialogFlag.remoteOfferPending;

/** @see RFC 3261 §8.1.1.5 */
const sequenceMax = 2 ** 31 - 1;
/** For a BYE by the route set and one around it, each challenged. */
const sequencesForBye = 4;

const indexBits = 24;
/** Above, linear probing takes long to find that a dialog is not there. */
const indexLoadMax = 0.75;
/** What is left of the 53 bits of a safe integer, beside the number of the shard. */
const generationBits = 24;
const generationMask = 2 ** generationBits - 1;
const generationsPerLife = 2 ** 16;

/**
 * The dialogs of one engine, off the heap.
 *
 * A dialog is a row: columns of numbers, and one record of octets in a slab. Rows are found by Call-ID and local tag through
 * an open-addressed index.
 */
export class DialogTable {
  /** Most live dialogs. */
  readonly capacity: number;
  /** Rows of each column: of live dialogs, and of owed ones. */
  readonly rows: number;
  /** Whoever knows more of dialogs has columns here, too. */
  readonly columns: DialogColumns;
  /** Our side offers Session Dialog Resiliency: its routes heal, and a server may ask for that. */
  readonly resilient: boolean;
  readonly records: Records = new Records();
  readonly state: Uint8Array;
  readonly flags: Uint16Array;
  readonly localSequence: Uint32Array;
  readonly remoteSequence: Uint32Array;
  /** Seconds; meaningful while the flag `sessionTimer` is set. @see RFC 4028 §4 */
  readonly sessionInterval: Uint32Array;
  readonly sessionTimer: Uint32Array;
  /** Seconds: the largest Min-SE that was heard of in the dialog; 0 when there was none. @see RFC 4028 §7.4 */
  readonly minSessionInterval: Uint32Array;
  /** Hash of the peer's last session description; 0 when there was none. */
  readonly remoteSession: Uint32Array;
  /** Requests of ours with a lower number were sent before the peer last moved; 0 when it has not. @see target-moves.ts */
  readonly movedBefore: Uint32Array;
  /** Of dialogs that were challenged: what their requests carry. */
  readonly authorizations: Map<DialogIndex, Authorizations> = new Map();
  readonly #generation: Uint32Array;
  /** Of a free row: the next free one, plus one. */
  readonly #block: Uint32Array;
  readonly #hash: Uint32Array;
  /** Row plus one, 0 is empty; linear probing, deletion by shifting back. */
  readonly #index: Uint32Array;
  readonly #mask: number;
  readonly #seed: number;
  readonly #idBase: number;
  readonly #firstGeneration: number;
  #freeHead = 0;
  #rows = 0;
  #count = 0;
  #owed = 0;

  /** `capacity` is of live dialogs; so many more rows may be owed. */
  constructor(options: {
    readonly capacity: number;
    readonly owed?: number;
    readonly hashSeed: number;
    readonly resilient?: boolean;
    /** Number of the shard, 0–31: no two shards of a stack give the same id. */
    readonly shard?: number;
    /** How often the shard was begun before: no two of its lives give the same id, for long. */
    readonly life?: number;
  }) {
    const rows = Math.min(options.capacity + (options.owed ?? 0), 2 ** indexBits);
    this.capacity = options.capacity;
    this.rows = rows;
    this.resilient = options.resilient ?? true;
    this.#seed = options.hashSeed >>> 0;
    this.#firstGeneration = (options.life ?? 0) * generationsPerLife;
    this.#idBase = (options.shard ?? 0) * 2 ** (indexBits + generationBits);
    const columns = new DialogColumns(rows);
    this.columns = columns;
    this.state = columns.uint8();
    this.flags = columns.uint16();
    this.localSequence = columns.uint32();
    this.remoteSequence = columns.uint32();
    this.sessionInterval = columns.uint32();
    this.sessionTimer = columns.uint32();
    this.minSessionInterval = columns.uint32();
    this.remoteSession = columns.uint32();
    this.movedBefore = columns.uint32();
    this.#generation = columns.uint32();
    this.#block = columns.uint32();
    this.#hash = columns.uint32();
    const indexSize = 2 ** Math.ceil(Math.log2(Math.max(8, rows / indexLoadMax)));
    this.#index = new Uint32Array(indexSize);
    this.#mask = indexSize - 1;
  }

  /** Live dialogs. */
  get count(): number {
    return this.#count;
  }

  /** How many more dialogs there is room for. */
  get room(): number {
    return this.capacity - this.#count;
  }

  /** What dialogs take, owed ones included: their rows in all columns, their records, and their share of the index. */
  get memory(): MemoryUse {
    const rowSize = this.columns.rowSize + this.#index.byteLength / this.rows;
    const count = this.#count + this.#owed;
    return {
      count,
      capacity: this.rows,
      usedSize: Math.ceil(count * rowSize) + this.records.usedSize,
      heldSize: Math.ceil(this.#rows * rowSize) + this.records.heldSize,
    };
  }

  /** A confirmed dialog made of `parts`, or undefined when the table is full or the record too large. */
  create(parts: RecordParts): DialogIndex | undefined {
    if (this.room <= 0) return undefined;
    const block = this.records.create(parts);
    if (block === undefined) return undefined;
    const dialog = this.#takeRow();
    this.#count++;
    this.#block[dialog] = block;
    this.state[dialog] = DialogState.confirmed;
    this.set(dialog, DialogFlag.strictRoute, beginsStrict(parts.routes));
    this.set(dialog, DialogFlag.secure, isSips(parts.target) || hasSips(parts.routes));
    this.#addToIndex(dialog);
    return dialog;
  }

  /**
   * The dialog is over: its id finds nothing any more, and it no longer counts; but its row stays, and is found by its Call-ID and
   * tags, until `free`. False when no more rows may stay.
   */
  owe(dialog: DialogIndex): boolean {
    if (this.capacity + this.#owed >= this.rows) return false;
    this.state[dialog] = DialogState.owed;
    this.#generation[dialog] = ((this.#generation[dialog] as number) + 1) & generationMask;
    this.#owed++;
    this.#count--;
    return true;
  }

  /**
   * The dialog goes on under another identity: its Call-ID, tags and parties are these, all else stays. False, with nothing changed,
   * when the record would grow too large.
   */
  rename(
    dialog: DialogIndex,
    identity: Pick<RecordParts, 'localParty' | 'localTag' | 'remoteParty' | 'remoteTag' | 'callId'>,
  ): boolean {
    const old = this.block(dialog);
    const part = (which: Part): Slice => ({
      bytes: this.records.bytes(old),
      start: this.records.start(old, which),
      end: this.records.end(old, which),
    });
    const block = this.records.create({
      ...identity,
      target: part(Part.target),
      routes: part(Part.routes),
      contact: part(Part.contact),
      session: part(Part.session),
    });
    if (block === undefined) return false;
    this.#removeFromIndex(dialog);
    this.records.free(old);
    this.#block[dialog] = block;
    this.#addToIndex(dialog);
    return true;
  }

  /** Ends a row. Its timers and its places in lists are its owners' to take away first. */
  free(dialog: DialogIndex): void {
    this.#removeFromIndex(dialog);
    this.records.free(this.block(dialog));
    this.authorizations.delete(dialog);
    if (this.state[dialog] === DialogState.owed) this.#owed--;
    else this.#count--;
    this.state[dialog] = DialogState.free;
    this.flags[dialog] = 0;
    this.localSequence[dialog] = 0;
    this.remoteSequence[dialog] = 0;
    clear(this.sessionInterval, dialog);
    clear(this.minSessionInterval, dialog);
    clear(this.remoteSession, dialog);
    clear(this.movedBefore, dialog);
    this.#generation[dialog] = ((this.#generation[dialog] as number) + 1) & generationMask;
    this.#block[dialog] = this.#freeHead;
    this.#freeHead = dialog + 1;
  }

  /** The dialog that a request inside it names, or -1. Tags are compared octet by octet. @see RFC 3261 §12.2.2 */
  find(
    bytes: Uint8Array,
    callIdStart: number,
    callIdEnd: number,
    localTagStart: number,
    localTagEnd: number,
    remoteTagStart: number,
    remoteTagEnd: number,
  ): DialogIndex {
    const hash = this.#hashOf(bytes, callIdStart, callIdEnd, bytes, localTagStart, localTagEnd);
    for (let slot = hash & this.#mask; this.#index[slot] !== 0; slot = (slot + 1) & this.#mask) {
      const dialog = (this.#index[slot] as number) - 1;
      if (this.#hash[dialog] !== hash) continue;
      const block = this.block(dialog);
      if (
        this.records.equals(block, Part.localTag, bytes, localTagStart, localTagEnd) &&
        this.records.equals(block, Part.callId, bytes, callIdStart, callIdEnd) &&
        this.records.equals(block, Part.remoteTag, bytes, remoteTagStart, remoteTagEnd)
      ) {
        return dialog;
      }
    }
    return -1;
  }

  id(dialog: DialogIndex): DialogId {
    const generation = ((this.#generation[dialog] as number) + this.#firstGeneration) & generationMask;
    return (this.#idBase + generation * 2 ** indexBits + dialog) as DialogId;
  }

  /** The row of an id, or -1 when the dialog is gone. */
  lookup(id: DialogId): DialogIndex {
    const dialog = id % 2 ** indexBits;
    if ((this.state[dialog] ?? DialogState.free) === DialogState.free) return -1; // beyond the rows, or no whole number
    return this.id(dialog) === id ? dialog : -1;
  }

  block(dialog: DialogIndex): Block {
    return this.#block[dialog] as number;
  }

  /** Whether this target or route set would take from a secure dialog what makes it one. @see RFC 3261 §26.2.2 */
  exposes(dialog: DialogIndex, target: Slice | undefined, routes: Slice | undefined): boolean {
    if (!this.has(dialog, DialogFlag.secure)) return false;
    return (target !== undefined && !isSips(target)) || (routes !== undefined && !isAllSips(routes));
  }

  /** Rewrites parts of the record; false when it would grow too large or expose the dialog, with nothing changed. */
  update(
    dialog: DialogIndex,
    target: Slice | undefined,
    routes: Slice | undefined,
    session: Slice | undefined,
    contact?: Slice,
  ): boolean {
    if (this.exposes(dialog, target, routes)) return false;
    const block = this.records.update(this.block(dialog), target, routes, session, contact);
    if (block === undefined) return false;
    this.#block[dialog] = block;
    if (routes !== undefined) this.set(dialog, DialogFlag.strictRoute, beginsStrict(routes));
    return true;
  }

  /** Whether a flag is on; of several, any of them. */
  has(dialog: DialogIndex, flag: number): boolean {
    return ((this.flags[dialog] as number) & flag) !== 0;
  }

  set(dialog: DialogIndex, flag: number, on: boolean): void {
    const flags = this.flags[dialog] as number;
    this.flags[dialog] = on ? flags | flag : flags & ~flag;
  }

  /**
   * Whether there is a sequence number left for another request than BYE. One a second lasts for 68 years, but a dialog that was
   * taken over may begin anywhere.
   */
  hasSequence(dialog: DialogIndex): boolean {
    return (this.localSequence[dialog] as number) < sequenceMax - sequencesForBye;
  }

  /** The sequence number of the next request of ours, taken. @see RFC 3261 §12.2.1.1 */
  nextSequence(dialog: DialogIndex): number {
    const sequence = Math.min((this.localSequence[dialog] as number) + 1, sequenceMax);
    this.localSequence[dialog] = sequence;
    return sequence;
  }

  /** A part of the record as text. */
  text(dialog: DialogIndex, part: Part): string {
    const block = this.block(dialog);
    const octets = this.records.bytes(block).subarray(this.records.start(block, part), this.records.end(block, part));
    return decoder.decode(octets);
  }

  #takeRow(): DialogIndex {
    if (this.#freeHead === 0) return this.#rows++;
    const dialog = this.#freeHead - 1;
    this.#freeHead = this.#block[dialog] as number;
    return dialog;
  }

  #addToIndex(dialog: DialogIndex): void {
    const block = this.block(dialog);
    const bytes = this.records.bytes(block);
    const hash = this.#hashOf(
      bytes,
      this.records.start(block, Part.callId),
      this.records.end(block, Part.callId),
      bytes,
      this.records.start(block, Part.localTag),
      this.records.end(block, Part.localTag),
    );
    this.#hash[dialog] = hash;
    let slot = hash & this.#mask;
    while (this.#index[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#index[slot] = dialog + 1;
  }

  #removeFromIndex(dialog: DialogIndex): void {
    let hole = (this.#hash[dialog] as number) & this.#mask;
    while (this.#index[hole] !== dialog + 1) hole = (hole + 1) & this.#mask;
    this.#index[hole] = 0;
    for (let slot = (hole + 1) & this.#mask; this.#index[slot] !== 0; slot = (slot + 1) & this.#mask) {
      const home = (this.#hash[(this.#index[slot] as number) - 1] as number) & this.#mask;
      const staysPut = hole < slot ? home > hole && home <= slot : home > hole || home <= slot;
      if (staysPut) continue;
      this.#index[hole] = this.#index[slot] as number;
      this.#index[slot] = 0;
      hole = slot;
    }
  }

  /** FNV-1a with a seed of the engine's own, so that a peer cannot aim at one slot; 0xff parts the two texts. */
  #hashOf(a: Uint8Array, aStart: number, aEnd: number, b: Uint8Array, bStart: number, bEnd: number): number {
    let hash = this.#seed ^ 0x811c9dc5;
    for (let i = aStart; i < aEnd; i++) hash = Math.imul(hash ^ (a[i] as number), 0x01000193);
    hash = Math.imul(hash ^ 0xff, 0x01000193);
    for (let i = bStart; i < bEnd; i++) hash = Math.imul(hash ^ (b[i] as number), 0x01000193);
    return (hash ^ (hash >>> 15)) >>> 0;
  }
}

const decoder = new TextDecoder();
