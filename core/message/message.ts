import { messageLimits } from '../limits.ts';
import { AddressView, parseAddress } from './address.ts';
import { decodeText, parseDecimal, skipLws } from './bytes.ts';
import type { CSeqView } from './cseq.ts';
import { HeaderId } from './header.ts';
import { HeaderIndex } from './header-index.ts';
import { type HeaderField, headerFields, lineNamed, valueText } from './header-text.ts';
import { type NumberTail, NumberView, parseNumber } from './number.ts';
import type { Presence } from './presence.ts';
import { parseRAck, RAckView } from './rack.ts';
import { addRecoveryActions, RecoveryActionView } from './recovery-action.ts';
import { type Refusal, refusals } from './refusal.ts';
import { RequiredFields } from './required-fields.ts';
import { parseSessionExpires, SessionExpiresView } from './session-expires.ts';
import { emptySpan, type Span, setSpan } from './span.ts';
import { parseStartLine, StartLine } from './start-line.ts';
import { Text } from './text.ts';
import type { TokenView } from './token.ts';
import { listHasToken } from './tokens.ts';
import { parseUri, UriView } from './uri.ts';
import type { UriList } from './uri-list.ts';
import { parseVia, ViaView } from './via.ts';

const CR = 0x0d;
const LF = 0x0a;
const STAR = 0x2a;

export type { HeaderField } from './header-text.ts';
export type { Presence } from './presence.ts';
export type { Refusal, RefusalReason } from './refusal.ts';

/** Bits of `#read`: which lazy views hold this message's values. */
const SECOND_VIA = 1;
const CONTACT = 2;
const MAX_FORWARDS = 4;
const EXPIRES = 8;
const MIN_SE = 16;
const RETRY_AFTER = 32;
const RSEQ = 64;
const SESSION_EXPIRES = 128;
const RECOVERY_ACTION = 256;
const RACK = 512;

/** RFC 3261 §20.22. */
const MAX_FORWARDS_MAX = 255;
/** RFC 3261 §20.19 bounds delta-seconds so; the largest RSeq is half of it (RFC 3262 §7.1). */
const UINT32_MAX = 0xffff_ffff;
const RSEQ_MAX = 0x7fff_ffff;

const HEAD_SIZE_MAX = messageLimits.headSize;
const BODY_SIZE_MAX = messageLimits.bodySize;
const noBytes = new Uint8Array(0);

/**
 * One SIP message as an index over its octets. ONE object is reused for message after message: every view and span that
 * it gives is its own and holds until the next `scan`.
 *
 * `scan` reads the start line, finds the header lines and reads what every message must have: Via, From, To, Call-ID and
 * CSeq. All else is read when a getter asks, once a message, and nothing is turned into a string before `text`,
 * `reason`, `headerText`, `field` or `headers` is asked for it. Nothing here throws on what a peer sent.
 *
 * @see RFC 3261 §7, §8.1.1, §18.3
 */
export class Message {
  bytes: Uint8Array = noBytes;
  readonly #required: RequiredFields = new RequiredFields();
  /** The topmost Via value. */
  readonly via: ViaView = this.#required.via;
  readonly from: AddressView = this.#required.from;
  readonly to: AddressView = this.#required.to;
  readonly callId: TokenView = this.#required.callId;
  readonly cseq: CSeqView = this.#required.cseq;
  readonly body: Span = emptySpan();

  /** The head, which all is read from. */
  readonly #text: Text = new Text();
  readonly #line: StartLine = new StartLine();
  readonly #index: HeaderIndex = new HeaderIndex();
  #start = 0;
  #answerable = false;
  #read = 0;
  readonly #secondVia: ViaView = new ViaView();
  readonly #contact: AddressView = new AddressView();
  readonly #contactUri: UriView = new UriView();
  readonly #maxForwards: NumberView = new NumberView();
  readonly #expires: NumberView = new NumberView();
  readonly #minSe: NumberView = new NumberView();
  readonly #retryAfter: NumberView = new NumberView();
  readonly #rseq: NumberView = new NumberView();
  readonly #rack: RAckView = new RAckView();
  readonly #sessionExpires: SessionExpiresView = new SessionExpiresView();
  readonly #recoveryAction: RecoveryActionView = new RecoveryActionView();

