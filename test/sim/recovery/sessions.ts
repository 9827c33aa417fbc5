import { paramOf, paramsOf } from '../models/address-value.ts';
import type { Message } from '../models/message.ts';
import type { Modelled } from './dialog.ts';
import { type Ledger, optionTag, slackMs, transactionMs } from './ledger.ts';

/* Session timers, and what peers say of themselves (RFC 4028). */

export function hearAbilities(dialog: Modelled, message: Message): void {
  if (message.has('allow')) dialog.allowsUpdate = message.lists('allow', 'update');
  if (!message.has('supported')) return;
  dialog.isResilient = message.lists('supported', optionTag);
  dialog.takesReplaces ||= message.lists('supported', 'replaces');
}

export function hearTimer(ledger: Ledger, dialog: Modelled, answer: Message, isOurs: boolean, isHeal: boolean): void {
  dialog.isTimerUnseen = false;
  if (!answer.has('session-expires')) {
    if (!isHeal) dialog.timer = undefined;
    else if (dialog.timer !== undefined) dialog.timer.sinceMs = ledger.nowMs;
    return;
  }
  setTimer(ledger, dialog, answer, isOurs);
}

/** A heal of ours says what the call's own 2xx would have said, if that had no way. */
export function hearUnseenTimer(ledger: Ledger, dialog: Modelled, heal: Message): void {
  if (dialog.isTimerUnseen && heal.has('session-expires')) setTimer(ledger, dialog, heal, true);
}

function setTimer(ledger: Ledger, dialog: Modelled, message: Message, isOurs: boolean): void {
  const value = message.header('session-expires');
  const byUac = paramOf(paramsOf(value), 'refresher')?.toLowerCase() !== 'uas';
  dialog.timer = { intervalS: Number.parseInt(value, 10), isOurs: byUac === isOurs, sinceMs: ledger.nowMs };
}

export function isUnacknowledged(ledger: Ledger, { unacked }: Modelled): boolean {
  return unacked !== undefined && ledger.nowMs - unacked.sinceMs >= transactionMs - slackMs;
}

/** Its peer should have refreshed the session by now; it would be ended otherwise (RFC 4028 §10). */
export function isOverdue(ledger: Ledger, { timer, isResilient }: Modelled): boolean {
  if (timer === undefined || !isResilient) return false;
  const marginS = Math.min(32, timer.intervalS / 3);
  return ledger.nowMs >= timer.sinceMs + (timer.intervalS - marginS) * 1000 - slackMs;
}

/** A session that its peer has not refreshed is not used beyond its interval (RFC 4028 §10). */
export function checkSessions(ledger: Ledger): void {
  for (const dialog of ledger.dialogs.values()) {
    const { timer, status, id, byeAtMs, hasBye } = dialog;
    if (timer === undefined || timer.isOurs || status !== 'healthy' || id === undefined) continue;
    if (byeAtMs !== undefined || hasBye) continue;
    const endsAtMs = timer.sinceMs + timer.intervalS * 1000;
    if (ledger.steppedAtMs > endsAtMs + transactionMs) ledger.violate('outlives its session', dialog);
  }
}

export function isRefreshDue(ledger: Ledger, { timer, refreshFromMs }: Modelled): boolean {
  if (ledger.nowMs >= refreshFromMs - slackMs) return true;
  return timer !== undefined && ledger.nowMs >= timer.sinceMs + timer.intervalS * 500 - slackMs;
}
