import { endMessage, type Writer } from '../message/write.ts';
import type { Content } from './command.ts';

/** Closes a message with what the program adds to it. */
export function endWithContent(writer: Writer, content: Content): Uint8Array {
  for (const { name, value } of content.headers) writer.text(name).text(': ').text(value).text('\r\n');
  return endMessage(writer, content.contentType, content.body);
}

/** Nothing to add. */
export const noContent: Content = { headers: [], contentType: undefined, body: undefined };
