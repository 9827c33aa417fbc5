import type { FlowId } from '../../../core/contract.ts';
import { uriOf } from '../models/address-value.ts';
import type { Message } from '../models/message.ts';
import { answerCall } from './calls.ts';
import type { Modelled } from './dialog.ts';
import { hopIsHeard } from './hop-troubles.ts';
import { hopAt, isListed } from './hops.ts';
import { type Ledger, optionTag, sentBy } from './ledger.ts';
import { type Received, serverKey } from './requests.ts';
import { becomeWell, moveTo, retarget } from './routes.ts';
import { hearAbilities, hearTimer } from './sessions.ts';

/* Requests of the peer's, and what our answers to them change. */

export function takeRequest(ledger: Ledger, message: Message, flow: FlowId): void {
  const by = ledger.flows.get(flow);
  if (by !== undefined && !by.isOurs && by.hop === undefined && ledger.end.protocol === 'tcp') {
    by.hop = hopAt(ledger, sentBy(message));
    hopIsHeard(ledger, flow);
  }
  const dialog = ledger.find(message.callId, message.toTag, message.fromTag);
  if (message.method !== 'ACK') {
    if (dialog !== undefined && message.method === 'BYE') dialog.hasBye = true;
    const name = serverKey(message);
    const known = ledger.received.get(name);
    if (known !== undefined) known.flow = flow;
    else {
      const generation = dialog?.generation ?? 0;
      ledger.received.set(name, { message, flow, atMs: ledger.nowMs, generation, isAnswered: false });
    }
    return;
  }
  if (dialog === undefined) return;
  ledger.touched.add(dialog);
  if (dialog.unacked?.cseq === message.cseq) dialog.unacked = undefined;
}

export function takeResponseOfOurs(ledger: Ledger, message: Message): void {
  const received = ledger.received.get(serverKey(message));
  const { status, method } = message;
  if (received === undefined || received.isAnswered) return;
  received.isAnswered = status >= 200;
  const dialog = ledger.find(message.callId, message.toTag, message.fromTag);
  if (dialog !== undefined) settleOvertaken(dialog, message);
  // One for a dialog that we have not is answered statelessly: repeated, it may find the dialog that has come meanwhile (RFC 3261 §8.2.7).
  else if (status === 481) ledger.received.delete(serverKey(message));
  if (status <= 100 || status >= 300) return;
  const request = received.message;
  if (request.toTag === '') {
    if (method === 'INVITE' && message.toTag !== '') answerCall(ledger, request, message, received.flow);
    return;
  }
  if (status < 200) return;
  if (dialog !== undefined && method === 'PRACK' && message.body !== '') dialog.offer = message.body;
  if (dialog === undefined || (method !== 'UPDATE' && method !== 'INVITE')) return;
  ledger.touched.add(dialog);
  takeRefreshOfPeer(ledger, dialog, received, message);
}

/** A later INVITE shows that its sender has had our 2xx, unless it is refused as too soon (RFC 5407 §3.1.4). */
function settleOvertaken(dialog: Modelled, { method, cseq, status }: Message): void {
  if (method !== 'INVITE' || status < 200 || status === 491 || status === 500) return;
  if (dialog.unacked !== undefined && cseq > dialog.unacked.cseq) dialog.unacked = undefined;
}

/** Q4, and trust rule 11: whose refresh moves what. */
export function takeRefreshOfPeer(ledger: Ledger, dialog: Modelled, received: Received, answer: Message): void {
  const { message: request, flow } = received;
  hearAbilities(dialog, request);
  hearTimer(ledger, dialog, answer, false, false);
  if (answer.body !== '') dialog.offer = answer.body;
  if (answer.method === 'INVITE') dialog.unacked = { cseq: answer.cseq, sinceMs: ledger.nowMs, isOfCall: false };
  if (isOvertaken(dialog, received)) return;
  dialog.refreshedBy = request.cseq;
  const recordRoute = request.recordRoute.map(uriOf);
  const by = ledger.flows.get(flow);
  const isFromHop =
    by?.isOurs === false && ledger.end.protocol === 'tcp'
      ? isListed(ledger, sentBy(request))
      : isListed(ledger, by?.remote ?? '');
  const isTrusted = ledger.end.trust === 'dialog-tags' || isFromHop;
  const offersTag = request.lists('supported', optionTag);
  retarget(ledger, dialog, request);
  if (!ledger.isOn || !isTrusted || !offersTag) return;
  if (recordRoute.length === 0 && dialog.status === 'healthy') return;
  if (!recordRoute.every((uri) => /^sips?:.*;lr/i.test(uri)) || recordRoute.length > 30) return;
  const { alternative } = dialog;
  moveTo(dialog, recordRoute, ledger.flows.get(flow)?.hop);
  // What a heal has brought since it came is younger, unless that was given up.
  if (alternative?.healedAtMs !== undefined && alternative.healedAtMs > received.atMs) dialog.alternative = alternative;
  becomeWell(ledger, dialog);
}

/** It waited for the program while the dialog got another route, or a younger one was accepted (RFC 6141 §4.8). */
function isOvertaken(dialog: Modelled, { message, generation }: Received): boolean {
  return message.cseq < dialog.refreshedBy || generation < dialog.generation;
}

/** A refresh of the peer's was accepted, and its answer has no way yet. */
export function takeUnseenAnswers(ledger: Ledger, dialog: Modelled): void {
  for (const received of ledger.received.values()) {
    const { message, flow, isAnswered } = received;
    const isOurs = message.callId === dialog.callId && message.toTag === dialog.localTag;
    if (isAnswered || !isOurs || (message.method !== 'UPDATE' && message.method !== 'INVITE')) continue;
    if (isOvertaken(dialog, received)) continue;
    retarget(ledger, dialog, message);
    moveTo(dialog, message.recordRoute.map(uriOf), ledger.flows.get(flow)?.hop);
    becomeWell(ledger, dialog);
  }
}
