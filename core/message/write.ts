import { equalsIgnoringCase } from './bytes.ts';
import { HeaderId } from './header.ts';
import type { Message } from './message.ts';
import { reasonPhrase } from './status.ts';

/** 256 KiB: some 400 messages share one allocation, and one message that is kept for long pins no more than that. */
const CHUNK_SIZE = 262_144;
/** Below this a loop beats the call of a bulk copy. */
const LOOP_MAX = 48;

const ZERO = 0x30;

const encoder = new TextEncoder();

/**
 * Writes messages one behind the other into chunks of memory.
 *
 * What `take` gave is never written again: it may be kept for retransmissions. A message that outgrows its chunk is
 * moved to a new one while it is being written.
 */
export class Writer {
  #chunk: Uint8Array = new Uint8Array(CHUNK_SIZE);
  #start = 0;
  #at = 0;

  /** Octets written since the last `take`. */
  get length(): number {
    return this.#at - this.#start;
  }

  /** Writes `value` as UTF-8, quickest where it is ASCII. */
  text(value: string): this {
    const size = value.length;
    this.#reserve(size);
    const chunk = this.#chunk;
    let at = this.#at;
    for (let i = 0; i < size; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) {
        this.#at = at;
        return this.#utf8(i === 0 ? value : value.slice(i));
      }
      chunk[at++] = unit;
    }
    this.#at = at;
    return this;
  }

  #utf8(value: string): this {
    this.#reserve(3 * value.length);
    this.#at += encoder.encodeInto(value, this.#chunk.subarray(this.#at)).written;
    return this;
  }

  /** Copies octets [start, end) of `source`. */
  bytes(source: Uint8Array, start: number, end: number): this {
    const size = end - start;
    if (size <= 0) return this;
    this.#reserve(size);
    const chunk = this.#chunk;
    let at = this.#at;
    if (size > LOOP_MAX) {
      chunk.set(source.subarray(start, end), at);
      this.#at = at + size;
      return this;
    }
    for (let i = start; i < end; i++) chunk[at++] = source[i] ?? 0;
    this.#at = at;
    return this;
  }

  /** Copies all of what was `prepared`: for more than a few octets by far the quickest way. */
  octets(source: Uint8Array): this {
    this.#reserve(source.length);
    this.#chunk.set(source, this.#at);
    this.#at += source.length;
    return this;
  }

  /** Writes a non-negative safe integer in digits. */
  decimal(value: number): this {
    let size = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) size++;
    this.#reserve(size);
    const chunk = this.#chunk;
    let rest = value;
    for (let at = this.#at + size - 1; at >= this.#at; at--) {
      chunk[at] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    this.#at += size;
    return this;
  }

  /** Writes a whole header line. */
  header(name: string, value: string): this {
    return this.text(name).text(': ').text(value).text('\r\n');
  }

  /** A view of what was written since the last `take`; never written again. */
  take(): Uint8Array {
    const taken = this.#chunk.subarray(this.#start, this.#at);
    this.#start = this.#at;
    return taken;
  }

  /** Forgets what was written since the last `take`. */
  reset(): void {
    this.#at = this.#start;
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#chunk.length) return;
    const pending = this.#chunk.subarray(this.#start, this.#at);
    this.#chunk = new Uint8Array(Math.max(CHUNK_SIZE, 2 * (pending.length + size)));
    this.#chunk.set(pending);
    this.#start = 0;
    this.#at = pending.length;
  }
}

/** A text that many messages carry, as octets for `Writer.octets`. */
export function prepared(text: string): Uint8Array {
  return encoder.encode(text);
}

export interface ResponseOptions {
  /** Written into To where the request's To has no tag. */
  readonly toTag?: string | undefined;
  /** True: the request's Record-Route lines are copied, as a response that makes or refreshes a dialog needs them. */
  readonly recordRoute?: boolean | undefined;
  /** Where the request came from: a numeric address without brackets. */
  readonly source?: { readonly host: string; readonly port: number } | undefined;
}

