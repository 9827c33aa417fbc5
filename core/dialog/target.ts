import type { Message } from '../message/message.ts';
import { requestUri } from '../message/request-uri.ts';
import type { Slice } from './slab.ts';

/**
 * The remote target that a message brings: its Contact's URI, without what a Request-URI must not have; undefined where it brings
 * none.
 *
 * @see RFC 3261 §12.2.1.2, §19.1.1
 */
export function targetOf(message: Message): Slice | undefined {
  const { contact } = message;
  if (contact.presence !== 'present' || contact.uri.end === contact.uri.start) return undefined;
  return requestUri(message.contactUri);
}
