import { assemblyStartSize, assemblyStepSize } from './limits.ts';

/** What a message may be in octets. */
export interface FrameLimits {
  /** Start line and header, with the empty line. */
  readonly headSizeMax: number;
  readonly bodySizeMax: number;
}

/** Why a stream cannot be read on: whatever follows, nobody knows where the next message begins. */
export type FramingFault =
  | 'no-start-line'
  | 'head-too-large'
  | 'no-content-length'
  | 'content-length-malformed'
  | 'content-length-repeated'
  | 'body-too-large';

/** What the next octets of a stream amount to. Shared objects: read at once. */
export type Frame =
  /** One whole message. `bytes` is the reader's to keep: a part of the chunk, or of its own where it came in several. */
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  /** CRLFCRLF between messages: the peer asks whether the connection lives. */
  | { readonly kind: 'ping' }
  /** CRLF alone between messages; told when what follows shows that it is not half a ping. */
  | { readonly kind: 'pong' }
  | { readonly kind: 'incomplete' }
  /** Said again at every further call. `head` is what is known of the message's head, so that a request can be answered. */
  | { readonly kind: 'invalid'; readonly reason: FramingFault; readonly head: Uint8Array | undefined };

const CR = 0x0d;
const LF = 0x0a;
const HTAB = 0x09;
const SP = 0x20;
const HYPHEN = 0x2d;
const COLON = 0x3a;
const ZERO = 0x30;
const LOWER = 0x20;
const DEL = 0x7f;
const LETTER_C = 0x63;
const LETTER_L = 0x6c;

const contentLength = 'content-length';
/** No body that anybody could send has a length of more digits; more would not be counted exactly. */
const digitsMax = 15;

const ping: Frame = { kind: 'ping' };
const pong: Frame = { kind: 'pong' };
const incomplete: Frame = { kind: 'incomplete' };
const noBytes = new Uint8Array(0);

/**
 * Finds the messages in a stream: one ends `Content-Length` octets after its empty line, and CRLFs between messages are
 * keep-alives.
 *
 * It reads either in the chunk at hand or, for a message that spans chunks, in an assembly of its own; never in both. Each octet
 * of a head is looked at once, however the stream is cut, and a message that spans chunks is put together once. A stream
 * whose framing is lost stays lost.
 *
 * @see RFC 3261 §7.5, §18.3; RFC 5626 §4.4.1
 */
export class Framer {
  readonly #limits: FrameLimits;
  readonly #found: { kind: 'message'; bytes: Uint8Array } = { kind: 'message', bytes: noBytes };
  #chunk: Uint8Array = noBytes;
  /** What of the chunk has been used up or copied. */
  #taken = 0;
  /** The message that spans chunks; undefined while we read in the chunk itself. */
  #assembly: Uint8Array | undefined;
  #assembled = 0;
  /** Offset of the message in what we read from; the following are relative to it. */
  #start = 0;
  #scanned = 0;
  #lineStart = 0;
  /** Where the value of Content-Length begins; 0 for none so far. */
  #lengthAt = 0;
  #lengthRepeated = false;
  /** Octets of the message, once its head has been read; 0 before. */
  #size = 0;
  /** Octets of a CRLFCRLF that have come. */
  #crlf = 0;
  #invalid: Frame | undefined;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** A message has begun and is not complete. */
  get begun(): boolean {
    return this.#assembly !== undefined;
  }

  /** Octets of memory that it has for that message. */
  get heldSize(): number {
    return this.#assembly?.length ?? 0;
  }

