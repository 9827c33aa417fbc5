/** A run of octets somewhere: what is handed on or read without copying. */
export interface Slice {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** The octets of a text. */
export function sliceOf(text: string): Slice {
  const bytes = new TextEncoder().encode(text);
  return { bytes, start: 0, end: bytes.length };
}

export const emptySlice: Slice = sliceOf('');
