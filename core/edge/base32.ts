const digits = Uint8Array.from('0123456789abcdefghijklmnopqrstuv', (digit) => digit.charCodeAt(0));
/** What each octet is worth as a digit, 0xff for none. */
const worth: Uint8Array = new Uint8Array(256).fill(0xff);
for (const [value, octet] of digits.entries()) worth[octet] = value;

/** Digits that `size` octets take. */
export function base32Size(size: number): number {
  return Math.ceil((8 * size) / 5);
}

/** Writes octets [0, size) of `source` as digits of five bits to `target` at `offset`; gives the offset behind them. */
export function writeBase32(source: Uint8Array, size: number, target: Uint8Array, offset: number): number {
  let held = 0;
  let bits = 0;
  let at = offset;
  for (let i = 0; i < size; i++) {
    held = ((held << 8) | (source[i] as number)) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      target[at++] = digits[(held >>> bits) & 31] as number;
    }
  }
  if (bits > 0) target[at++] = digits[(held << (5 - bits)) & 31] as number;
  return at;
}

/** Reads the digits in [start, end) into `target`; gives how many octets they made, or -1 when something else wrote them. */
export function readBase32(bytes: Uint8Array, start: number, end: number, target: Uint8Array): number {
  const size = Math.trunc((5 * (end - start)) / 8);
  if (size > target.length || base32Size(size) !== end - start) return -1;
  let held = 0;
  let bits = 0;
  let at = 0;
  for (let i = start; i < end; i++) {
    const digit = worth[bytes[i] as number] as number;
    if (digit === 0xff) return -1;
    held = ((held << 5) | digit) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      target[at++] = held >>> bits;
    }
  }
  // What is left over is padding, and only zeros: one value has one spelling.
  return (held & ((1 << bits) - 1)) === 0 ? size : -1;
}
