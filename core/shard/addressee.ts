import { isLws, skipLws } from '../message/bytes.ts';
import { branchSize, shardOfBranch } from '../transaction/branch.ts';
import type { Slots } from './slots.ts';

const CR = 0x0d;
const LF = 0x0a;
const SP = 0x20;
const HTAB = 0x09;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const toLower = 0x20;

/**
 * Whose a message is, of all shards: a request is for whoever owns the slot of its Call-ID, a response for the shard whose number is in its
 * branch. An OPTIONS outside dialogs asks whether we live: it is answered where it comes in, lest a busy shard speak for all.
 *
 * It reads one header field and judges nothing: what is no message of ours, or none at all, stays where it came in.
 */
export class Addressee {
  readonly #slots: Slots;
  readonly #own: number;
  readonly #shards: number;

  constructor(slots: Slots, own: number, shards: number) {
    this.#slots = slots;
    this.#own = own;
    this.#shards = shards;
  }

  /** The number of the shard. */
  of(bytes: Uint8Array): number {
    let start = 0;
    while (bytes[start] === CR && bytes[start + 1] === LF) start += 2;
    return isResponse(bytes, start) ? this.#ofResponse(bytes, start) : this.#ofRequest(bytes, start);
  }

  #ofRequest(bytes: Uint8Array, start: number): number {
    const value = fieldValue(bytes, start, callIdName, compactCallId);
    if (value === -1 || (begins(bytes, start, options) && !isInDialog(bytes, start))) return this.#own;
    let end = value;
    while (end < bytes.length && !isLws(bytes[end] as number)) end++;
    return this.#slots.ownerOf(bytes, value, end);
  }

  #ofResponse(bytes: Uint8Array, start: number): number {
    const via = fieldValue(bytes, start, viaName, compactVia);
    const branch = via === -1 ? -1 : paramOf(bytes, via, branchName, COMMA);
    if (branch === -1) return this.#own;
    const shard = shardOfBranch(bytes, branch, Math.min(branch + branchSize, bytes.length));
    return shard === -1 || shard >= this.#shards ? this.#own : shard;
  }
}

const callIdName = octetsOf('call-id');
const compactCallId = 'i'.charCodeAt(0);
const viaName = octetsOf('via');
const compactVia = 'v'.charCodeAt(0);
const branchName = octetsOf('branch');
const toName = octetsOf('to');
const compactTo = 't'.charCodeAt(0);
const tagName = octetsOf('tag');
const options = octetsOf('options ');
/** No octet of a text. */
const NUL = 0;
const version = octetsOf('sip/');

function octetsOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function isResponse(bytes: Uint8Array, at: number): boolean {
  return begins(bytes, at, version);
}

/** Does `name`, in lower case, stand at `at`, in whatever case? */
function begins(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    const octet = bytes[at + i];
    if (octet === undefined || (octet !== name[i] && (octet | toLower) !== name[i])) return false;
  }
  return true;
}

/** Where the value of the first header field of that name begins, or -1. */
function fieldValue(bytes: Uint8Array, start: number, name: Uint8Array, compact: number): number {
  for (let at = nextLine(bytes, start); at < bytes.length; at = nextLine(bytes, at)) {
    const first = bytes[at] as number;
    if (first === CR || first === LF) return -1;
    let end = at;
    if (begins(bytes, at, name)) end = at + name.length;
    else if ((first | toLower) === compact) end = at + 1;
    if (end === at) continue;
    const colon = skipLws(bytes, end, bytes.length);
    if (bytes[colon] === COLON) return skipLws(bytes, colon + 1, bytes.length);
  }
  return -1;
}

function nextLine(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== LF) at++;
  return at + 1;
}

/** Whether To has a tag, for all that can be told without its grammar: rather yes than no. */
function isInDialog(bytes: Uint8Array, start: number): boolean {
  const to = fieldValue(bytes, start, toName, compactTo);
  return to !== -1 && paramOf(bytes, to, tagName, NUL) !== -1;
}

/** Where the value of a parameter begins, of the field value at `from` up to `separator`; -1 where there is none. */
function paramOf(bytes: Uint8Array, from: number, param: Uint8Array, separator: number): number {
  for (let at = from; at < bytes.length; at++) {
    const octet = bytes[at];
    if (octet === separator || (octet === LF && bytes[at + 1] !== SP && bytes[at + 1] !== HTAB)) return -1;
    if (octet !== SEMICOLON) continue;
    const name = skipLws(bytes, at + 1, bytes.length);
    if (!begins(bytes, name, param)) continue;
    const equals = skipLws(bytes, name + param.length, bytes.length);
    if (bytes[equals] === EQUALS) return skipLws(bytes, equals + 1, bytes.length);
  }
  return -1;
}
