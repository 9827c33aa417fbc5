import type { FlowId } from '../../../core/contract.ts';
import { attemptFailed, breakRoute, hasHealTimedOut } from './breaks.ts';
import type { Modelled } from './dialog.ts';
import { hopOf, isSilent } from './hops.ts';
import type { Ledger } from './ledger.ts';
import type { Sent } from './requests.ts';
import { healRow } from './rows.ts';

/* Hops that fall silent, lose their flows, or are heard again. */

export function hopIsHeard(ledger: Ledger, flow: FlowId): void {
  const name = ledger.flows.get(flow)?.hop;
  const hop = name === undefined ? undefined : ledger.hops.get(name);
  if (hop === undefined || name === undefined) return;
  if (hop.isDead || isSilent(ledger, name)) {
    hop.isDead = false;
    // It may have been given up already: nobody is told of that.
    for (const { heal } of ledger.dialogs.values()) if (heal?.hop === name) heal.isDoubtful = true;
    hopIsBack(ledger);
  }
  hop.askedMs = undefined;
  hop.isHeard = true;
}

/** A hop is there again: who waits need not wait any longer. */
export function hopIsBack(ledger: Ledger): void {
  ledger.mayBeLate();
  for (const dialog of ledger.dialogs.values()) {
    if (dialog.status === 'recovering') beginAnew(ledger, dialog);
  }
}

function beginAnew(ledger: Ledger, dialog: Modelled): void {
  dialog.nextFromMs = ledger.nowMs;
  dialog.attempts = 0;
}

export function flowLost(ledger: Ledger, flow: FlowId): void {
  const lost = ledger.flows.get(flow);
  ledger.flows.delete(flow);
  ledger.mayBeLate();
  for (const sent of ledger.openSent) {
    if (sent.flow !== flow) continue;
    ledger.done(sent);
    unreachable(ledger, sent);
  }
  if (lost?.hop === undefined) return;
  if (lost.isOurs) hopDied(ledger, lost.hop);
  else
    for (const dialog of ledger.dialogs.values()) if (hopOf(ledger, dialog) === lost.hop) ledger.mayBreak.add(dialog);
}

/** What was under way there has failed, and every dialog that goes by it is broken. */
export function hopDied(ledger: Ledger, name: string): void {
  const hop = ledger.hops.get(name);
  // Without recovery nobody asks whether a hop lives, and what is under way has its own timers.
  if (hop === undefined || !ledger.isOn) return;
  const isNews = !hop.isDead;
  ledger.mayBeLate();
  hop.isDead = true;
  hop.isHeard = false;
  for (const sent of ledger.openSent) {
    if (sent.hop !== name) continue;
    ledger.done(sent);
    unreachable(ledger, sent);
  }
  for (const dialog of ledger.dialogs.values()) {
    if (dialog.heal?.hop === name) {
      healLost(ledger, dialog);
      // What it found out was told before: this was no attempt to mend that.
      if (dialog.brokeAtMs === ledger.nowMs) beginAnew(ledger, dialog);
    }
    const { alternative } = dialog;
    if (hopOf(ledger, dialog) !== name && alternative?.hop !== name) continue;
    // What has begun since it died is found out in its own time.
    if (isNews && dialog.routes.length > 0 && alternative === undefined) breakRoute(ledger, dialog);
    else ledger.mayBreak.add(dialog);
  }
}

export function unreachable(ledger: Ledger, { kind, wish, dialog, message }: Sent): void {
  if (dialog === undefined) return;
  if (kind === 'wish' && wish !== undefined && ledger.isOpen(wish)) ledger.owe(wish, undefined, true);
  else if (kind === 'refresh') dialog.refreshFromMs = ledger.nowMs;
  else if (kind === 'heal') {
    if (dialog.heal?.cseq === message.cseq) healLost(ledger, dialog);
    ledger.mayFail.add(dialog);
  }
  ledger.mayBreak.add(dialog);
}

/** A heal has gone with its hop, unless it had failed for want of an answer before: the schedule has then gone on since. */
function healLost(ledger: Ledger, dialog: Modelled): void {
  ledger.mayFail.add(dialog);
  if (hasHealTimedOut(ledger, dialog)) {
    ledger.world.take(healRow('no answer'));
    dialog.heal = undefined;
    return;
  }
  ledger.world.take(healRow('hop gone'));
  attemptFailed(ledger, dialog, dialog.heal !== undefined && dialog.heal.generation < dialog.generation);
}
