import type { AckBody } from '../dialog/ack.ts';
import { Part } from '../dialog/record.ts';
import { refuseOffer } from '../dialog/refused-offer.ts';
import { hashDescription } from '../dialog/session-description.ts';
import type { DialogIndex } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import { isTargetRefresh } from '../message/target-refresh.ts';
import { refreshTarget } from '../recovery/next-hop.ts';
import type { ClientTransaction } from '../transaction/client-transaction.ts';
import type { Parts } from './parts.ts';
import type { PendingRequest } from './pending-requests.ts';

/** What a 2xx to a request of the program's changes in its dialog; one to a re-INVITE is acknowledged. */
export function takeSuccess(parts: Parts, tx: ClientTransaction, request: PendingRequest, message: Message): void {
  const { table, hops, sessions, healer, wheel, acks } = parts;
  const { dialog, method, content } = request;
  healer.health.aliveAtMs[dialog] = wheel.nowMs;
  if (isTargetRefresh(method)) {
    const session =
      content.body === undefined ? undefined : { bytes: content.body, start: 0, end: content.body.length };
    if (refreshTarget(table, hops, dialog, message, session)) healer.hopChanged(dialog);
    if (message.body.end > message.body.start) {
      table.remoteSession[dialog] = hashDescription(message.bytes, message.body.start, message.body.end);
    }
    // The session begins with the call's own 2xx (RFC 4028 §7.2), which this one may have been sent before.
    if (!request.isEarly) sessions.agreeAsClient(dialog, message);
  }
  const hop = hops.of(dialog);
  if (method === 'INVITE' && hop !== undefined) {
    const answer = content.body === undefined ? answerToOffer(parts, dialog, message) : undefined;
    acks.send(tx, dialog, message.cseq.number, hop, answer);
  }
}

/** The answer to an offer that our re-INVITE without one has brought: our session as it is. @see RFC 3261 §13.2.2.4 */
export function answerToOffer({ table }: Parts, dialog: DialogIndex, { bytes, body }: Message): AckBody | undefined {
  if (body.end === body.start) return undefined;
  const { records } = table;
  const block = table.block(dialog);
  const own = records.bytes(block).slice(records.start(block, Part.session), records.end(block, Part.session));
  const answer = own.length > 0 ? own : refuseOffer(bytes.subarray(body.start, body.end));
  return answer && { contentType: 'application/sdp', body: answer };
}
