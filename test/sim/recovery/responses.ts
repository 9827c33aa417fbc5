import type { FlowId } from '../../../core/contract.ts';
import type { Message } from '../models/message.ts';
import { actionOf } from './answers.ts';
import { answeredAgain, takeCallAnswer } from './calls.ts';
import { takeHealAnswer } from './heal-answers.ts';
import { type Ledger, quickMs, slackMs, transactionMs } from './ledger.ts';
import { takeRefreshAnswer, takeWishAnswer } from './request-answers.ts';
import { branchOf } from './requests.ts';
import { mayHealFor } from './routes.ts';
import { hearAbilities } from './sessions.ts';

/* Responses that come: to whichever request of ours. */

export function takeAnswer(ledger: Ledger, message: Message, flow: FlowId): void {
  const sent = ledger.sent.get(branchOf(message));
  if (sent === undefined || sent.message.method !== message.method) return;
  const { dialog } = sent;
  if (sent.kind === 'call') {
    if (message.status > 100 && message.status < 300) takeCallAnswer(ledger, sent, message);
    return;
  }
  if (message.status < 200) return;
  if (message.has('retry-after')) ledger.mayBeLate();
  if (sent.isDone && message.method === 'INVITE' && message.status < 300 && dialog !== undefined)
    answeredAgain(ledger, dialog);
  // Its transaction has ended by Timer F (RFC 3261 §17.1.2.2).
  if (message.method !== 'INVITE' && ledger.nowMs - sent.atMs > transactionMs + slackMs) return;
  if (sent.isDone || (sent.kind === 'heal' && flow !== sent.flow)) return;
  ledger.done(sent);
  if (dialog === undefined) return;
  ledger.touched.add(dialog);
  if (message.status < 300) hearAbilities(dialog, message);
  if (sent.kind === 'wish' && sent.wish !== undefined) takeWishAnswer(ledger, sent, sent.wish, message, flow);
  else if (sent.kind === 'heal') takeHealAnswer(ledger, sent, message);
  else if (sent.kind === 'refresh') takeRefreshAnswer(ledger, sent, message);
  // One heal, then the same by the new route.
  else if (sent.kind === 'own' && message.status === 430 && actionOf(message) === 'Dialog')
    mayHealFor(ledger, dialog, quickMs);
}
