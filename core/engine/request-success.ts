import { answerToOffer } from '../dialog/ack-body.ts';
import { ownSession } from '../dialog/own-session.ts';
import { hashDescription } from '../dialog/session-description.ts';
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
    const answer = content.body === undefined ? answerToOffer(ownSession(table, dialog), message) : undefined;
    acks.send(tx, dialog, message.cseq.number, hop, answer);
  }
}
