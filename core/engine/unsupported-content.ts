import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';

/** A body may describe a session, or be several parts, of which one does: the program looks into them (RFC 5621 §3.1). */
const taken = /^(?:application\s*\/\s*sdp|multipart\s*\/\s*[^\s;]+)\s*(?:;|$)/i;
const accept = 'Accept: application/sdp, multipart/*\r\n';
/** Of encodings we have none. */
const acceptEncoding = 'Accept-Encoding: identity\r\n';

/**
 * What a request that makes or refreshes a dialog could have brought in place of its body, as the header line of the 415 that refuses
 * it; undefined where the body is one that we take, or may be ignored, or where there is none.
 *
 * @see RFC 3261 §8.2.3, §20.11
 */
export function unsupportedContent(request: Message): string | undefined {
  if (request.body.end === request.body.start || isOptional(request)) return undefined;
  const line = request.first(HeaderId.ContentEncoding);
  const encoding = request.headerText(HeaderId.ContentEncoding)?.toLowerCase() ?? 'identity';
  // A second line goes on with the list of the first.
  if (encoding !== 'identity' || (line !== -1 && request.next(line) !== -1)) return acceptEncoding;
  const type = request.headerText(HeaderId.ContentType);
  return type === undefined || taken.test(type) ? undefined : accept;
}

function isOptional(request: Message): boolean {
  return /;\s*handling\s*=\s*optional\s*(?:;|$)/i.test(request.headerText(HeaderId.ContentDisposition) ?? '');
}
