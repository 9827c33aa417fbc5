import { type Block, Slab } from '../transaction/slab.ts';
import { type Slice, sliceOf } from './slice.ts';

/**
 * The parts of a dialog that are octets, one record each.
 *
 * ```
 * octets 0..1   size of the record            ┐
 * octets 2..21  end of each part, from 0      │ head: 16-bit words, all offsets from the record's start
 * ...           the parts, one after another  ┘
 *
 * target     remote target, an absolute URI: the Request-URI of what we send
 * routes     value of the Route header, ready to send; empty when the route set is
 * identity   From: LOCAL;tag=..CRLF To: REMOTE;tag=..CRLF Call-ID: ..CRLF, as our requests carry them
 * contact    our Contact header's value
 * session    our last session description
 * ```
 *
 * `identity` is copied whole into every request; the tags and the Call-ID are found inside it by offsets of their own.
 */
export const Part = {
  target: 0,
  routes: 1,
  identity: 2,
  contact: 3,
  session: 4,
  localTag: 5,
  remoteTag: 6,
  callId: 7,
} as const;
export type Part = (typeof Part)[keyof typeof Part];

const storedParts = 5;
/** Words: size, five ends, then start and end of local tag, remote tag and Call-ID. */
const headSize = 2 * (1 + storedParts + 6);

/** The largest record: ends are 16-bit. A dialog that needs more is refused. */
export const recordSizeMax = 0xffff;

/** What a dialog is made from; every slice is copied. */
export interface RecordParts {
  readonly target: Slice;
  readonly routes: Slice;
  /** `name-addr` or `addr-spec` of our side with all but the tag. */
  readonly localParty: Slice;
  readonly localTag: Slice;
  readonly remoteParty: Slice;
  /** Empty for a peer of RFC 2543. */
  readonly remoteTag: Slice;
  readonly callId: Slice;
  readonly contact: Slice;
  readonly session: Slice;
}

/** The records of all dialogs of an engine. */
export class Records {
  readonly #slab = new Slab();
  readonly #scratch = new Uint8Array(recordSizeMax + 1);
  readonly #words = new Uint16Array(this.#scratch.buffer);
  #at = 0;

  /** Octets of the records. */
  get usedSize(): number {
    return this.#slab.usedSize;
  }

  /** Octets of memory that is kept for records. */
  get heldSize(): number {
    return this.#slab.heldSize;
  }

  /** The new record, or undefined when it would exceed `recordSizeMax`. */
  create(parts: RecordParts): Block | undefined {
    const identitySize =
      parts.localParty.end - parts.localParty.start + (parts.remoteParty.end - parts.remoteParty.start);
    const size =
      headSize +
      64 +
      identitySize +
      sizeOf(parts.target) +
      sizeOf(parts.routes) +
      sizeOf(parts.localTag) +
      sizeOf(parts.remoteTag) +
      sizeOf(parts.callId) +
      sizeOf(parts.contact) +
      sizeOf(parts.session);
    if (size > recordSizeMax) return undefined;
    this.#at = headSize;
    this.#put(parts.target);
    this.#end(Part.target);
    this.#put(parts.routes);
    this.#end(Part.routes);
    this.#put(fromText);
    this.#put(parts.localParty);
    this.#put(tagText);
    this.#tag(0, parts.localTag);
    this.#put(toText);
    this.#put(parts.remoteParty);
    if (sizeOf(parts.remoteTag) > 0) this.#put(tagText);
    this.#tag(1, parts.remoteTag);
    this.#put(callIdText);
    this.#tag(2, parts.callId);
    this.#put(crlf);
    this.#end(Part.identity);
    this.#put(parts.contact);
    this.#end(Part.contact);
    this.#put(parts.session);
    this.#end(Part.session);
    return this.#store(undefined);
  }

  /** Replaces parts; what is undefined stays. The record may move; undefined when it would exceed `recordSizeMax` (it is then as before). */
  update(
    block: Block,
    target: Slice | undefined,
    routes: Slice | undefined,
    session: Slice | undefined,
    contact?: Slice,
  ): Block | undefined {
    const bytes = this.#slab.bytes(block);
    const from = this.#slab.offset(block);
    const oldEnd = (part: number): number => word(bytes, from, 1 + part);
    let size = word(bytes, from, 0);
    if (target !== undefined) size += sizeOf(target) - (oldEnd(Part.target) - headSize);
    if (routes !== undefined) size += sizeOf(routes) - (oldEnd(Part.routes) - oldEnd(Part.target));
    if (contact !== undefined) size += sizeOf(contact) - (oldEnd(Part.contact) - oldEnd(Part.identity));
    if (session !== undefined) size += sizeOf(session) - (oldEnd(Part.session) - oldEnd(Part.contact));
    if (size > recordSizeMax) return undefined;
    if (session === undefined && contact === undefined && this.#slab.fits(block, size)) {
      reroute(bytes, from, target, routes);
      return block;
    }
    this.#at = headSize;
    this.#keepOrPut(bytes, from, headSize, oldEnd(Part.target), target);
    this.#end(Part.target);
    this.#keepOrPut(bytes, from, oldEnd(Part.target), oldEnd(Part.routes), routes);
    this.#end(Part.routes);
    const shift = this.#at - oldEnd(Part.routes);
    this.#copy(bytes, from + oldEnd(Part.routes), from + oldEnd(Part.identity));
    this.#end(Part.identity);
    for (let i = 0; i < 6; i++) this.#words[1 + storedParts + i] = word(bytes, from, 1 + storedParts + i) + shift;
    this.#keepOrPut(bytes, from, oldEnd(Part.identity), oldEnd(Part.contact), contact);
    this.#end(Part.contact);
    this.#keepOrPut(bytes, from, oldEnd(Part.contact), oldEnd(Part.session), session);
    this.#end(Part.session);
    return this.#store(block);
  }

