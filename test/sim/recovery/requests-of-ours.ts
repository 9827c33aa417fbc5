import type { FlowId } from '../../../core/contract.ts';
import { uriOf } from '../models/address-value.ts';
import type { Message } from '../models/message.ts';
import { replacedBy } from './calls.ts';
import type { Modelled } from './dialog.ts';
import { countHeal, healsOrRefreshes, looksLikeHeal, looksLikeRefresh, noteHeal } from './heals.ts';
import { dialogKey, type Ledger, slackMs } from './ledger.ts';
import { branchOf, type Sent, type Wish } from './requests.ts';
import { moveTo } from './routes.ts';

/* Requests that are sent: for which wish, by what route. */

export function takeRequestOfOurs(ledger: Ledger, message: Message, flow: FlowId): void {
  const { method, toTag, callId, fromTag } = message;
  const branch = branchOf(message);
  if ((method === 'ACK' || method === 'PRACK') && message.body !== '' && !ledger.described.has(branch)) {
    ledger.described.add(branch);
    noteDescription(ledger, message, fromTag, toTag);
  }
  if (method === 'ACK' || method === 'CANCEL' || ledger.sent.has(branch)) return;
  const lastNumber = ledger.lastNumber(callId, fromTag, toTag);
  ledger.numbers.set(dialogKey(callId, fromTag, toTag), Math.max(lastNumber, message.cseq));
  const hop = ledger.flows.get(flow)?.hop;
  const note = (kind: Sent['kind'], dialog: Modelled | undefined, wish?: Wish): void => {
    const generation = dialog?.generation ?? 0;
    const atMs = ledger.nowMs;
    const isEarly = dialog?.isEarly ?? false;
    const isGuess = kind === 'refresh' || (wish !== undefined && isGuessed(ledger, wish));
    const mayBeHeal = isGuess && dialog !== undefined && looksLikeHeal(ledger, dialog, message);
    const sent = { kind, message, flow, hop, atMs, dialog, wish, generation, isEarly, mayBeHeal, isDone: false };
    if (dialog !== undefined && mayBeHeal) countHeal(dialog);
    ledger.sent.set(branch, sent);
    ledger.openSent.add(sent);
  };
  if (toTag === '') {
    const replaced = replacedBy(ledger, message, 'from-tag', 'to-tag');
    if (replaced !== undefined) {
      note('heal', replaced);
      ledger.numbers.set(dialogKey(replaced.callId, replaced.localTag, replaced.remoteTag), message.cseq);
      noteHeal(ledger, replaced, message, 'INVITE with Replaces', flow, hop);
      return;
    }
    note('call', undefined);
    if (ledger.inviting !== undefined) ledger.calls.set(ledger.inviting, callId);
    ledger.inviting = undefined;
    return;
  }
  const dialog = ledger.find(callId, fromTag, toTag);
  if (dialog === undefined) {
    note('loose', undefined);
    return;
  }
  const { alternative } = dialog;
  const route = message.route.map(uriOf).join(', ');
  // Of two that look the same nothing says which it is.
  const isAlternative = route === alternative?.routes.join(', ') && route !== dialog.routes.join(', ');
  if (alternative !== undefined && isAlternative) {
    moveTo(dialog, alternative.routes, alternative.hop);
    dialog.generation++;
  }
  if (alternative !== undefined && message.requestUri === alternative.target) dialog.target = alternative.target;
  if (method === 'BYE') {
    dialog.byeAtMs ??= ledger.nowMs;
    dialog.heal = undefined;
    note('own', dialog);
    return;
  }
  if (method === 'PRACK') {
    note('own', dialog);
    return;
  }
  const wish = wishFor(ledger, dialog, message);
  if (wish !== undefined) {
    note('wish', dialog, wish);
    sendWish(ledger, wish, message);
  } else if (method === 'UPDATE' || method === 'INVITE') {
    healsOrRefreshes(ledger, dialog, message, flow, hop, lastNumber, note);
    if (dialog.heal !== undefined && looksWished(ledger, dialog, message)) dialog.heal.isDoubtful = true;
  } else {
    note('loose', dialog);
    ledger.violate(`sends ${method} ${message.cseq}, for which nobody asked`, dialog);
  }
}

/** What we have said of our session, where nobody may refuse it any more. */
export function noteDescription(ledger: Ledger, { callId, body }: Message, localTag: string, remoteTag: string): void {
  const dialog = ledger.find(callId, localTag, remoteTag);
  if (dialog !== undefined) dialog.offer = body;
}

