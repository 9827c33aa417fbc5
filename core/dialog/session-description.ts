/**
 * A hash of a session description, never 0: enough to see that it is not the one of last time.
 *
 * Descriptions of peers are compared, not kept: a dialog holds our own last one, which heals have to repeat.
 */
export function hashDescription(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash >>> 0 || 1;
}
