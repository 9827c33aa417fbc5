import { firstTargetOf } from '../dialog/target.ts';
import type { Message } from '../message/message.ts';
import { hasCookie } from '../transaction/branch.ts';

/**
 * What a request that makes or refreshes a dialog has wrong beyond the grammar of its lines, as the Reason-Phrase of the 400 that
 * answers it; undefined when nothing is.
 *
 * @see RFC 3261 §21.4.1
 */
export function refreshFault(request: Message): string | undefined {
  return contactFault(request) ?? sessionFault(request);
}

/**
 * The same for an INVITE outside any dialog, which must have more; one of RFC 2543, which its branch tells, may lack the tag, and the
 * Contact where its From is a target (RFC 3261 §12.1.1). `canRoute`: its Record-Route can be a route set.
 */
export function inviteFault(request: Message, canRoute: boolean): string | undefined {
  const { bytes, via, from, contact } = request;
  const isOld = !hasCookie(bytes, via.branch.start, via.branch.end);
  if (!isOld && from.tag.end === from.tag.start) return 'Missing From Tag';
  if (contact.presence === 'absent' && !(isOld && firstTargetOf(request) !== undefined)) return 'Missing Contact';
  return refreshFault(request) ?? (canRoute ? undefined : 'Malformed Record-Route');
}

/** One URI, SIP or SIPS. @see RFC 3261 §8.1.1.8 */
function contactFault({ contact, contactUri }: Message): string | undefined {
  if (contact.presence === 'absent') return undefined;
  if (contact.presence === 'malformed' || contact.uri.end === contact.uri.start) return 'Malformed Contact';
  const isSip = contactUri.scheme === 'sip' || contactUri.scheme === 'sips';
  return isSip ? undefined : 'Contact Is No SIP URI';
}

/** @see RFC 4028 §4, §5 */
function sessionFault({ sessionExpires, minSe }: Message): string | undefined {
  if (sessionExpires.presence === 'malformed') return 'Malformed Session-Expires';
  return minSe.presence === 'malformed' ? 'Malformed Min-SE' : undefined;
}