/**
 * Starts a response to `request`, which must be `answerable`: status line, all Via lines, From, To, Call-ID and CSeq, as the
 * request has them, and Timestamp in a 100. The caller adds its own header lines and ends with `endMessage`.
 *
 * With a `source` the topmost Via gets `received` where sent-by names another host, or where the client asked by `rport`,
 * which then gets the port; what `received` the client wrote itself is left out.
 *
 * @see RFC 3261 §8.2.6, §18.2.1; RFC 3581 §4
 */
export function beginResponse(
  writer: Writer,
  request: Message,
  status: number,
  reason: string | undefined,
  options: ResponseOptions,
): void {
  writer
    .text('SIP/2.0 ')
    .decimal(status)
    .text(' ')
    .text(reason ?? reasonPhrase(status))
    .text('\r\n');
  writeVias(writer, request, options.source);
  copyLine(writer, request, request.first(HeaderId.From));
  writeTo(writer, request, options.toTag);
  copyLine(writer, request, request.first(HeaderId.CallId));
  copyLine(writer, request, request.first(HeaderId.CSeq));
  if (status === 100) copyHeader(writer, request, HeaderId.Timestamp);
  if (options.recordRoute === true) copyHeader(writer, request, HeaderId.RecordRoute);
}

/** Ends the header and the message: Content-Type and body where there is one, Content-Length always. Gives the whole message. */
export function endMessage(writer: Writer, contentType: string | undefined, body: Uint8Array | undefined): Uint8Array {
  if (body === undefined || body.length === 0) return writer.octets(endWithoutBody).take();
  if (contentType !== undefined) writer.header('Content-Type', contentType);
  writer.text('Content-Length: ').decimal(body.length).text('\r\n\r\n');
  return writer.bytes(body, 0, body.length).take();
}

const endWithoutBody = prepared('Content-Length: 0\r\n\r\n');

/** Copies every header line of `source` with that id, octet for octet. */
export function copyHeader(writer: Writer, source: Message, header: HeaderId): void {
  for (let line = source.first(header); line >= 0; line = source.next(line)) copyLine(writer, source, line);
}

function copyLine(writer: Writer, source: Message, line: number): void {
  if (line >= 0) writer.bytes(source.bytes, source.lineStart(line), source.lineEnd(line));
}

function writeTo(writer: Writer, request: Message, toTag: string | undefined): void {
  const line = request.first(HeaderId.To);
  const { presence, tag } = request.to;
  if (toTag === undefined || presence !== 'present' || tag.start < tag.end) {
    copyLine(writer, request, line);
    return;
  }
  writer.bytes(request.bytes, request.lineStart(line), request.valueEnd(line));
  writer.text(';tag=').text(toTag).text('\r\n');
}

function writeVias(writer: Writer, request: Message, source: ResponseOptions['source']): void {
  let line = request.first(HeaderId.Via);
  if (source !== undefined && request.via.presence === 'present') {
    const { value } = request.via;
    writer.bytes(request.bytes, request.lineStart(line), value.start);
    writeTopmostVia(writer, request, source.host, source.port);
    writer.bytes(request.bytes, value.end, request.lineEnd(line));
    line = request.next(line);
  }
  for (; line >= 0; line = request.next(line)) copyLine(writer, request, line);
}

/** Writes the request's topmost Via value as a server or proxy passes it on: see `beginResponse`. */
export function writeTopmostVia(writer: Writer, request: Message, host: string, port: number): void {
  const { bytes, via } = request;
  const { value, rportParam, receivedParam } = via;
  const asked = via.rport && via.rportPort === 0;
  let at = value.start;
  const rportFirst = rportParam.start < receivedParam.start;
  for (let i = 0; i < 2; i++) {
    const isRport = (i === 0) === rportFirst;
    const param = isRport ? rportParam : receivedParam;
    if (param.start === param.end || (isRport && !asked)) continue;
    writer.bytes(bytes, at, param.start);
    if (isRport) writer.text(';rport=').decimal(port);
    at = param.end;
  }
  writer.bytes(bytes, at, value.end);
  if (asked || !equalsIgnoringCase(bytes, via.host.start, via.host.end, host)) writer.text(';received=').text(host);
}