  /** Takes what has arrived, never to be written to again. The chunk before it has been read until it was incomplete. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#taken = 0;
  }

  /** Never throws: what a peer sends is data. */
  next(): Frame {
    if (this.#invalid !== undefined) return this.#invalid;
    if (this.#assembly === undefined) {
      const between = this.#readBetween();
      if (between !== undefined) return between;
      this.#begin(this.#taken);
    }
    for (;;) {
      const frame = this.#readMessage();
      if (frame !== undefined) return frame;
      if (!this.#gather()) return incomplete;
    }
  }

  /** CRLFs before a start line; undefined when a message begins at `#taken`. */
  #readBetween(): Frame | undefined {
    const chunk = this.#chunk;
    while (this.#taken < chunk.length) {
      const octet = chunk[this.#taken] as number;
      if (octet !== (this.#crlf % 2 === 0 ? CR : LF)) {
        if (this.#crlf === 2 && isStartOctet(octet)) {
          this.#crlf = 0;
          return pong;
        }
        return this.#crlf === 0 && isStartOctet(octet) ? undefined : this.#fail('no-start-line', undefined);
      }
      this.#taken++;
      if (++this.#crlf === 4) {
        this.#crlf = 0;
        return ping;
      }
    }
    this.#chunk = noBytes;
    this.#taken = 0;
    return incomplete;
  }

  #begin(start: number): void {
    this.#start = start;
    this.#scanned = 0;
    this.#lineStart = 0;
    this.#lengthAt = 0;
    this.#lengthRepeated = false;
    this.#size = 0;
  }

  /** The message at `#start`, if it is all there. */
  #readMessage(): Frame | undefined {
    const bytes = this.#assembly ?? this.#chunk;
    const length = (this.#assembly === undefined ? bytes.length : this.#assembled) - this.#start;
    if (this.#size === 0) {
      const headSize = this.#findHeadEnd(bytes, length);
      if (headSize === 0) {
        const { headSizeMax } = this.#limits;
        if (length < headSizeMax) return undefined;
        return this.#fail('head-too-large', bytes.slice(this.#start, this.#start + headSizeMax));
      }
      const fault = this.#measure(bytes, headSize);
      if (fault !== undefined) return this.#fail(fault, bytes.slice(this.#start, this.#start + headSize));
    }
    if (length < this.#size) return undefined;
    const end = this.#start + this.#size;
    this.#found.bytes = bytes.subarray(this.#start, end);
    if (this.#assembly === undefined) {
      this.#taken = end;
    } else {
      this.#taken -= length - this.#size; // the last step brought more than was needed
      this.#assembly = undefined;
      this.#assembled = 0;
    }
    return this.#found;
  }

  /** Octets through the empty line, or 0; notes where Content-Length stands. Goes on where it stopped. */
  #findHeadEnd(bytes: Uint8Array, length: number): number {
    const start = this.#start;
    const end = Math.min(length, this.#limits.headSizeMax);
    let at = this.#scanned;
    let lineStart = this.#lineStart;
    for (; at < end; at++) {
      if (bytes[start + at] !== LF || at === 0 || bytes[start + at - 1] !== CR) continue;
      if (at - lineStart === 1 && lineStart > 0) {
        this.#scanned = at + 1;
        return at + 1;
      }
      if (lineStart > 0) this.#noteLength(bytes, lineStart, at);
      lineStart = at + 1;
    }
    this.#scanned = at;
    this.#lineStart = lineStart;
    return 0;
  }

  /** Looks whether the line names Content-Length or its compact form. */
  #noteLength(bytes: Uint8Array, lineStart: number, lineEnd: number): void {
    const from = this.#start + lineStart;
    const first = (bytes[from] as number) | LOWER;
    if (first !== LETTER_C && first !== LETTER_L) return;
    const name = first === LETTER_L ? 'l' : contentLength;
    let at = from + 1;
    for (let i = 1; i < name.length; i++, at++) {
      const letter = name.charCodeAt(i);
      if (((bytes[at] as number) | (letter === HYPHEN ? 0 : LOWER)) !== letter) return;
    }
    const end = this.#start + lineEnd;
    while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
    if (bytes[at] !== COLON) return;
    if (this.#lengthAt !== 0) this.#lengthRepeated = true;
    this.#lengthAt = at + 1 - this.#start;
  }

  /** The size of the message, from its Content-Length. */
  #measure(bytes: Uint8Array, headSize: number): FramingFault | undefined {
    if (this.#lengthAt === 0) return 'no-content-length';
    // Two lines, even equal ones, would let two readers see two bodies.
    if (this.#lengthRepeated) return 'content-length-repeated';
    const bodySize = readLength(bytes, this.#start + this.#lengthAt, this.#start + headSize);
    if (bodySize < 0) return 'content-length-malformed';
    if (bodySize > this.#limits.bodySizeMax) return 'body-too-large';
    this.#size = headSize + bodySize;
    return undefined;
  }

  /** Moves octets of the chunk into the assembly; false when there are none left. */
  #gather(): boolean {
    const chunk = this.#chunk;
    if (this.#assembly === undefined) {
      this.#taken = this.#start;
      this.#start = 0;
      this.#assembly = new Uint8Array(Math.max(chunk.length - this.#taken, assemblyStartSize));
      this.#copy(this.#assembly, chunk.length);
      return false;
    }
    const left = chunk.length - this.#taken;
    if (left === 0) return false;
    // A head is fetched in small steps: what lies behind the message is read where it is.
    const wanted = this.#size > 0 ? this.#size - this.#assembled : assemblyStepSize;
    const step = Math.min(left, wanted);
    this.#copy(this.#grown(this.#assembly, this.#assembled + step), this.#taken + step);
    return true;
  }

  #copy(assembly: Uint8Array, end: number): void {
    assembly.set(this.#chunk.subarray(this.#taken, end), this.#assembled);
    this.#assembled += end - this.#taken;
    this.#taken = end;
  }

  /** Grows by doubling: a length that is only claimed costs nothing. */
  #grown(assembly: Uint8Array, size: number): Uint8Array {
    if (size <= assembly.length) return assembly;
    const larger = new Uint8Array(Math.max(size, 2 * assembly.length));
    larger.set(assembly.subarray(0, this.#assembled));
    this.#assembly = larger;
    return larger;
  }

  #fail(reason: FramingFault, head: Uint8Array | undefined): Frame {
    this.#invalid = { kind: 'invalid', reason, head };
    this.#chunk = noBytes;
    this.#taken = 0;
    this.#assembly = undefined;
    return this.#invalid;
  }
}

/** A start line begins with a method or `SIP`: what is no visible ASCII is another protocol, such as TLS. */
function isStartOctet(octet: number): boolean {
  return octet > SP && octet < DEL;
}

/** A decimal with white space around it, folding included; -1 when it is none. The value ends at its line's end. */
function readLength(bytes: Uint8Array, start: number, headEnd: number): number {
  let at = skipWhiteSpace(bytes, start, headEnd);
  const first = at;
  while (at < headEnd && bytes[at] === ZERO) at++;
  const significant = at;
  let value = 0;
  for (; at < headEnd; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  if (at === first || at - significant > digitsMax) return -1;
  at = skipWhiteSpace(bytes, at, headEnd);
  return bytes[at] === CR && bytes[at + 1] === LF ? value : -1;
}

/** Space, tab, and a CRLF that one of them follows. @see RFC 3261 §25.1 (LWS) */
function skipWhiteSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (; at < end; at++) {
    const octet = bytes[at];
    if (octet === SP || octet === HTAB) continue;
    const folds = octet === CR && bytes[at + 1] === LF && (bytes[at + 2] === SP || bytes[at + 2] === HTAB);
    if (!folds) break;
    at += 2;
  }
  return at;
}
