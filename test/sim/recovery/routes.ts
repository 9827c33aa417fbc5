import { uriOf } from '../models/address-value.ts';
import type { Message } from '../models/message.ts';
import type { Modelled } from './dialog.ts';
import { dialogKey, dueOf, type Ledger, slackMs, transactionMs } from './ledger.ts';
import type { Sent } from './requests.ts';
import { hearTimer, hearUnseenTimer } from './sessions.ts';

/* Routes, as heals and refreshes bring them; and whose word on the remote target is younger. */

/** A heal with an offer waits for the program's answer to a re-INVITE. */
const pendingInviteMs = 185_000;
/** Within so long of one dialog's heal the others of its group are healed. */
const spreadMs = 1000 + slackMs;

export function mayHealFor(ledger: Ledger, dialog: Modelled, ms: number): void {
  dialog.isLeft = false;
  dialog.nextFromMs = ledger.nowMs;
  // When the one that is under way is over.
  const afterMs = dialog.heal === undefined ? 0 : transactionMs;
  dialog.mayHealUntilMs = Math.max(dialog.mayHealUntilMs, ledger.nowMs + afterMs + ms + slackMs);
}

/** A walk has not gone on: what it would send next has an offer, and one is pending. */
export function restWalk(ledger: Ledger, dialog: Modelled): void {
  if (dialog.move === undefined) return;
  dialog.move = undefined;
  mayHealFor(ledger, dialog, pendingInviteMs);
}

export function allowHeal(ledger: Ledger, dialog: Modelled): void {
  dialog.attempts = 0;
  // Others of its group may have been healed just before: it will be as well.
  dialog.anyTimeUntilMs = Math.max(dialog.anyTimeUntilMs, ledger.nowMs + slackMs);
  mayHealFor(ledger, dialog, pendingInviteMs);
}

/** The dialogs that take the same way may be healed once, within a second of this one. */
export function mayHealGroup(ledger: Ledger, { group }: Modelled): void {
  if (group === undefined) return;
  ledger.groupsHealedAtMs.set(group, ledger.nowMs);
  for (const other of ledger.dialogs.values()) if (other.group === group) mayFollow(ledger, other, ledger.nowMs);
}

/** Whoever joins before the others are healed is healed with them. */
export function joinGroup(ledger: Ledger, dialog: Modelled, group: string): void {
  dialog.group = group;
  const healedAtMs = ledger.groupsHealedAtMs.get(group);
  if (healedAtMs !== undefined && ledger.nowMs <= healedAtMs + spreadMs) mayFollow(ledger, dialog, healedAtMs);
}

function mayFollow(ledger: Ledger, dialog: Modelled, healedAtMs: number): void {
  mayHealFor(ledger, dialog, pendingInviteMs);
  dialog.anyTimeUntilMs = Math.max(dialog.anyTimeUntilMs, healedAtMs + spreadMs);
}

/** A broken route, or another one: what was sent by the old one says nothing of it. */
export function moveTo(dialog: Modelled, routes: readonly string[], hop: string | undefined): void {
  if (dialog.status === 'recovering' || routes.join(', ') !== dialog.routes.join(', ')) dialog.generation++;
  dialog.routes = routes;
  dialog.hop = hop ?? dialog.hop;
  dialog.alternative = undefined;
  dialog.refreshRefusedAtMs = undefined;
}

export function becomeWell(ledger: Ledger, dialog: Modelled): void {
  for (const wish of ledger.wishes.values()) {
    if (wish.dialog !== dialog || wish.state !== 'waits') continue;
    wish.state = 'again';
    wish.resends++;
  }
  dialog.attempts = 0;
  dialog.move = undefined;
  dialog.missesAck = false;
  if (dialog.status === 'healthy') return;
  dialog.status = 'healthy';
  dialog.nextByMs = Number.POSITIVE_INFINITY;
  // The program has been told that it is over, or will be by the BYE.
  if (dialog.byeAtMs !== undefined) return;
  ledger.due.push(dueOf('status', dialog, { routeStatus: 'healthy' }));
  mayHealGroup(ledger, dialog);
}