  /**
   * Indexes the message in `bytes`, which is kept and must not change while the message is in use. Gives why the message
   * cannot be used, or undefined.
   *
   * The rules are a datagram's: CRLFs before the start line are skipped (§7.5), the body ends at Content-Length, or at the
   * end where there is none, and octets behind it are ignored (§18.3). Where it refuses it indexes as much as it can
   * all the same, so that a request that is `answerable` can be answered with the refusal's status.
   */
  scan(bytes: Uint8Array): Refusal | undefined {
    this.#reset(bytes);
    const size = bytes.length;
    let start = 0;
    while (start + 1 < size && bytes[start] === CR && bytes[start + 1] === LF) start += 2;
    this.#start = start;
    const headEnd = Math.min(size, start + HEAD_SIZE_MAX);
    const text = this.#text;
    text.copy(bytes, headEnd);
    const lineEnd = text.endOfLine(start, headEnd);
    if (lineEnd <= 0) {
      this.#line.clear();
      this.#readFields();
      if (start >= size) return refusals.empty;
      return refusals[lineEnd < 0 ? 'line-ending' : 'start-line'];
    }
    const line = parseStartLine(text.octets, start, lineEnd - 2, this.#line);
    const head = this.#index.scan(text, lineEnd, headEnd, size);
    const fields = this.#readFields();
    // A lone CR or LF must not be copied into an answer: the next element may take it for the end of a line.
    if (head === refusals['line-ending']) {
      this.#answerable = false;
      return head;
    }
    const body = this.#findBody();
    return line ?? head ?? fields ?? body;
  }

  #reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.#read = 0;
    this.#answerable = false;
    this.#index.clear();
    setSpan(this.body, bytes.length, bytes.length);
  }

