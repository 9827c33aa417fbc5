/**
 * Takes the fields of one message as a parser gives them, always the same ones in the same order:
 *
 *     method, Request-URI │ top Via: transport, host, port, branch │ From tag, To tag │ Call-ID │ CSeq number, method
 *     Contact URI │ each Route URI, how many │ each Record-Route URI, how many │ Session-Expires seconds, refresher
 *
 * A reader tells one sink in the timed loop and another one for the checksum: what is timed is what was compared.
 */
export interface FieldSink {
  /** Text; none is empty. */
  text(value: string | undefined | null): void;
  /** A word whose case means nothing. */
  word(value: string | undefined | null): void;
  /** None is 0. */
  number(value: number | undefined | null): void;
  /** Octets [start, end). */
  span(bytes: Uint8Array, start: number, end: number): void;
  /** A URI that the parser gives in parts; only the checksum has `whole` put them together. */
  uri<U extends { readonly host: string }>(uri: U, whole: (uri: U) => string): void;
}

/**
 * The timed loop's: adds up sizes and numbers, in 32 bits, for a greater number would be an object. That is one addition a field
 * and yet needs every field's value, so that no compiler can leave one out; a checksum over the octets would cost a fast parser as
 * much again as parsing, and a slow one nothing.
 */
export class FieldSizes implements FieldSink {
  sum: number = 0;

  text(value: string | undefined | null): void {
    if (value) this.sum = (this.sum + value.length) | 0;
  }

  word(value: string | undefined | null): void {
    if (value) this.sum = (this.sum + value.length) | 0;
  }

  number(value: number | undefined | null): void {
    if (value) this.sum = (this.sum + value) | 0;
  }

  span(_bytes: Uint8Array, start: number, end: number): void {
    this.sum = (this.sum + end - start) | 0;
  }

  uri<U extends { readonly host: string }>(uri: U): void {
    this.sum = (this.sum + uri.host.length) | 0;
  }
}

/** FNV-1a of 32 bits over the fields as text, each ended by a zero octet. */
export class FieldChecksum implements FieldSink {
  #hash = 0x811c_9dc5;

  /** Eight hexadecimal digits. */
  get value(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  text(value: string | undefined | null): void {
    for (const octet of Buffer.from(value ?? '')) this.#add(octet);
    this.#add(0);
  }

  word(value: string | undefined | null): void {
    this.text(value?.toLowerCase());
  }

  number(value: number | undefined | null): void {
    this.text(String(value ?? 0));
  }

  span(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at++) this.#add(bytes[at] ?? 0);
    this.#add(0);
  }

  uri<U extends { readonly host: string }>(uri: U, whole: (uri: U) => string): void {
    this.text(whole(uri));
  }

  #add(octet: number): void {
    this.#hash = Math.imul(this.#hash ^ octet, 0x0100_0193);
  }
}