export function endDialog(ledger: Ledger, dialog: Modelled): void {
  for (const wish of ledger.wishes.values()) {
    if (wish.dialog === dialog && ledger.isOpen(wish)) ledger.owe(wish, undefined, false);
  }
  ledger.due.push(dueOf('ended', dialog, {}));
}

/** A peer that moves says so by a request (RFC 6141 §4.8): the answer to what was sent before that came is the older word. */
export function isOlderWord(dialog: Modelled, answer: Message): boolean {
  const target = uriOf(answer.header('contact'));
  return target !== '' && target !== dialog.target && answer.cseq < dialog.movedBefore;
}

export function retarget(ledger: Ledger, dialog: Modelled, message: Message): void {
  const target = uriOf(message.header('contact'));
  if (target === '' || target === dialog.target) return;
  dialog.target = target;
  const last = ledger.lastNumber(dialog.callId, dialog.localTag, dialog.remoteTag);
  dialog.movedBefore = message.isRequest ? last + 1 : message.cseq;
}

/** Both routes live; the last one is kept (Q6). */
export function adoptLate(dialog: Modelled, sent: Sent, answer: Message): void {
  const target = uriOf(answer.header('contact'));
  if (target !== '' && target !== dialog.target) return;
  const recordRoute = answer.recordRoute.map(uriOf).reverse();
  moveTo(dialog, recordRoute.length > 0 ? recordRoute : sent.message.route.map(uriOf), sent.hop);
}

/** A target refresh of ours was taken (RFC 3261 §12.2.1.2, RFC 4028 §7.2). */
export function takeRefreshAnswered(
  ledger: Ledger,
  { message, isEarly }: Sent,
  dialog: Modelled,
  answer: Message,
): void {
  if (!isOlderWord(dialog, answer)) retarget(ledger, dialog, answer);
  if (message.body !== '') dialog.offer = message.body;
  // Without a route set a heal looks the same as a request of the program's.
  mayHealGroup(ledger, dialog);
  // The session begins with the call's own 2xx.
  if (!isEarly) hearTimer(ledger, dialog, answer, true, false);
}

export function takeHealedRoute(
  ledger: Ledger,
  dialog: Modelled,
  routes: readonly string[],
  sent: Sent,
  answer: Message,
): void {
  const isOlder = isOlderWord(dialog, answer);
  // The far end has healed it meanwhile, and then moved.
  if (isOlder && sent.generation < dialog.generation) {
    becomeWell(ledger, dialog);
    return;
  }
  const isReplaced = sent.message.toTag === '';
  if (isReplaced) replaceByOurs(ledger, dialog, answer);
  const recordRoute = answer.recordRoute.map(uriOf).reverse();
  const before = dialog.generation;
  moveTo(dialog, recordRoute.length > 0 ? recordRoute : routes, sent.hop);
  // That its route works is news, were it the same as before.
  dialog.generation = before + 1;
  if (!isOlder) retarget(ledger, dialog, answer);
  if (isReplaced) dialog.movedBefore = ledger.lastNumber(dialog.callId, dialog.localTag, dialog.remoteTag) + 1;
  hearUnseenTimer(ledger, dialog, sent.message);
  hearTimer(ledger, dialog, answer, true, true);
  // The peer has the dialog, whatever has become of the 2xx to its re-INVITE.
  if (dialog.unacked?.isOfCall === false) dialog.unacked = undefined;
  becomeWell(ledger, dialog);
  mayHealGroup(ledger, dialog);
}

/** The new dialog counts on from what the old one was asked meanwhile. */
function replaceByOurs(ledger: Ledger, dialog: Modelled, { callId, fromTag, toTag }: Message): void {
  const asked = ledger.lastNumber(dialog.callId, dialog.localTag, dialog.remoteTag);
  ledger.rename(dialog, callId, fromTag, toTag);
  ledger.numbers.set(dialogKey(callId, fromTag, toTag), Math.max(asked, ledger.lastNumber(callId, fromTag, toTag)));
}
