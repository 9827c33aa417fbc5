import type { Modelled } from './dialog.ts';
import { dueOf, type Ledger, slackMs, transactionMs } from './ledger.ts';
import { isOverdue, isUnacknowledged } from './sessions.ts';

/* Routes that break, and attempts to heal them that fail. */

/** `isWalked`: even a passive stack heals. */
export function breakRoute(ledger: Ledger, dialog: Modelled, isWalked = false): void {
  if (!ledger.isOn || dialog.byeAtMs !== undefined || dialog.isEarly) return;
  // The schedule begins by what asks for us, if it did not go on until then.
  if (isWalked && dialog.isLeftAfterHeal && dialog.heal === undefined) dialog.nextFromMs = ledger.nowMs;
  if (isWalked) dialog.isLeft = dialog.isLeftAfterHeal = false;
  if (dialog.status === 'recovering') return;
  if (dialog.id === undefined || dialog.unacked?.isOfCall === true) {
    // The program has not heard of it, or only that it rings: an INVITE that was given up, or one that waits for its ACK.
    ledger.mayBreak.add(dialog);
    return;
  }
  // What the program has asked for goes on.
  dialog.isLeft = ledger.end.passive && !isWalked && ledger.nowMs > dialog.mayHealUntilMs;
  for (const wish of ledger.wishes.values()) {
    if (wish.dialog === dialog && wish.state === 'waits') ledger.owe(wish, 430, false);
  }
  dialog.status = 'recovering';
  dialog.brokeAtMs = ledger.nowMs;
  dialog.nextFromMs = ledger.nowMs;
  dialog.attempts = 0;
  dialog.attemptsInAll = 0;
  ledger.due.push(dueOf('status', dialog, { routeStatus: 'recovering' }));
}

/** What waits fails, and the dialog ends, when it has been broken for too long, or too long without media. */
export function isPastDeadline({ end, nowMs }: Ledger, { status, brokeAtMs, mediaDeadAtMs }: Modelled): boolean {
  if (status !== 'recovering') return false;
  const { deadlineMs = Number.POSITIVE_INFINITY, mediaTimeoutMs = Number.POSITIVE_INFINITY } = end;
  const isWithoutMedia = mediaDeadAtMs !== undefined && nowMs - mediaDeadAtMs >= mediaTimeoutMs - slackMs;
  return isWithoutMedia || nowMs - brokeAtMs >= deadlineMs - slackMs;
}

/** `isOld`: by an older route than there is. That says nothing of this one, by which it is asked again at once. */
export function attemptFailed(ledger: Ledger, dialog: Modelled, isOld: boolean): void {
  dialog.heal = undefined;
  dialog.move = undefined;
  dialog.nextByMs = Number.POSITIVE_INFINITY;
  if (isOld) {
    dialog.nextFromMs = ledger.nowMs;
    return;
  }
  // Whoever has asked for heals meanwhile has the schedule begin anew.
  if (ledger.nowMs <= dialog.anyTimeUntilMs) dialog.attempts = 0;
  dialog.attempts++;
  dialog.nextFromMs = ledger.nowMs + scheduledMs(dialog.attempts) / 2;
}

/** The longest delay after so many attempts; the shortest is half of it. */
function scheduledMs(attempts: number): number {
  return Math.min(60, 2 ** attempts) * 1000;
}

/** The attempt is over; who waits hears of it, then the program, then the schedule goes on. */
export function attemptAnswered(
  ledger: Ledger,
  dialog: Modelled,
  status: number | undefined,
  isTrouble: boolean,
  isOld: boolean,
): void {
  attemptFailed(ledger, dialog, isOld);
  // Those behind, too, that were never sent.
  ledger.mayFail.add(dialog);
  for (const wish of ledger.wishes.values()) {
    if (wish.dialog === dialog && wish.state === 'waits') ledger.owe(wish, status === 430 ? 430 : undefined, false);
  }
  if (!isOld && isTrouble) breakRoute(ledger, dialog, true);
  const isKnown = ledger.end.schedule === 'doubling' && !ledger.end.passive && !isOld;
  if (isKnown && dialog.status === 'recovering' && [...ledger.hops.values()].every(({ isDead }) => !isDead))
    dialog.nextByMs = ledger.nowMs + scheduledMs(dialog.attemptsInAll + 1); // the one that found the break counts
}

export function hasHealTimedOut(ledger: Ledger, { heal }: Modelled): boolean {
  return heal !== undefined && ledger.nowMs - heal.atMs >= transactionMs - slackMs;
}

export function hasTimedOut(ledger: Ledger, dialog: Modelled): boolean {
  if (isUnacknowledged(ledger, dialog) || isOverdue(ledger, dialog)) return true;
  for (const { message, atMs, isAnswered } of ledger.received.values()) {
    // Answered perhaps, by a 2xx that had no way, and so no ACK.
    const isInvite = message.method === 'INVITE' && !isAnswered && ledger.nowMs - atMs >= transactionMs - slackMs;
    if (isInvite && message.callId === dialog.callId && message.toTag === dialog.localTag) return true;
  }
  for (const sent of ledger.openSent) {
    if (ledger.nowMs - sent.atMs < transactionMs - slackMs) continue;
    const { callId, fromTag, toTag } = sent.message;
    // What was sent before the dialog was confirmed belongs to it as well.
    if (sent.dialog === dialog || ledger.find(callId, fromTag, toTag) === dialog) return true;
  }
  return false;
}
