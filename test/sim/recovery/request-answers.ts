import type { FlowId } from '../../../core/contract.ts';
import { uriOf } from '../models/address-value.ts';
import type { Message } from '../models/message.ts';
import { actionOf, requestVerdict } from './answers.ts';
import { breakRoute } from './breaks.ts';
import type { Modelled } from './dialog.ts';
import { type Ledger, quickMs } from './ledger.ts';
import type { Sent, Wish } from './requests.ts';
import { mayHealFor, takeHealedRoute, takeRefreshAnswered } from './routes.ts';
import { lateRow, requestRow } from './rows.ts';

/* What answers to the requests of a program, and to session refreshes, lead to. */

/** A refresh that was refused so is tried again soon, by a re-INVITE where UPDATE is not known. */
const soonAgain: ReadonlySet<number> = new Set([405, 422, 491, 500, 501]);

/** What may be carried out twice. */
const repeatable: ReadonlySet<string> = new Set(['INVITE', 'UPDATE', 'OPTIONS']);

export function takeWishAnswer(ledger: Ledger, sent: Sent, wish: Wish, answer: Message, flow: FlowId): void {
  const { dialog } = wish;
  const { status } = answer;
  const isOld = sent.generation < dialog.generation;
  // It was given up, and what the peer says to a heal is waited for.
  if (wish.state === 'confirming') return;
  // What looks like it was a heal perhaps: it is still to be sent, if the program is not told now.
  if (wish.isGivenUp && ledger.isOpen(wish)) wish.state = 'again';
  if (sent.mayBeHeal) takeDoubtfulHealAnswer(ledger, sent, dialog, answer);
  if (status < 300) {
    if (ledger.isOpen(wish)) ledger.take('2xx');
    if (ledger.isOpen(wish)) ledger.owe(wish, status, false);
    else if (wish.method === 'INVITE' && !wish.isGivenUp) {
      // Told of long ago: it is acknowledged, and what it brings may be taken or not, its offer too.
      if (sent.message.body !== '') dialog.unseenOffer = sent.message.body;
      const target = uriOf(answer.header('contact')) || dialog.target;
      dialog.alternative ??= { routes: dialog.routes, target, hop: dialog.hop, healedAtMs: undefined };
      return;
    }
    if (wish.method === 'UPDATE' || wish.method === 'INVITE') takeRefreshAnswered(ledger, sent, dialog, answer);
    return;
  }
  if (!ledger.isOpen(wish)) {
    takeLateAnswer(ledger, dialog, wish.method, answer, isOld);
    return;
  }
  // Nothing is mended for a dialog that ends.
  if (dialog.byeAtMs !== undefined) return;
  // A younger request overtook it (RFC 3261 §12.2.2): that says nothing of the route.
  const isOvertaken =
    status === 500 && answer.cseq < ledger.lastNumber(dialog.callId, dialog.localTag, dialog.remoteTag);
  if (mayTryAgain(wish, answer, isOvertaken)) {
    wish.tries++;
    // RFC 3261 §14.1: the owner of the Call-ID waits for 2.1 s and more.
    const isLong = status === 491 && dialog.isOurs;
    const retryAfterS = status === 500 ? retryAfterSOf(answer) : 0;
    wish.againFromMs = ledger.nowMs + (isLong ? 2100 : retryAfterS * 1000);
    wish.state = 'again';
    ledger.take(isOvertaken ? 'overtaken' : status === 500 ? '500 with a short Retry-After' : `${status}, again`);
    return;
  }
  const action = actionOf(answer);
  const verdict = isOvertaken ? 'told' : requestVerdict(ledger.end.mode, wish.method, status, action);
  if (isOvertaken) ledger.take('overtaken');
  else ledger.world.take(requestRow(ledger.end.mode, wish.method, status, action));
  // Only a heal of ours can try a claim, and a 430 may ask for one.
  const asksUs = status === 481 || verdict === 'registers' || (status === 430 && action === 'Wait and Dialog');
  if (verdict === 'told') ledger.owe(wish, status, false);
  else if (verdict === 'ends-dialog' || verdict === 'ends-usage') {
    ledger.owe(wish, status, false);
    dialog.byeAtMs ??= ledger.nowMs;
  } else if (verdict === 'mended') refuseOnce(ledger, sent, wish, isOld, flow);
  else if (wish.confirm && verdict === 'broken') {
    wish.state = 'confirming';
    wish.refusedAtMs = ledger.nowMs;
    mayHealFor(ledger, dialog, quickMs);
    dialog.isLeftAfterHeal = ledger.end.passive && !asksUs;
  } else {
    // Without a route set another hop may be tried when the hop itself says 503.
    const mayFailOver = status === 503 && dialog.routes.length === 0;
    ledger.owe(wish, status, mayFailOver);
    if (mayFailOver || dialog.alternative !== undefined) ledger.mayBreak.add(dialog);
    else if (!isOld) {
      breakRoute(ledger, dialog, asksUs);
    }
  }
}

