import { listOf, tagOf } from './address-value.ts';

/** One header line: the name in its long and usual form. */
export type Header = readonly [name: string, value: string];

/**
 * A SIP message read the plain way: text, cut into lines. One octet is one character (Latin-1), so that nothing is lost.
 * What it says is not judged: a value that is missing is ''.
 *
 * @see RFC 3261 §7
 */
export class Message {
  readonly octets: Uint8Array;
  readonly startLine: string;
  /** As far as Content-Length says, or as far as there is any. */
  readonly body: string;
  /** The message ends before its body does. */
  readonly isCutShort: boolean;
  readonly isRequest: boolean;
  /** Of a request, or of the request that is answered. */
  readonly method: string;
  /** 0 of a request. */
  readonly status: number;
  /** '' of a response. */
  readonly requestUri: string;
  readonly callId: string;
  /** NaN where there is none. */
  readonly cseq: number;
  /** From the start line's end to the empty line, that included; '' where the lines are given. */
  readonly #head: string;
  #lines: Lines | undefined;

  constructor(octets: Uint8Array, startLine: string, head: string | readonly Header[], rest: string) {
    this.octets = octets;
    this.startLine = startLine;
    this.#head = typeof head === 'string' ? head : '';
    this.#lines = typeof head === 'string' ? undefined : { headers: head, keys: head.map(([name]) => keyOf(name)) };
    const length = this.header('content-length');
    const size = length === '' ? rest.length : Number(length);
    this.isCutShort = size > rest.length;
    this.body = size < rest.length ? rest.slice(0, size) : rest;
    const cseq = this.header('cseq');
    const gap = gapOf(cseq);
    this.cseq = gap < 0 ? Number.NaN : Number(cseq.slice(0, gap));
    this.callId = this.header('call-id');
    this.isRequest = !startLine.startsWith(versionGap);
    if (this.isRequest) {
      const first = startLine.indexOf(' ');
      this.method = startLine.slice(0, first);
      this.status = 0;
      this.requestUri = startLine.slice(first + 1, startLine.lastIndexOf(' '));
    } else {
      this.method = gap < 0 ? '' : cseq.slice(gap).trim();
      this.status = Number(startLine.slice(versionGap.length, versionGap.length + 3));
      this.requestUri = '';
    }
  }

  /** In their order. */
  get headers(): readonly Header[] {
    return this.#read().headers;
  }

  /** Has all that a receiver needs to have anything to do with it (RFC 3261 §8.1.1). */
  get isWhole(): boolean {
    return (
      !this.isCutShort &&
      this.callId !== '' &&
      this.cseq >= 0 &&
      this.header('via') !== '' &&
      this.header('from') !== '' &&
      this.header('to') !== '' &&
      (!this.isRequest || this.header('cseq').endsWith(this.method))
    );
  }

  get fromTag(): string {
    return tagOf(this.header('from'));
  }

  get toTag(): string {
    return tagOf(this.header('to'));
  }

  get reason(): string {
    return this.isRequest ? '' : this.startLine.slice(versionGap.length + 4);
  }

  /** The first line of that name, which is given in lower case and in its long form; '' when there is none. */
  header(key: string): string {
    if (this.#lines === undefined) {
      const value = quickly(this.#head, key);
      if (value !== undefined) return value;
    }
    const { headers, keys } = this.#read();
    const at = keys.indexOf(key);
    return at < 0 ? '' : (headers[at]?.[1] ?? '');
  }

  has(key: string): boolean {
    return this.#read().keys.includes(key);
  }

  /** Every line of that name as one, joined by commas: for lists only (RFC 3261 §7.3.1). */
  joined(key: string): string {
    return this.lines(key).join(', ');
  }

  lines(key: string): string[] {
    const { headers, keys } = this.#read();
    const lines: string[] = [];
    for (let at = keys.indexOf(key); at >= 0; at = keys.indexOf(key, at + 1)) lines.push(headers[at]?.[1] ?? '');
    return lines;
  }

  /** The values of a list, of every line, in their order. */
  values(key: string): string[] {
    const lines = this.lines(key);
    return lines.length === 0 ? lines : lines.flatMap(listOf);
  }

  /** The value is in that list of tokens, whatever its case. */
  lists(key: string, token: string): boolean {
    return this.values(key).some((value) => value.toLowerCase() === token);
  }

  /** The same with other header lines. */
  with(headers: readonly Header[]): Message {
    return new Message(this.octets, this.startLine, headers, this.body);
  }

  get topVia(): string {
    const line = this.header('via');
    return line.includes(',') ? (listOf(line)[0] ?? '') : line;
  }

  /** URIs with their angle brackets and parameters, in their order. */
  get recordRoute(): string[] {
    return this.values('record-route');
  }

  get route(): string[] {
    return this.values('route');
  }

  #read(): Lines {
    this.#lines ??= linesOf(this.#head);
    return this.#lines;
  }
}

