import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import { refuseOffer } from './refused-offer.ts';

/** What an ACK carries. */
export interface AckBody {
  readonly contentType: string;
  readonly body: Uint8Array;
}

/**
 * The answer to an offer that a 2xx to our INVITE without one has brought: our session as it is or, where there is none, all streams
 * refused. Undefined where the 2xx brings no offer.
 *
 * @see RFC 3261 §13.2.2.4
 */
export function answerToOffer(own: Uint8Array, response: Message): AckBody | undefined {
  const { bytes, body } = response;
  if (body.end === body.start || !mayDescribe(response)) return undefined;
  const answer = own.length > 0 ? own : refuseOffer(bytes.subarray(body.start, body.end));
  return answer && { contentType: 'application/sdp', body: answer };
}

function mayDescribe(message: Message): boolean {
  const type = message.headerText(HeaderId.ContentType)?.toLowerCase() ?? '';
  return type.startsWith('application/sdp') || type.startsWith('multipart/');
}
