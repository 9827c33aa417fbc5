import type { Message } from '../message/message.ts';
import type { Slice } from './slab.ts';

/** The remote target that a message brings: its Contact's URI; undefined where it brings none. @see RFC 3261 §12.2.1.2 */
export function targetOf(message: Message): Slice | undefined {
  const { contact } = message;
  if (contact.presence !== 'present' || contact.uri.end === contact.uri.start) return undefined;
  return { bytes: message.bytes, start: contact.uri.start, end: contact.uri.end };
}