interface Lines {
  readonly headers: readonly Header[];
  /** The headers' names, in lower case. */
  readonly keys: readonly string[];
}

const version = 'SIP/2.0';
const versionGap = 'SIP/2.0 ';

/** Reads a message; undefined when it is no SIP: no start line of its kind, or no end of the header. */
export function parse(octets: Uint8Array): Message | undefined {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1');
  let at = 0;
  while (text.startsWith('\r\n', at)) at += 2;
  const headEnd = text.indexOf('\r\n\r\n', at);
  if (headEnd < 0) return undefined;
  const lineEnd = text.indexOf('\r\n', at);
  const startLine = text.slice(at, lineEnd);
  if (!isStartLine(startLine)) return undefined;
  return new Message(octets, startLine, text.slice(lineEnd, headEnd + 2), text.slice(headEnd + 4));
}

function linesOf(head: string): Lines {
  const headers: Header[] = [];
  const keys: string[] = [];
  for (let lineEnd = 0; lineEnd + 2 < head.length; ) {
    const at = lineEnd + 2;
    lineEnd = lineEndOf(head, at);
    const colon = head.indexOf(':', at);
    if (colon < 0 || colon > lineEnd) continue;
    const written = head.slice(at, colon);
    const name = names.get(written) ?? names.get(written.trim().toLowerCase()) ?? written.trim();
    headers.push([name, unfolded(head.slice(colon + 1, lineEnd))]);
    keys.push(keyOf(name));
  }
  return { headers, keys };
}

/** Behind a line and those that go on with it (RFC 3261 §7.3.1). */
function lineEndOf(head: string, at: number): number {
  let lineEnd = head.indexOf('\r\n', at);
  while (isBlank(head.charCodeAt(lineEnd + 2))) lineEnd = head.indexOf('\r\n', lineEnd + 2);
  return lineEnd;
}

/**
 * The value of a field that every message has once, where its name is spelled as usual. Most readers want no more, and to cut
 * the whole head into lines costs them more than all the rest.
 */
function quickly(head: string, key: string): string | undefined {
  const needle = needles.get(key);
  if (needle === undefined) return undefined;
  const at = key === 'via' ? (head.startsWith(needle) ? 0 : -1) : head.indexOf(needle);
  if (at < 0) return undefined;
  return unfolded(head.slice(at + needle.length, lineEndOf(head, at + needle.length)));
}

const needles: ReadonlyMap<string, string> = new Map([
  ['via', '\r\nVia:'],
  ['from', '\r\nFrom:'],
  ['to', '\r\nTo:'],
  ['call-id', '\r\nCall-ID:'],
  ['cseq', '\r\nCSeq:'],
  ['max-forwards', '\r\nMax-Forwards:'],
  ['content-length', '\r\nContent-Length:'],
]);

/** Where the number of CSeq ends. */
function gapOf(cseq: string): number {
  const space = cseq.indexOf(' ');
  const tab = cseq.indexOf('\t');
  return tab < 0 || (space >= 0 && space < tab) ? space : tab;
}

function keyOf(name: string): string {
  return keysOf.get(name) ?? name.toLowerCase();
}

function isStartLine(line: string): boolean {
  if (line.startsWith(versionGap)) return /^[1-6]\d\d( |$)/.test(line.slice(versionGap.length));
  return line.endsWith(` ${version}`) && line.indexOf(' ') < line.length - versionGap.length;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Without what stands around it, folded lines put together. */
function unfolded(text: string): string {
  const value = text.trim();
  return value.includes('\r\n') ? value.replace(/[ \t]*\r\n[ \t]+/g, ' ') : value;
}

/** Names as they are usually spelled. */
const usual: readonly string[] = (
  'Via Max-Forwards From To Call-ID CSeq Contact Route Record-Route Supported Require Proxy-Require Allow Content-Type ' +
  'Content-Length Content-Encoding Session-Expires Min-SE Retry-After RSeq RAck Replaces P-Dialog-Recovery-Action Refer-To ' +
  'Subject Authorization WWW-Authenticate Accept User-Agent Server Date'
).split(' ');

const keysOf: ReadonlyMap<string, string> = new Map(usual.map((name) => [name, name.toLowerCase()]));

/** @see RFC 3261 §7.3.3, RFC 4028 §10, RFC 3515 */
const shortForms: readonly (readonly [string, string])[] = [
  ['c', 'Content-Type'],
  ['e', 'Content-Encoding'],
  ['f', 'From'],
  ['i', 'Call-ID'],
  ['k', 'Supported'],
  ['l', 'Content-Length'],
  ['m', 'Contact'],
  ['r', 'Refer-To'],
  ['s', 'Subject'],
  ['t', 'To'],
  ['v', 'Via'],
  ['x', 'Session-Expires'],
];

const names: ReadonlyMap<string, string> = new Map([
  ...usual.map((name) => [name, name] as const),
  ...usual.map((name) => [name.toLowerCase(), name] as const),
  ...shortForms,
]);
