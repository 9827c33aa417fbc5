const colon = 0x3a;
const space = 0x20;
const carriageReturn = 0x0d;
const lineEnd = Buffer.from('\r\n');
const lineFeed = 0x0a;
const tagStart = ';tag=';
const callIdStart = '\r\nCall-ID: ';

/** Lines of a request that its answer repeats, in their order. */
const repeatedLines: ReadonlySet<string> = new Set(['Via', 'Record-Route', 'From', 'To', 'Call-ID', 'CSeq']);
/** First octets of their names: most other lines need no second look. */
const firstOctets: ReadonlySet<number> = new Set([...repeatedLines].map((name) => name.charCodeAt(0)));

/** Method of the request in `bytes` at `start`; of a response what is no method. */
export function methodOf(bytes: Buffer, start: number): string {
  return bytes.toString('latin1', start, bytes.indexOf(space, start));
}

/** Call-ID of a message whose sender writes it out and puts one space before it; empty for others. */
export function callIdOf(bytes: Buffer, start: number): string {
  const at = bytes.indexOf(callIdStart, start, 'latin1');
  if (at === -1) return '';
  const from = at + callIdStart.length;
  return bytes.toString('latin1', from, bytes.indexOf(carriageReturn, from));
}

/**
 * An answer to the request in `bytes[start, start + size)`, which is written without compact names: `status` and the lines that answers repeat; to
 * To, where it has none, `tag` is added; then `rest`, from the first line to the last octet.
 */
export function answerTo(
  bytes: Buffer,
  start: number,
  size: number,
  { status, tag, rest }: { readonly status: Buffer; readonly tag: string; readonly rest: Buffer },
): Buffer {
  const out = Buffer.allocUnsafe(status.length + size + tagStart.length + tag.length + rest.length);
  let at = status.copy(out, 0);
  const end = start + size;
  let line = bytes.indexOf(lineFeed, start) + 1;
  while (line > 0 && line < end && bytes[line] !== carriageReturn) {
    const next = bytes.indexOf(lineFeed, line) + 1;
    if (next === 0) break;
    if (firstOctets.has(bytes[line] as number)) {
      const name = bytes.toString('latin1', line, bytes.indexOf(colon, line));
      if (repeatedLines.has(name)) {
        const valueEnd = next - lineEnd.length;
        at += bytes.copy(out, at, line, valueEnd);
        if (name === 'To' && !hasTag(bytes, line, valueEnd)) at += out.write(`${tagStart}${tag}`, at, 'latin1');
        at += lineEnd.copy(out, at);
      }
    }
    line = next;
  }
  at += rest.copy(out, at);
  return out.subarray(0, at);
}

function hasTag(bytes: Buffer, from: number, to: number): boolean {
  const at = bytes.indexOf(tagStart, from, 'latin1');
  return at !== -1 && at < to;
}
