import type { AddressView } from '../message/address.ts';
import type { Message } from '../message/message.ts';
import { requestUri } from '../message/request-uri.ts';
import { parseUri, UriView } from '../message/uri.ts';
import type { Slice } from './slice.ts';

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

const view = new UriView();

/**
 * The same of what a dialog begins with: before RFC 3261 an INVITE could come without a Contact, and its From's URI was then where
 * its caller is reached.
 *
 * @see RFC 3261 §12.1.1, RFC 4475 §3.4.1
 */
export function firstTargetOf(message: Message): Slice | undefined {
  if (message.contact.presence !== 'absent') return targetOf(message);
  const target = partyTargetOf(message, message.from);
  return view.scheme === 'sip' || view.scheme === 'sips' ? target : undefined;
}

/** The URI of From or To, without what a Request-URI must not have; undefined where it is malformed. */
export function partyTargetOf(message: Message, { uri }: AddressView): Slice | undefined {
  return parseUri(message.bytes, uri.start, uri.end, view) ? requestUri(view) : undefined;
}
