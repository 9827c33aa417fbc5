/** Sixteen hexadecimal digits that a text always has and that others hardly share (FNV-1a, twice). */
export function digest(text: string): string {
  let one = 0x811c9dc5;
  let other = 0x1b873593;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    one = Math.imul(one ^ code, 0x01000193);
    other = Math.imul(other ^ code, 0x85ebca6b) ^ (other >>> 15);
  }
  return hex(one) + hex(other ^ one);
}

function hex(number: number): string {
  return (number >>> 0).toString(16).padStart(8, '0');
}
