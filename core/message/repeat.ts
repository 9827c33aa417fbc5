import { HeaderId } from './header.ts';
import type { Message } from './message.ts';
import type { Writer } from './write.ts';

/**
 * Writes a request of ours once more as a request of its own: with another branch, another sequence number and other credentials, and
 * the same in all else.
 *
 * @see RFC 3261 §8.1.3.5
 */
export function writeAgain(
  writer: Writer,
  request: Message,
  change: {
    readonly branch: string;
    readonly sequence: number;
    /** Authorization and Proxy-Authorization, each line ended by CRLF. */
    readonly authorization: string;
  },
): Uint8Array {
  const { bytes, via } = request;
  writer.bytes(bytes, 0, via.branch.start).text(change.branch).bytes(bytes, via.branch.end, viaEnd(request));
  for (let line = 0; line < request.lineCount; line++) {
    switch (request.headerId(line)) {
      case HeaderId.Via:
      case HeaderId.Authorization:
      case HeaderId.ProxyAuthorization:
        break;
      case HeaderId.CSeq:
        writer.text('CSeq: ').decimal(change.sequence).text(` ${request.method}\r\n`).text(change.authorization);
        break;
      default:
        writer.bytes(bytes, request.lineStart(line), request.lineEnd(line));
    }
  }
  return writer.text('\r\n').bytes(bytes, request.body.start, request.body.end).take();
}

/** Behind the line of our one Via, which comes first in all that we write. */
function viaEnd(request: Message): number {
  return request.lineEnd(request.first(HeaderId.Via));
}