  free(block: Block): void {
    this.#slab.free(block);
  }

  /** The chunk that `start` and `end` refer to. */
  bytes(block: Block): Uint8Array {
    return this.#slab.bytes(block);
  }

  start(block: Block, part: Part): number {
    const offset = this.#slab.offset(block);
    if (part === Part.target) return offset + headSize;
    const index = part < storedParts ? part : 1 + storedParts + 2 * (part - storedParts);
    return offset + word(this.#slab.bytes(block), offset, index);
  }

  end(block: Block, part: Part): number {
    const offset = this.#slab.offset(block);
    const index = part < storedParts ? 1 + part : 2 + storedParts + 2 * (part - storedParts);
    return offset + word(this.#slab.bytes(block), offset, index);
  }

  /** Whether a part holds exactly these octets. */
  equals(block: Block, part: Part, bytes: Uint8Array, start: number, end: number): boolean {
    const own = this.bytes(block);
    const ownStart = this.start(block, part);
    if (this.end(block, part) - ownStart !== end - start) return false;
    for (let i = 0; i < end - start; i++) if (own[ownStart + i] !== bytes[start + i]) return false;
    return true;
  }

  #store(old: Block | undefined): Block {
    const size = this.#at;
    this.#words[0] = size;
    let block = old;
    if (block === undefined || !this.#slab.fits(block, size)) {
      if (block !== undefined) this.#slab.free(block);
      block = this.#slab.allocate(size);
    }
    this.#slab.bytes(block).set(this.#scratch.subarray(0, size), this.#slab.offset(block));
    return block;
  }

  #keepOrPut(bytes: Uint8Array, from: number, start: number, end: number, replacement: Slice | undefined): void {
    if (replacement === undefined) this.#copy(bytes, from + start, from + end);
    else this.#put(replacement);
  }

  #put(slice: Slice): void {
    this.#copy(slice.bytes, slice.start, slice.end);
  }

  #copy(bytes: Uint8Array, start: number, end: number): void {
    const scratch = this.#scratch;
    let at = this.#at;
    for (let i = start; i < end; i++) scratch[at++] = bytes[i] as number;
    this.#at = at;
  }

  #end(part: number): void {
    this.#words[1 + part] = this.#at;
  }

  #tag(index: number, slice: Slice): void {
    this.#words[1 + storedParts + 2 * index] = this.#at;
    this.#put(slice);
    this.#words[2 + storedParts + 2 * index] = this.#at;
  }
}

const fromText: Slice = sliceOf('From: ');
const tagText: Slice = sliceOf(';tag=');
const toText: Slice = sliceOf('\r\nTo: ');
const callIdText: Slice = sliceOf('\r\nCall-ID: ');
const crlf: Slice = sliceOf('\r\n');

/**
 * Puts another target or other routes into the record at `from`, where there is room for them; what follows moves. A storm does so
 * with every dialog, and nearly all of a record is neither.
 */
function reroute(bytes: Uint8Array, from: number, target: Slice | undefined, routes: Slice | undefined): void {
  const size = word(bytes, from, 0);
  const targetEnd = word(bytes, from, 1 + Part.target);
  const routesEnd = word(bytes, from, 1 + Part.routes);
  const newTargetEnd = target === undefined ? targetEnd : headSize + sizeOf(target);
  const newRoutesEnd = newTargetEnd + (routes === undefined ? routesEnd - targetEnd : sizeOf(routes));
  const shift = newRoutesEnd - routesEnd;
  // What moves towards the end makes room for what is before it, and the other way round.
  if (shift > 0) bytes.copyWithin(from + newRoutesEnd, from + routesEnd, from + size);
  if (routes === undefined && newTargetEnd !== targetEnd)
    bytes.copyWithin(from + newTargetEnd, from + targetEnd, from + routesEnd);
  if (shift < 0) bytes.copyWithin(from + newRoutesEnd, from + routesEnd, from + size);
  if (target !== undefined) write(bytes, from + headSize, target);
  if (routes !== undefined) write(bytes, from + newTargetEnd, routes);
  if (newTargetEnd !== targetEnd) putWord(bytes, from, 1 + Part.target, newTargetEnd);
  if (shift === 0) return;
  putWord(bytes, from, 0, size + shift);
  for (let index = 1 + Part.routes; index < headSize / 2; index++) {
    putWord(bytes, from, index, word(bytes, from, index) + shift);
  }
}

function write(bytes: Uint8Array, at: number, slice: Slice): void {
  for (let i = slice.start; i < slice.end; i++) bytes[at++] = slice.bytes[i] as number;
}

function sizeOf(slice: Slice): number {
  return slice.end - slice.start;
}

/** Little-endian, as every machine that Node runs on. */
function word(bytes: Uint8Array, offset: number, index: number): number {
  const at = offset + 2 * index;
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

function putWord(bytes: Uint8Array, offset: number, index: number, value: number): void {
  bytes[offset + 2 * index] = value;
  bytes[offset + 2 * index + 1] = value >>> 8;
}
