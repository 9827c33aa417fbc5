import { uriOf } from '../models/address-value.ts';
import type { Message } from '../models/message.ts';
import { actionOf, healVerdict, type Rung, rungs } from './answers.ts';
import { attemptAnswered, attemptFailed } from './breaks.ts';
import type { Modelled } from './dialog.ts';
import { type Ledger, quickMs } from './ledger.ts';
import type { Sent } from './requests.ts';
import { adoptLate, endDialog, mayHealFor, mayHealGroup, takeHealedRoute } from './routes.ts';
import { healAnswerRow, moveRow, pathRow } from './rows.ts';

/* What answers to heals lead to. */

/** RFC 3261 §14.1, and what the schedule adds when it goes on. */
const glareMs = 70_000;

export function takeHealAnswer(ledger: Ledger, sent: Sent, answer: Message): void {
  const { dialog } = sent;
  if (dialog === undefined) return;
  const heal = dialog.heal;
  if (heal === undefined || heal.cseq !== sent.message.cseq) {
    if (answer.status >= 300 || answer.cseq < dialog.lastHeal) return;
    // Of a hop that was taken for dead, and was not.
    if (dialog.status === 'recovering' && sent.generation === dialog.generation)
      ledger.mayBeWell.set(dialog, () => takeHealedRoute(ledger, dialog, sent.message.route.map(uriOf), sent, answer));
    adoptLate(dialog, sent, answer);
    return;
  }
  const isLast = !hasRungBelow(ledger, dialog, heal.rung);
  const action = actionOf(answer);
  const tried = { rung: heal.rung, isBare: !heal.isRouted, isLast };
  const verdict = healVerdict(answer.status, action, tried);
  // The program would have been told that the route is broken, had it been given up by the route that there is.
  const wouldBeTold = dialog.status === 'healthy' && heal.generation === dialog.generation;
  if (heal.isDoubtful && !wouldBeTold && !ledger.hasWaiting(dialog)) {
    dialog.heal = undefined;
    if (verdict === 'healed') {
      ledger.mayBeWell.set(dialog, () => takeHealedRoute(ledger, dialog, heal.routes, sent, answer));
      mayHealGroup(ledger, dialog);
      const routes = answer.recordRoute.map(uriOf).reverse();
      const target = uriOf(answer.header('contact')) || dialog.target;
      const healed = routes.length > 0 ? routes : heal.routes;
      dialog.alternative = { routes: healed, target, hop: sent.hop, healedAtMs: ledger.nowMs };
    } else if (verdict === 'gone') ledger.mayEnd.add(dialog);
    else {
      ledger.mayBreak.add(dialog);
      ledger.mayFail.add(dialog);
      if (verdict === 'path' || verdict === 'next-rung') {
        mayHealFor(ledger, dialog, 0);
        // Whichever heal goes out now is none of the program's requests.
        walkOn(ledger, dialog, { rung: undefined, hop: '', isRouted: false });
      } else if (verdict === 'glare') mayHealFor(ledger, dialog, glareMs);
    }
    return;
  }
  ledger.world.take(healAnswerRow(answer.status, action, verdict, tried));
  const isOld = heal.generation < dialog.generation;
  dialog.heal = undefined;
  switch (verdict) {
    case 'healed':
      takeHealedRoute(ledger, dialog, heal.routes, sent, answer);
      break;
    case 'path':
      if (isOld) mayHealFor(ledger, dialog, quickMs);
      else walkOn(ledger, dialog, { rung: heal.rung, hop: heal.hop, isRouted: true });
      ledger.world.take(pathRow(heal.rung));
      break;
    case 'next-rung':
      if (isOld) mayHealFor(ledger, dialog, quickMs);
      // With a Route or without: another dialog's heal may have found out meanwhile that this hop does not want one.
      else walkOn(ledger, dialog, { rung: rungs[rungs.indexOf(heal.rung) + 1], hop: heal.hop, isRouted: false });
      ledger.world.take(moveRow(heal.rung));
      break;
    case 'longer':
    case 'credentials':
      // With what it asks for once more at once, else by the schedule: then who waits is told.
      attemptFailed(ledger, dialog, isOld);
      dialog.nextFromMs = ledger.nowMs;
      ledger.mayFail.add(dialog);
      break;
    case 'glare':
      mayHealFor(ledger, dialog, glareMs);
      break;
    case 'gone':
      if (!isOld) endDialog(ledger, dialog);
      break;
    case 'registers':
    case 'trouble':
    case 'refused':
      attemptAnswered(ledger, dialog, answer.status, verdict !== 'refused', isOld);
      if (verdict === 'registers' || answer.has('retry-after')) dialog.nextByMs = Number.POSITIVE_INFINITY;
      break;
  }
}

export function hasRungBelow(ledger: Ledger, dialog: Modelled, rung: Rung): boolean {
  if (rung === 'INVITE with Replaces') return false;
  const mayReplace = ledger.end.replaces && dialog.takesReplaces;
  return rung === 're-INVITE' ? mayReplace : dialog.offer !== '' || mayReplace;
}

function walkOn(ledger: Ledger, dialog: Modelled, move: Modelled['move']): void {
  dialog.move = move;
  ledger.walking.add(dialog);
}
