import type { DialogData, EngineEvent, ResponseData } from '../../../core/engine/event.ts';
import { tagOf } from '../models/address-value.ts';
import { breakRoute, hasHealTimedOut, hasTimedOut, isPastDeadline } from './breaks.ts';
import { callFailed, handOver } from './calls.ts';
import type { Modelled } from './dialog.ts';
import { hopDied } from './hop-troubles.ts';
import { hopOf, isSilent } from './hops.ts';
import { type Ledger, quickMs, slackMs, transactionMs } from './ledger.ts';
import { takeUnseenAnswers } from './requests-of-theirs.ts';
import { isUnacknowledged } from './sessions.ts';

/* What the program is told, held against what it must be told. */

export function takeEvent(ledger: Ledger, event: EngineEvent): void {
  switch (event.kind) {
    case 'result':
      handOver(ledger, event);
      if (event.failure !== undefined) callFailed(ledger, ledger.calls.get(event.id));
      nameAnswered(ledger, event.value.dialog, event.value.response);
      takeResult(ledger, event);
      break;
    case 'incoming-call':
      ledger.incoming.set(event.call, event.callId);
      break;
    case 'provisional':
      nameAnswered(ledger, event.dialog, event.response);
      break;
    case 'request': {
      const dialog = ledger.know(event.dialog.id, event.dialog.callId);
      if (dialog !== undefined) ledger.asked.set(event.request, dialog);
      break;
    }
    case 'fork':
    case 'media-lost':
    case 'session-changed':
      ledger.know(event.dialog.id, event.dialog.callId);
      break;
    case 'route-status': {
      const dialog = ledger.know(event.dialog.id, event.dialog.callId);
      if (dialog !== undefined) takeStatus(ledger, dialog, event);
      break;
    }
    case 'ended': {
      const dialog = ledger.know(event.dialog.id, event.dialog.callId);
      if (dialog !== undefined) takeEnd(ledger, dialog, event);
      break;
    }
  }
}

/** The branch of a call that a response came from has a name now. */
function nameAnswered(ledger: Ledger, dialog: DialogData | undefined, response: ResponseData | undefined): void {
  if (dialog === undefined) return;
  const to = response?.headers.find(({ name }) => name === 'To');
  ledger.know(dialog.id, dialog.callId, tagOf(to?.value ?? ''));
}

export function takeResult(ledger: Ledger, { id, failure }: Extract<EngineEvent, { kind: 'result' }>): void {
  const wish = ledger.wishes.get(id);
  if (wish?.dialog.isEarly) ledger.wishes.delete(id);
  if (wish === undefined || wish.dialog.isEarly) return;
  const due = ledger.due.find((each) => each.wish === wish);
  ledger.wishes.delete(id);
  const status = failure === undefined ? 200 : failure.response?.status;
  const { dialog, method } = wish;
  if (failure?.origin === 'local' && wish.state === 'sent') {
    if (status === 408) ledger.take('no answer');
    if (status === 503) ledger.take('hop gone');
  }
  if (due !== undefined) {
    ledger.meet(due);
    const isRight = due.status === undefined || (due.status < 300 ? failure === undefined : status === due.status);
    if (!isRight) ledger.violate(`tells ${status ?? failure?.code} of ${method}, not ${due.status}`, dialog);
    return;
  }
  if (wish.isGivenUp) {
    if (failure?.code === 'SIP_FAILURE_RESPONSE') ledger.mayBreak.add(dialog);
    return;
  }
  if (failure === undefined) {
    ledger.violate(`tells a success of ${method} that nobody has answered`, dialog);
    return;
  }
  if (failure.code !== 'SIP_FAILURE_RESPONSE') return;
  if (wish.state === 'confirming') {
    const isLate = ledger.nowMs - wish.refusedAtMs >= quickMs - slackMs;
    // Time is up, not the heal: it goes on as that of a broken route, and who waits for it as well hears of that.
    if (isLate && dialog.alternative === undefined && !ledger.touched.has(dialog)) breakRoute(ledger, dialog, true);
    else ledger.mayBreak.add(dialog);
    return;
  }
  // The session ends for want of an ACK, and all that was wished for in it.
  if (isUnacknowledged(ledger, dialog) || isPastDeadline(ledger, dialog)) return;
  if (ledger.mayFail.has(dialog) || ledger.mayEnd.has(dialog) || dialog.byeAtMs !== undefined) return;
  // An INVITE is not waited for any longer, whatever became of it.
  if (wish.method === 'INVITE' && wish.sentAtMs > 0 && ledger.nowMs - wish.sentAtMs >= transactionMs - slackMs) {
    ledger.mayBreak.add(dialog);
    return;
  }
  // The heal has had no answer: who waits for it has the same, who was not sent too.
  if (
    (hasHealTimedOut(ledger, dialog) || hasTimedOut(ledger, dialog) || isSilent(ledger, dialog.heal?.hop ?? '')) &&
    (wish.state === 'waits' || wish.state === 'new')
  ) {
    ledger.mayBreak.add(dialog);
    return;
  }
  const what = `${method} ${wish.cseq} fails with ${status}`;
  const sent = [...ledger.sent.values()].findLast((each) => each.wish === wish);
  const isSlow = wish.state === 'sent' && wish.resends > 0 && ledger.nowMs - wish.refusedAtMs >= quickMs - slackMs;
  // It went out again, and the route that the heal has brought is not to blame.
  if (isSlow && status === 430) return;
  if (wish.state === 'waits') {
    if (ledger.nowMs - wish.refusedAtMs < quickMs - slackMs)
      ledger.violate(`${what} before the heal has had its time`, dialog);
    breakRoute(ledger, dialog, true);
  } else if (failure.origin !== 'local') {
    if (wish.state !== 'again') ledger.violate(`${what}, which nobody has said`, dialog);
    ledger.mayBreak.add(dialog);
  } else if (status === 408) {
    if (sent !== undefined && ledger.nowMs - sent.atMs < transactionMs - slackMs)
      ledger.violate(`${what} too soon`, dialog);
    if (sent !== undefined) ledger.done(sent);
    if (dialog.alternative !== undefined) ledger.mayBreak.add(dialog);
    else if (sent === undefined || sent.generation === dialog.generation) breakRoute(ledger, dialog, wish.confirm);
  } else if (status === 503) {
    const hop = sent?.hop ?? hopOf(ledger, dialog);
    if (sent === undefined && ledger.hops.get(hop ?? '')?.isHeard)
      ledger.violate(`${what}, though its hop lives`, dialog);
    if (hop !== undefined && isSilent(ledger, hop)) hopDied(ledger, hop);
    ledger.mayBreak.add(dialog);
  }
}

