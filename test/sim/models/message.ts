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
  /** In their order. */
  readonly headers: readonly Header[];
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
  readonly #keys: readonly string[];

  constructor(parts: MessageParts) {
    this.octets = parts.octets;
    this.startLine = parts.startLine;
    this.headers = parts.headers;
    this.#keys = parts.keys;
    const length = this.header('content-length');
    const size = length === '' ? parts.rest.length : Number(length);
    this.isCutShort = size > parts.rest.length;
    this.body = size < parts.rest.length ? parts.rest.slice(0, size) : parts.rest;
    const cseq = this.header('cseq');
    const gap = cseq.search(/\s/);
    this.cseq = gap < 0 ? Number.NaN : Number(cseq.slice(0, gap));
    this.callId = this.header('call-id');
    const { startLine } = parts;
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
    const at = this.#keys.indexOf(key);
    return at < 0 ? '' : (this.headers[at]?.[1] ?? '');
  }

  has(key: string): boolean {
    return this.#keys.includes(key);
  }

  /** Every line of that name as one, joined by commas: for lists only (RFC 3261 §7.3.1). */
  joined(key: string): string {
    return this.lines(key).join(', ');
  }

  lines(key: string): string[] {
    const lines: string[] = [];
    for (const [at, each] of this.#keys.entries()) if (each === key) lines.push(this.headers[at]?.[1] ?? '');
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
    const { octets, startLine, body } = this;
    return new Message({ octets, startLine, headers, keys: headers.map(([name]) => keyOf(name)), rest: body });
  }

  get topVia(): string {
    return listOf(this.header('via'))[0] ?? '';
  }

  /** URIs with their angle brackets and parameters, in their order. */
  get recordRoute(): string[] {
    return this.values('record-route');
  }

  get route(): string[] {
    return this.values('route');
  }
}

interface MessageParts {
  readonly octets: Uint8Array;
  readonly startLine: string;
  readonly headers: readonly Header[];
  /** The headers' names, in lower case. */
  readonly keys: readonly string[];
  /** Behind the empty line. */
  readonly rest: string;
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
  let lineEnd = text.indexOf('\r\n', at);
  const startLine = text.slice(at, lineEnd);
  if (!isStartLine(startLine)) return undefined;
  const headers: Header[] = [];
  const keys: string[] = [];
  while (lineEnd < headEnd) {
    at = lineEnd + 2;
    lineEnd = text.indexOf('\r\n', at);
    while (isBlank(text.charCodeAt(lineEnd + 2))) lineEnd = text.indexOf('\r\n', lineEnd + 2);
    const colon = text.indexOf(':', at);
    if (colon < 0 || colon > lineEnd) continue;
    const written = text.slice(at, colon);
    const name = names.get(written) ?? names.get(written.trim().toLowerCase()) ?? written.trim();
    headers.push([name, unfolded(text.slice(colon + 1, lineEnd))]);
    keys.push(keyOf(name));
  }
  return new Message({ octets, startLine, headers, keys, rest: text.slice(headEnd + 4) });
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