export function wishFor(ledger: Ledger, dialog: Modelled, message: Message): Wish | undefined {
  const { method, body, cseq } = message;
  // A heal looks like a wish of the same method, but for its Route.
  const isRefresh = method === 'UPDATE' || method === 'INVITE';
  const isHeld = isRefresh && (ledger.isHeld(dialog) || dialog.move !== undefined);
  // A walk goes on at once, and a break is followed by a heal.
  const heals =
    dialog.move !== undefined ||
    (dialog.heal === undefined && dialog.status === 'recovering' && dialog.brokeAtMs === ledger.nowMs);
  // But a heal offers what was offered before.
  const isOfSession = body === '' || body === dialog.offer || body === dialog.unseenOffer;
  if (isRefresh && heals && isOfSession && message.route.length <= 1 && ledger.commanded === undefined)
    return undefined;
  if (isRefresh && message.route.map(uriOf).join(', ') !== dialog.routes.join(', ')) return undefined;
  let found = ledger.commanded;
  if (found?.dialog === dialog && found.state === 'new' && found.method === method && found.body === body) return found;
  found = undefined;
  for (const wish of ledger.wishes.values()) {
    if (wish.dialog !== dialog || wish.method !== method || wish.body !== body) continue;
    if (isHeld && wish.state === 'new') continue;
    if (wish.state === 'again' && ledger.nowMs < wish.againFromMs - slackMs) continue;
    if (wish.state === 'again' || wish.state === 'new') found ??= wish;
    else if (wish.state === 'sent' && ledger.due.some((due) => due.wish === wish && due.orSent)) found ??= wish;
    // The same once more, to another hop.
    else if ((wish.state === 'sent' || wish.state === 'confirming') && wish.cseq === cseq) found ??= wish;
  }
  return found;
}

/** A heal that may as well be what the program wants, whose result is then not foretold. */
function looksWished(ledger: Ledger, dialog: Modelled, { method, body, route }: Message): boolean {
  if (route.map(uriOf).join(', ') !== dialog.routes.join(', ')) return false;
  let looksSo = false;
  for (const wish of ledger.wishes.values()) {
    if (wish.dialog !== dialog || wish.method !== method || wish.body !== body) continue;
    if (wish.state !== 'new' && wish.state !== 'again') continue;
    wish.isGivenUp = true;
    looksSo = true;
  }
  return looksSo;
}

/** What is sent when nobody has just asked for it may have been for something else. */
function isGuessed({ commanded }: Ledger, wish: Wish): boolean {
  return wish !== commanded && (wish.state === 'new' || wish.state === 'again');
}

export function sendWish(ledger: Ledger, wish: Wish, message: Message): void {
  const { dialog } = wish;
  if (wish.state === 'new' && ledger.isHeld(dialog))
    ledger.violate(`sends ${wish.method} ${message.cseq} while requests wait for the route`, dialog);
  if (wish.state === 'again' && message.cseq <= wish.cseq)
    ledger.violate(`sends ${wish.method} again with an old number`, dialog);
  // Nothing is foretold of its result, if this may not be for it at all.
  const looksLikeOurs = looksLikeHeal(ledger, dialog, message) || looksLikeRefresh(ledger, dialog, message);
  if (looksLikeOurs && isGuessed(ledger, wish)) wish.isGivenUp = true;
  forgetTurns(ledger, wish);
  wish.state = 'sent';
  wish.sentAtMs = ledger.nowMs;
  wish.cseq = message.cseq;
  const routes = message.route.map(uriOf).join(', ');
  if (routes !== dialog.routes.join(', '))
    ledger.violate(
      `sends ${wish.method} ${message.cseq} by [${routes}], its route is [${dialog.routes.join(', ')}]`,
      dialog,
    );
  if (message.requestUri !== dialog.target)
    ledger.violate(`sends ${wish.method} ${message.cseq} to ${message.requestUri}, not to ${dialog.target}`, dialog);
}

/** Of two that look the same, and were refused for a while, nothing says whose turn has come. */
function forgetTurns({ wishes, nowMs }: Ledger, wish: Wish): void {
  if (wish.state !== 'again' || wish.againFromMs === 0) return;
  for (const other of wishes.values()) {
    if (other === wish || other.dialog !== wish.dialog) continue;
    if (other.method !== wish.method || other.body !== wish.body || other.state !== 'again') continue;
    if (other.againFromMs > 0 && nowMs >= other.againFromMs - slackMs) wish.isGivenUp = other.isGivenUp = true;
  }
}
