const lineFeed = 0x0a;
const space = 0x20;
const zero = 0x30;
const headEnd = Buffer.from('\r\n\r\n');

/**
 * Octets of the message that begins in `chunk` at `start`: 0 while it is not all there. Content-Length stands last in the head of
 * whatever our stack writes, so that nothing else of it is read. An empty line between messages is a message of its own.
 */
export function nextSize(chunk: Buffer, start: number): number {
  if (chunk[start] === 0x0d) return start + 1 < chunk.length ? 2 : 0;
  const end = chunk.indexOf(headEnd, start);
  if (end === -1) return 0;
  let bodySize = 0;
  let scale = 1;
  let at = end - 1;
  for (; chunk[at] !== space; at--) {
    const digit = (chunk[at] as number) - zero;
    if (!(digit >= 0 && digit <= 9) || chunk[at] === lineFeed) throw new Error('a head ends without Content-Length');
    bodySize += digit * scale;
    scale *= 10;
  }
  const size = end + headEnd.length + bodySize - start;
  return start + size <= chunk.length ? size : 0;
}
