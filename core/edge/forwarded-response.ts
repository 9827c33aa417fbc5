import { skipLws } from '../message/bytes.ts';
import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import type { Writer } from '../message/write.ts';
import { writeMissingLength } from './forwarded-request.ts';

/**
 * Writes `response` as we forward it: without its topmost Via, which was ours. By a `stream` it gets Content-Length, if it has none.
 *
 * @see RFC 3261 §16.11, §20.14
 */
export function writeForwardedResponse(writer: Writer, response: Message, stream: boolean): Uint8Array {
  const { bytes, via, body } = response;
  const line = response.first(HeaderId.Via);
  const end = response.valueEnd(line);
  writer.bytes(bytes, body.end - response.size, response.lineStart(line));
  const comma = skipLws(bytes, via.value.end, end);
  if (comma < end)
    writer
      .text('Via: ')
      .bytes(bytes, skipLws(bytes, comma + 1, end), end)
      .text('\r\n');
  if (stream) writeMissingLength(writer, response);
  writer.bytes(bytes, response.lineEnd(line), body.end);
  return writer.take();
}
