import type { FlowId } from '../../../core/contract.ts';
import type { EngineEvent } from '../../../core/engine/event.ts';
import { hostPortOf } from '../host-port.ts';
import { paramOf, uriOf } from '../models/address-value.ts';
import type { Message } from '../models/message.ts';
import { breakRoute } from './breaks.ts';
import type { Modelled } from './dialog.ts';
import { dialogKey, type Ledger, quickMs } from './ledger.ts';
import type { Sent } from './requests.ts';
import { becomeWell, mayHealFor, moveTo } from './routes.ts';
import { hearAbilities, hearTimer } from './sessions.ts';

/* Dialogs that begin: calls either way, replaced ones, and those that come as records. */

export function takeCallAnswer(ledger: Ledger, sent: Sent, answer: Message): void {
  const { callId, fromTag } = sent.message;
  if (answer.toTag === '' || ledger.failedCalls.has(callId)) return;
  const known = ledger.find(callId, fromTag, answer.toTag);
  if (known !== undefined && !known.isEarly) {
    if (answer.status >= 200) answeredAgain(ledger, known);
    return;
  }
  if (sent.isDone) return;
  const target = uriOf(answer.header('contact'));
  const routes = answer.recordRoute.map(uriOf).reverse();
  const offer = sent.message.body;
  const dialog =
    known ??
    ledger.make({
      callId,
      localTag: fromTag,
      remoteTag: answer.toTag,
      isOurs: true,
      target,
      routes,
      hop: sent.hop,
      offer,
    });
  ledger.touched.add(dialog);
  hearAbilities(dialog, answer);
  if (answer.status < 200) return;
  // Its route set is the 2xx's, whatever the provisional ones said (RFC 3261 §13.2.2.4).
  dialog.isEarly = false;
  dialog.target = target;
  dialog.routes = routes;
  hearTimer(ledger, dialog, answer, true, false);
}

/** Its ACK gets lost on the way: after three of these we heal, and acknowledge by the new route. */
export function answeredAgain(ledger: Ledger, dialog: Modelled): void {
  dialog.repetitions++;
  if (dialog.repetitions < 3) return;
  mayHealFor(ledger, dialog, quickMs);
  // It is for no request, so that nothing ends its waiting: it goes out when a hop takes it, were all of them to be left alone meanwhile.
  dialog.missesAck = dialog.heal === undefined;
}

/** A call is answered, though its 2xx may have no way yet. */
export function callIsAnswered(ledger: Ledger, id: number, callId: string, body: string): void {
  ledger.calls.set(id, callId);
  for (const dialog of ledger.dialogs.values()) {
    if (dialog.callId !== callId || dialog.isOurs) continue;
    dialog.isAnswered = true;
    if (body !== '') dialog.offer = body;
  }
}

/** What has become of its dialogs nobody is told but by that. */
export function callFailed(ledger: Ledger, callId: string | undefined): void {
  if (callId === undefined) return;
  ledger.failedCalls.add(callId);
  for (const dialog of ledger.dialogs.values()) if (dialog.callId === callId) ledger.forget(dialog);
}

/** Dialogs that come as records, and those that go. */
export function handOver(ledger: Ledger, { id, failure }: Extract<EngineEvent, { kind: 'result' }>): void {
  const record = ledger.adopted.get(id);
  const released = ledger.released.get(id);
  if (failure !== undefined) return;
  if (released !== undefined) ledger.forget(released);
  if (record === undefined) return;
  const { callId, localTag, remoteTag, remoteTarget: target, routeSet: routes = [], localSession: offer = '' } = record;
  const { sessionTimer, peer = {}, hop, group } = record;
  const isOurs = record.role === 'uac';
  const dialog = ledger.make({
    callId,
    localTag,
    remoteTag,
    isOurs,
    target,
    routes,
    hop: hop && hostPortOf(hop),
    offer,
  });
  ledger.numbers.delete(dialogKey(callId, localTag, remoteTag));
  dialog.isEarly = false;
  dialog.group = group;
  dialog.allowsUpdate = peer.allowsUpdate;
  dialog.isResilient = peer.resilient ?? false;
  dialog.takesReplaces = peer.replaces ?? false;
  if (record.routeStatus === 'recovering') {
    // With recovery off one refresh is all that tells the peer where its dialog is now.
    if (ledger.isOn) breakRoute(ledger, dialog, true);
    else dialog.refreshFromMs = ledger.nowMs;
  }
  if (sessionTimer === undefined) return;
  const { intervalS, refresher, remainingS = intervalS } = sessionTimer;
  const sinceMs = ledger.nowMs - (intervalS - remainingS) * 1000;
  dialog.timer = { intervalS, isOurs: refresher === 'local', sinceMs };
}

/** The dialog of ours that an INVITE is to take the place of (RFC 3891 §6.1): whose tags are called what depends on who sends it. */
export function replacedBy(
  ledger: Ledger,
  invite: Message,
  ours: 'from-tag' | 'to-tag',
  theirs: 'from-tag' | 'to-tag',
): Modelled | undefined {
  const value = invite.header('replaces');
  if (value === '') return undefined;
  const [callId = ''] = value.split(';', 1);
  const params = value.slice(callId.length);
  return ledger.find(callId.trim(), paramOf(params, ours) ?? '', paramOf(params, theirs) ?? '');
}

export function answerCall(ledger: Ledger, request: Message, answer: Message, flow: FlowId): void {
  const replaced = replacedBy(ledger, request, 'to-tag', 'from-tag');
  if (replaced !== undefined) {
    if (answer.status < 200) return;
    ledger.rename(replaced, answer.callId, answer.toTag, answer.fromTag);
    replaced.target = uriOf(request.header('contact'));
    hearAbilities(replaced, request);
    hearTimer(ledger, replaced, answer, false, false);
    if (answer.body !== '') replaced.offer = answer.body;
    replaced.heal = undefined; // the dialog that it was to heal is no more
    moveTo(replaced, request.recordRoute.map(uriOf), ledger.flows.get(flow)?.hop);
    becomeWell(ledger, replaced);
    return;
  }
  const { callId, toTag: localTag, fromTag: remoteTag } = answer;
  const target = uriOf(request.header('contact'));
  const routes = request.recordRoute.map(uriOf);
  const hop = ledger.flows.get(flow)?.hop;
  const dialog =
    ledger.find(callId, localTag, remoteTag) ??
    ledger.make({ callId, localTag, remoteTag, isOurs: false, target, routes, hop, offer: '' });
  ledger.touched.add(dialog);
  if (answer.body !== '') dialog.offer = answer.body;
  hearAbilities(dialog, request);
  if (answer.status < 200) return;
  dialog.isEarly = false;
  dialog.unacked = { cseq: answer.cseq, sinceMs: ledger.nowMs, isOfCall: true };
  hearTimer(ledger, dialog, answer, false, false);
}