/** Nobody waits for it any more; what an answer to a refresh says of the route holds all the same. */
export function takeLateAnswer(
  ledger: Ledger,
  dialog: Modelled,
  method: string,
  answer: Message,
  isOld: boolean,
): void {
  ledger.mayBreak.add(dialog);
  if (method !== 'UPDATE' && method !== 'INVITE') return;
  const verdict = requestVerdict(ledger.end.mode, method, answer.status, actionOf(answer));
  const isWalked = verdict === 'mended' || verdict === 'registers' || answer.status === 481;
  if (!isOld && isWalked) mayHealFor(ledger, dialog, quickMs);
}

/** What is put right at the next try, without a word to anyone. */
export function mayTryAgain(wish: Wish, answer: Message, isOvertaken: boolean): boolean {
  const { method, dialog } = wish;
  const { status } = answer;
  const mayTry = wish.tries < 3 || wish.isGivenUp;
  const isRefresh = method === 'UPDATE' || method === 'INVITE';
  // While a route is broken its heals have the word.
  if (dialog.status === 'recovering') return false;
  if (status === 491 && isRefresh) return mayTry;
  if (status === 500 && isRefresh && (isOvertaken || answer.has('retry-after')))
    return mayTry && retryAfterSOf(answer) <= 10;
  if (status === 422 && isRefresh) return mayTry;
  return false;
}

/** 0 where it does not say. */
function retryAfterSOf(answer: Message): number {
  return Number.parseInt(answer.header('retry-after'), 10) || 0;
}

export function refuseOnce(ledger: Ledger, sent: Sent, wish: Wish, isOld: boolean, flow: FlowId): void {
  const { dialog } = wish;
  // Some hop may have repeated it by UDP, and the 430 answer the repetition; one by another flow may be a stranger's.
  const mayHaveArrived = ledger.nowMs - sent.atMs >= 500 || flow !== sent.flow;
  if (wish.resends >= 2 || (mayHaveArrived && !repeatable.has(wish.method))) {
    ledger.world.take(lateRow(wish.resends >= 2));
    if (wish.confirm) {
      wish.state = 'confirming';
      wish.refusedAtMs = ledger.nowMs;
      mayHealFor(ledger, dialog, quickMs);
      return;
    }
    ledger.owe(wish, 430, false);
    // Only we can mend it: even a passive stack does.
    if (dialog.alternative !== undefined) ledger.mayBreak.add(dialog);
    else if (!isOld) breakRoute(ledger, dialog, true);
    return;
  }
  // The heals for it and its sending again share their time.
  if (wish.resends === 0) wish.refusedAtMs = ledger.nowMs;
  wish.state = isOld ? 'again' : 'waits';
  if (isOld) wish.resends++;
  mayHealFor(ledger, dialog, quickMs);
}

export function takeRefreshAnswer(ledger: Ledger, sent: Sent, answer: Message): void {
  const { dialog } = sent;
  if (dialog === undefined) return;
  if (sent.mayBeHeal) takeDoubtfulHealAnswer(ledger, sent, dialog, answer);
  if (answer.status < 300) {
    takeRefreshAnswered(ledger, sent, dialog, answer);
  } else if (answer.status === 430 && actionOf(answer) === 'Dialog') {
    if (ledger.isOn) dialog.refreshRefusedAtMs = ledger.nowMs;
    else dialog.refreshFromMs = ledger.nowMs;
    mayHealFor(ledger, dialog, quickMs);
    ledger.mayBreak.add(dialog);
  } else {
    ledger.mayBreak.add(dialog);
    if (sent.message.method === 'UPDATE' && (answer.status === 405 || answer.status === 501))
      dialog.allowsUpdate = false;
    const eighthMs = (dialog.timer?.intervalS ?? 0) * 125;
    const isSoon = soonAgain.has(answer.status);
    dialog.refreshFromMs = ledger.nowMs + (isSoon ? 0 : eighthMs);
  }
}

/** What was held to be a refresh, or a request of the program's, may have been a heal. */
function takeDoubtfulHealAnswer(ledger: Ledger, sent: Sent, dialog: Modelled, answer: Message): void {
  if (answer.status >= 300) {
    ledger.mayBreak.add(dialog);
    ledger.mayFail.add(dialog);
    ledger.mayEnd.add(dialog);
    // Its walk goes on at once.
    dialog.nextFromMs = ledger.nowMs;
    return;
  }
  const sentBy = sent.message.route.map(uriOf);
  const recordRoute = answer.recordRoute.map(uriOf).reverse();
  const target = uriOf(answer.header('contact')) || dialog.target;
  const routes = recordRoute.length > 0 ? recordRoute : sentBy;
  dialog.alternative = { routes, target, hop: sent.hop, healedAtMs: ledger.nowMs };
  if (dialog.status === 'recovering')
    ledger.mayBeWell.set(dialog, () => takeHealedRoute(ledger, dialog, sentBy, sent, answer));
}