  #readFields(): Refusal | undefined {
    const required = this.#required;
    required.read(this.#text.octets, this.#index);
    const { isRequest, method } = this.#line;
    const { via, cseq } = required;
    this.#answerable = isRequest && method !== 'ACK' && via.presence !== 'absent' && cseq.presence !== 'absent';
    return required.fault(this.#index, this.#line);
  }

  #findBody(): Refusal | undefined {
    const { body } = this;
    const index = this.#index;
    const size = this.bytes.length;
    setSpan(body, index.bodyStart, size);
    const line = index.first(HeaderId.ContentLength);
    if (line < 0) return size - index.bodyStart > BODY_SIZE_MAX ? refusals['body-too-large'] : undefined;
    // Two lines, even equal ones, would let two readers see two bodies.
    if (index.next(line) >= 0) return refusals['content-length'];
    const length = parseDecimal(this.#text.octets, index.valueStart(line), index.valueEnd(line), UINT32_MAX);
    if (length < 0) return refusals['content-length'];
    if (length > BODY_SIZE_MAX) return refusals['body-too-large'];
    if (length > size - index.bodyStart) return refusals['body-truncated'];
    body.end = index.bodyStart + length;
    return undefined;
  }

  /** False for a response. */
  get isRequest(): boolean {
    return this.#line.isRequest;
  }

  /**
   * True for a request, other than ACK, that has the lines by which its client knows a response: Via and CSeq, well formed or not.
   * What it lacks of From, To and Call-ID the response lacks as well.
   */
  get answerable(): boolean {
    return this.#answerable;
  }

  /** A request's method, or the one in a response's CSeq; '' when it is malformed. Compare with `===`. */
  get method(): string {
    return this.#line.isRequest ? this.#line.method : this.cseq.method;
  }

  /** 0 in a request. */
  get status(): number {
    return this.#line.status;
  }

  /** A response's Reason-Phrase. */
  get reason(): string {
    return this.text(this.#line.reason);
  }

  /** Empty in a response. */
  get requestUri(): Span {
    return this.#line.requestUri;
  }

  /** The parts of the Request-URI; empty in a response. */
  get requestUriParts(): UriView {
    return this.#line.uri;
  }

  /** Octets from the start line through the body. */
  get size(): number {
    return this.body.end - this.#start;
  }

  /** The Via value behind the topmost: whom a proxy sends a response on to. */
  get secondVia(): ViaView {
    if ((this.#read & SECOND_VIA) === 0) {
      this.#read |= SECOND_VIA;
      this.#readSecondVia(this.#secondVia);
    }
    return this.#secondVia;
  }

  #readSecondVia(view: ViaView): void {
    view.clear('absent');
    if (this.via.presence !== 'present') return;
    const index = this.#index;
    let line = index.first(HeaderId.Via);
    let start = skipLws(this.#text.octets, this.via.value.end, index.valueEnd(line));
    if (start < index.valueEnd(line)) {
      start++; // the comma
    } else {
      line = index.next(line);
      if (line < 0) return;
      start = index.valueStart(line);
    }
    if (parseVia(this.#text.octets, start, index.valueEnd(line), view) < 0) view.clear('malformed');
    else view.presence = 'present';
  }

  /** The first Contact value, whose URI is well formed when it is present; `*` is present with an empty URI. */
  get contact(): AddressView {
    this.#askContact();
    return this.#contact;
  }

  /** The parts of `contact`'s URI; void unless it is present. */
  get contactUri(): UriView {
    this.#askContact();
    return this.#contactUri;
  }

  #askContact(): void {
    if ((this.#read & CONTACT) !== 0) return;
    this.#read |= CONTACT;
    this.#readContact(this.#contact);
  }

  #readContact(view: AddressView): void {
    view.clear('absent');
    this.#contactUri.clear();
    const line = this.#index.first(HeaderId.Contact);
    if (line < 0) return;
    const start = this.#index.valueStart(line);
    const end = this.#index.valueEnd(line);
    if (end - start === 1 && this.#text.octets[start] === STAR) {
      setSpan(view.value, start, end);
      view.presence = 'present';
      return;
    }
    const next = parseAddress(this.#text.octets, start, end, view);
    if (next >= 0 && parseUri(this.#text.octets, view.uri.start, view.uri.end, this.#contactUri))
      view.presence = 'present';
    else view.clear('malformed');
  }

  /** 0–255. @see RFC 3261 §20.22 */
  get maxForwards(): NumberView {
    return this.#number(MAX_FORWARDS, HeaderId.MaxForwards, MAX_FORWARDS_MAX, 'nothing', this.#maxForwards);
  }

  /** Seconds. @see RFC 3261 §20.19 */
  get expires(): NumberView {
    return this.#number(EXPIRES, HeaderId.Expires, UINT32_MAX, 'nothing', this.#expires);
  }

  /** Seconds. @see RFC 4028 §5 */
  get minSe(): NumberView {
    return this.#number(MIN_SE, HeaderId.MinSe, UINT32_MAX, 'params', this.#minSe);
  }

  /** Seconds; comment and parameters are passed over. @see RFC 3261 §20.33 */
  get retryAfter(): NumberView {
    return this.#number(RETRY_AFTER, HeaderId.RetryAfter, UINT32_MAX, 'comment and params', this.#retryAfter);
  }

  /** @see RFC 3262 §7.1 */
  get rseq(): NumberView {
    return this.#number(RSEQ, HeaderId.RSeq, RSEQ_MAX, 'nothing', this.#rseq);
  }

  /** @see RFC 3262 §7.2 */
  get rack(): RAckView {
    const view = this.#rack;
    if ((this.#read & RACK) !== 0) return view;
    this.#read |= RACK;
    const line = this.#index.only(HeaderId.RAck, view);
    if (line >= 0) parseRAck(this.#text.octets, this.#index.valueStart(line), this.#index.valueEnd(line), view);
    return view;
  }

  #number(bit: number, id: HeaderId, max: number, tail: NumberTail, view: NumberView): NumberView {
    if ((this.#read & bit) !== 0) return view;
    this.#read |= bit;
    const line = this.#index.only(id, view);
    if (line >= 0)
      parseNumber(this.#text.octets, this.#index.valueStart(line), this.#index.valueEnd(line), max, tail, view);
    return view;
  }

  /** Seconds and refresher. @see RFC 4028 §4 */
  get sessionExpires(): SessionExpiresView {
    const view = this.#sessionExpires;
    if ((this.#read & SESSION_EXPIRES) !== 0) return view;
    this.#read |= SESSION_EXPIRES;
    const line = this.#index.only(HeaderId.SessionExpires, view);
    if (line >= 0) {
      parseSessionExpires(
        this.#text.octets,
        this.#index.valueStart(line),
        this.#index.valueEnd(line),
        UINT32_MAX,
        view,
      );
    }
    return view;
  }

  /** All lines of P-Dialog-Recovery-Action together. @see MS-SIPRE §2.2.18 */
  get recoveryAction(): RecoveryActionView {
    const view = this.#recoveryAction;
    if ((this.#read & RECOVERY_ACTION) !== 0) return view;
    this.#read |= RECOVERY_ACTION;
    const index = this.#index;
    let line = index.first(HeaderId.PDialogRecoveryAction);
    view.clear(line < 0 ? 'absent' : 'present');
    for (; line >= 0; line = index.next(line)) {
      if (!addRecoveryActions(this.#text.octets, index.valueStart(line), index.valueEnd(line), view)) {
        view.clear('malformed');
        break;
      }
    }
    return view;
  }

  /** Fills `into` with all Route values in their order; it is empty unless they are present. */
  routes(into: UriList): Presence {
    return this.#uris(HeaderId.Route, into);
  }

  /** Fills `into` with all Record-Route values in their order; it is empty unless they are present. */
  recordRoutes(into: UriList): Presence {
    return this.#uris(HeaderId.RecordRoute, into);
  }

  #uris(id: HeaderId, into: UriList): Presence {
    into.clear();
    const index = this.#index;
    for (let line = index.first(id); line >= 0; line = index.next(line)) {
      if (!into.add(this.#text.octets, index.valueStart(line), index.valueEnd(line))) {
        into.clear();
        return 'malformed';
      }
    }
    return into.count > 0 ? 'present' : 'absent';
  }

  /**
   * True when `token` is an element of the comma lists in `header`'s lines. Methods in Allow are compared exactly; all
   * else without regard to case, with `token` given in lower case.
   */
  hasToken(header: HeaderId, token: string): boolean {
    const index = this.#index;
    for (let line = index.first(header); line >= 0; line = index.next(line)) {
      const exact = header === HeaderId.Allow;
      if (listHasToken(this.#text.octets, index.valueStart(line), index.valueEnd(line), token, exact)) return true;
    }
    return false;
  }

  /** Octets [start, end) as UTF-8; U+FFFD stands for what is none. */
  text(span: { readonly start: number; readonly end: number }): string {
    return decodeText(this.bytes, span.start, span.end);
  }

  /** The value of the first line with that id: decoded, trimmed, each fold as one space. */
  headerText(header: HeaderId): string | undefined {
    return this.#lineText(this.#index.first(header));
  }

  /** The same for a header field of any name, long or compact, in any case. */
  field(name: string): string | undefined {
    return this.#lineText(lineNamed(this.bytes, this.#index, name));
  }

  #lineText(line: number): string | undefined {
    if (line < 0) return undefined;
    return valueText(this.bytes, this.#index.valueStart(line), this.#index.valueEnd(line));
  }

  /** Every header line in its order, decoded; compact names come in full. */
  headers(): HeaderField[] {
    return headerFields(this.bytes, this.#index);
  }

  /** How many header lines there are; their indexes run from 0, in the order of the message. */
  get lineCount(): number {
    return this.#index.count;
  }

  /** Index of the first header line with that id, -1 if there is none. */
  first(header: HeaderId): number {
    return this.#index.first(header);
  }

  /** Index of the next header line with the same id, -1 if there is none. */
  next(index: number): number {
    return this.#index.next(index);
  }

  /** Which header field the line is. */
  headerId(index: number): HeaderId {
    return this.#index.id(index);
  }

  /** Where the line begins, with its name. */
  lineStart(index: number): number {
    return this.#index.lineStart(index);
  }

  /** Behind the line's CRLF. */
  lineEnd(index: number): number {
    return this.#index.lineEnd(index);
  }

  /** The value begins here, white space skipped. */
  valueStart(index: number): number {
    return this.#index.valueStart(index);
  }

  /** The value ends here, white space left out. */
  valueEnd(index: number): number {
    return this.#index.valueEnd(index);
  }
}