export function takeStatus(
  ledger: Ledger,
  dialog: Modelled,
  { routeStatus }: Extract<EngineEvent, { kind: 'route-status' }>,
): void {
  const { status, cause } = routeStatus;
  if (dialog.isEarly) {
    dialog.isEarly = false;
    dialog.isTimerUnseen = dialog.isAnswered;
    if (dialog.isAnswered) ledger.mayBreak.add(dialog);
    else ledger.violate(`tells ${status} of an early dialog`, dialog);
  }
  let due = ledger.due.find((each) => each.dialog === dialog && each.routeStatus === status);
  if (due === undefined && status === 'recovering' && dialog.status === 'healthy') {
    const hop = hopOf(ledger, dialog);
    if (cause === 'hop-silent' && hop !== undefined && isSilent(ledger, hop)) hopDied(ledger, hop);
    // The hop may be another one than the route set names: where that cannot be read, it is the one that last worked.
    if (cause === 'hop-silent' && [...ledger.hops.keys()].some((each) => isSilent(ledger, each)))
      ledger.mayBreak.add(dialog);
    // Or a heal of it, though healthy, was on its way by a hop that is gone.
    if (dialog.heal !== undefined && isSilent(ledger, dialog.heal.hop)) ledger.mayBreak.add(dialog);
    if (hasHealTimedOut(ledger, dialog)) ledger.mayBreak.add(dialog);
    if (ledger.nowMs - (dialog.refreshRefusedAtMs ?? ledger.nowMs) >= quickMs - slackMs) ledger.mayBreak.add(dialog);
    if (ledger.mayBreak.has(dialog) || (cause === 'timeout' && hasTimedOut(ledger, dialog))) {
      // Whoever is told of it has it.
      if (dialog.unacked !== undefined) dialog.unacked = { ...dialog.unacked, isOfCall: false };
      breakRoute(ledger, dialog, true);
    }
    due = ledger.due.find((each) => each.dialog === dialog && each.routeStatus === status);
  } else if (due === undefined && status === 'healthy' && dialog.status === 'recovering') {
    const toBeWell = ledger.mayBeWell.get(dialog);
    if (toBeWell !== undefined) toBeWell();
    else takeUnseenAnswers(ledger, dialog);
    due = ledger.due.find((each) => each.dialog === dialog && each.routeStatus === status);
  }
  // A new dialog in its place has another Call-ID: that is told in any case.
  if (due === undefined && status === 'healthy' && routeStatus.replaced && dialog.status === 'healthy') return;
  if (due === undefined) {
    ledger.violate(`tells ${status} (${cause}) without a cause, it is ${dialog.status}`, dialog);
    dialog.status = status;
  } else ledger.meet(due);
  if (ledger.isOn) return;
  ledger.violate(`tells ${status} although it does not recover`, dialog);
}

export function takeEnd(
  ledger: Ledger,
  dialog: Modelled,
  { reason, by }: Extract<EngineEvent, { kind: 'ended' }>,
): void {
  const due = ledger.due.find((each) => each.dialog === dialog && each.kind === 'ended');
  if (due !== undefined) ledger.meet(due);
  const wrong = (): void => ledger.violate(`ends (${by} ${reason}) without a cause`, dialog);
  const mayEnd = ledger.mayEnd.has(dialog) || dialog.hasBye;
  if (reason === 'does-not-exist' && due === undefined && ledger.isOn && !mayEnd) wrong();
  else if (reason === 'session-expired' && by === 'local' && dialog.status === 'recovering') wrong();
  ledger.forget(dialog);
}
