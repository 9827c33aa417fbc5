import type { Message } from '../message/message.ts';
import { requestUri } from '../message/request-uri.ts';
import type { Slice } from './slab.ts';

/**
 * The remote target that a message brings: its Contact's URI, without what a Request-URI must not have; undefined where it brings
 * none. What is no SIP or SIPS URI is no target (§8.1.1.8).
 *
 * @see RFC 3261 §12.2.1.2, §19.1.1
 */
export function targetOf(message: Message): Slice | undefined {
  const { contact } = message;
  if (contact.presence !== 'present' || contact.uri.end === contact.uri.start) return undefined;
  const { scheme } = message.contactUri;
  return scheme === 'sip' || scheme === 'sips' ? requestUri(message.contactUri) : undefined;
}
