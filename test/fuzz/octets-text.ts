/** Octets as a text of as many characters, each from U+0000 to U+00FF. */
export function octetsText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** The octets of such a text. */
export function textOctets(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}
