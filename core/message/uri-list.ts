import { messageLimits } from '../limits.ts';
import { AddressView, parseAddress } from './address.ts';
import { parseUri, UriView } from './uri.ts';

const COMMA = 0x2c;

const LR = 1;
const SECURE = 2;

/**
 * The URIs of Route or Record-Route in their order, as offsets into the message's octets. One is reused for many messages.
 *
 * `uriStart`/`uriEnd` bound the URI inside the angle brackets, `valueStart`/`valueEnd` the whole value with the
 * header's own parameters. Holds `messageLimits.listCount` at most.
 */
export class UriList {
  count: number = 0;
  readonly #offsets: Int32Array = new Int32Array(4 * messageLimits.listCount);
  readonly #flags: Uint8Array = new Uint8Array(messageLimits.listCount);
  readonly #address: AddressView = new AddressView();
  readonly #uri: UriView = new UriView();

  uriStart(index: number): number {
    return this.#offsets[4 * index] ?? 0;
  }

  uriEnd(index: number): number {
    return this.#offsets[4 * index + 1] ?? 0;
  }

  valueStart(index: number): number {
    return this.#offsets[4 * index + 2] ?? 0;
  }

  valueEnd(index: number): number {
    return this.#offsets[4 * index + 3] ?? 0;
  }

  /** True when the URI has an `lr` parameter: a loose router. */
  hasLr(index: number): boolean {
    return ((this.#flags[index] ?? 0) & LR) !== 0;
  }

  /** True for a SIPS URI. */
  secure(index: number): boolean {
    return ((this.#flags[index] ?? 0) & SECURE) !== 0;
  }

  clear(): void {
    this.count = 0;
  }

  /**
   * Adds the values of one header line, [start, end); false when one is no name-addr with a SIP or SIPS URI, or when the list
   * is full.
   */
  add(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    for (;;) {
      at = parseAddress(bytes, at, end, this.#address);
      if (at < 0 || !this.#take(bytes)) return false;
      if (at >= end) return true;
      if (bytes[at] !== COMMA) return false;
      at++;
    }
  }

  #take(bytes: Uint8Array): boolean {
    const { uri, value, bracketed } = this.#address;
    if (!bracketed || this.count >= messageLimits.listCount) return false;
    if (!parseUri(bytes, uri.start, uri.end, this.#uri)) return false;
    const { scheme, lr } = this.#uri;
    if (scheme !== 'sip' && scheme !== 'sips') return false;
    const offset = 4 * this.count;
    this.#offsets[offset] = uri.start;
    this.#offsets[offset + 1] = uri.end;
    this.#offsets[offset + 2] = value.start;
    this.#offsets[offset + 3] = value.end;
    this.#flags[this.count] = (lr ? LR : 0) | (scheme === 'sips' ? SECURE : 0);
    this.count++;
    return true;
  }
}
