import type { FrameLimits, FramingFault } from '../../transport/frame.ts';

/** What stands in a stream, one after the other; the last may be a fault. One character is one octet. */
export type NaiveFrame =
  | { readonly kind: 'message'; readonly octets: string }
  | { readonly kind: 'ping' }
  | { readonly kind: 'pong' }
  | { readonly kind: 'invalid'; readonly reason: FramingFault };

/**
 * Takes a whole stream apart the slow and plain way, to compare with: between messages CRLFCRLF is a ping and CRLF an answer to one, and
 * a message ends Content-Length octets behind its empty line.
 *
 * @see RFC 3261 §7.5, §18.3; RFC 5626 §4.4.1
 */
export function frameNaively(stream: string, limits: FrameLimits): NaiveFrame[] {
  const frames: NaiveFrame[] = [];
  let rest = stream;
  for (;;) {
    if (rest === '' || rest === '\r' || rest === '\r\n' || rest === '\r\n\r') return frames;
    if (rest.startsWith('\r\n\r\n')) {
      frames.push({ kind: 'ping' });
      rest = rest.slice(4);
      continue;
    }
    const isPong = rest.startsWith('\r\n');
    const begun = isPong ? rest.slice(2) : rest;
    // What is no visible ASCII begins no start line.
    if (!/^[!-~]/.test(begun)) return [...frames, { kind: 'invalid', reason: 'no-start-line' }];
    if (isPong) frames.push({ kind: 'pong' });
    const size = messageSize(begun, limits);
    if (typeof size === 'string') return [...frames, { kind: 'invalid', reason: size }];
    if (size === undefined || begun.length < size) return frames;
    frames.push({ kind: 'message', octets: begun.slice(0, size) });
    rest = begun.slice(size);
  }
}

/** Undefined while the head has not come whole. */
function messageSize(begun: string, { headSizeMax, bodySizeMax }: FrameLimits): number | FramingFault | undefined {
  const end = begun.indexOf('\r\n\r\n');
  const headSize = end + 4;
  if (end < 0 || headSize > headSizeMax) return begun.length < headSizeMax ? undefined : 'head-too-large';
  const [, ...lines] = begun.slice(0, end).split('\r\n');
  // A line that begins with white space goes on with the line before it.
  const fields: string[] = [];
  for (const line of lines) {
    if (/^[ \t]/.test(line) && fields.length > 0) fields.push(`${fields.pop()}\r\n${line}`);
    else fields.push(line);
  }
  const [length, another] = fields.filter((line) => /^(?:content-length|l)[ \t]*:/i.test(line));
  if (length === undefined) return 'no-content-length';
  if (another !== undefined) return 'content-length-repeated';
  const [, digits] = /^[^:]*:(?:[ \t]|\r\n[ \t])*0*(\d+)(?:[ \t]|\r\n[ \t])*$/.exec(length) ?? [];
  // More digits than 15 are not counted exactly.
  if (digits === undefined || digits.length > 15) return 'content-length-malformed';
  return Number(digits) > bodySizeMax ? 'body-too-large' : headSize + Number(digits);
}
