/** Where `text` has eight # in a row: places for digits. */
export function placesIn(text: string): number[] {
  return [...text.matchAll(/#{8}/g)].map(({ index }) => index);
}

/** Writes eight hexadecimal digits into each place; no two numbers give the same ones. */
export function writeDigits(bytes: Uint8Array, places: readonly number[], number: number): void {
  const value = mixed(number);
  for (const place of places) {
    for (let digit = 0; digit < 8; digit++) {
      const nibble = (value >>> (28 - 4 * digit)) & 15;
      bytes[place + digit] = nibble < 10 ? 0x30 + nibble : 0x57 + nibble;
    }
  }
}

/** Another number, as good as random; each has its own. */
function mixed(number: number): number {
  let value = (number + 0x9e3779b9) | 0;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}
