import type { FlowId } from '../../../core/contract.ts';
import { hostPortOf } from '../host-port.ts';
import { uriOf } from '../models/address-value.ts';
import type { Message } from '../models/message.ts';
import type { Rung } from './answers.ts';
import { hasHealTimedOut } from './breaks.ts';
import type { Modelled } from './dialog.ts';
import { isSilent } from './hops.ts';
import { type Ledger, optionTag, queueMs, quickMs, slackMs, transactionMs } from './ledger.ts';
import type { Sent } from './requests.ts';
import { mayHealFor } from './routes.ts';
import { healRow, sentRow } from './rows.ts';
import { isOverdue, isRefreshDue, isUnacknowledged } from './sessions.ts';

/* Heals and session refreshes that are sent: when, by what way, and what they are made of (§2.3 of the protocol). */

export function healsOrRefreshes(
  ledger: Ledger,
  dialog: Modelled,
  message: Message,
  flow: FlowId,
  hop: string | undefined,
  lastNumber: number,
  note: (kind: Sent['kind'], dialog: Modelled) => void,
): void {
  for (const wish of ledger.wishes.values()) {
    const isLost = wish.state === 'sent' && ledger.nowMs - wish.sentAtMs >= transactionMs - slackMs;
    if (wish.dialog !== dialog || !wish.confirm || !isLost) continue;
    wish.state = 'confirming';
    wish.refusedAtMs = wish.sentAtMs + transactionMs;
    mayHealFor(ledger, dialog, quickMs);
  }
  const routes = message.route.map(uriOf);
  const isQuick = [...ledger.wishes.values()].some(
    (wish) => wish.dialog === dialog && (wish.state === 'waits' || wish.state === 'confirming'),
  );
  const isHealing = dialog.status === 'recovering' || isQuick || dialog.move !== undefined;
  for (const sent of ledger.openSent) {
    if (sent.kind !== 'refresh' || sent.dialog !== dialog || ledger.nowMs - sent.atMs < transactionMs - slackMs)
      continue;
    ledger.done(sent);
    dialog.refreshFromMs = ledger.nowMs;
  }
  // Of two side by side the second is a heal: a refresh waits for the one that is under way.
  const isBesideRefresh = [...ledger.openSent].some((sent) => sent.kind === 'refresh' && sent.dialog === dialog);
  const mustHeal = isHealing || (isBesideRefresh && mayHeal(ledger, dialog));
  const isRefresh = !mustHeal && routes.join(', ') === dialog.routes.join(', ');
  if (isRefresh && (isRefreshDue(ledger, dialog) || !mayHeal(ledger, dialog))) {
    note('refresh', dialog);
    const isDue = isRefreshDue(ledger, dialog);
    dialog.refreshFromMs = Number.POSITIVE_INFINITY;
    if (!isDue) ledger.violate(`sends ${message.method} ${message.cseq} without a cause`, dialog);
    return;
  }
  if (!isHealing && !mayHeal(ledger, dialog)) ledger.violate(`heals with ${message.cseq} without a cause`, dialog);
  note('heal', dialog);
  const rung = message.method === 'INVITE' ? 're-INVITE' : message.body === '' ? 'UPDATE' : 'UPDATE with the offer';
  checkHeal(ledger, dialog, message, routes, hop, lastNumber);
  noteHeal(ledger, dialog, message, rung, flow, hop);
}

export function noteHeal(
  ledger: Ledger,
  dialog: Modelled,
  message: Message,
  rung: Rung,
  flow: FlowId,
  hop: string | undefined,
): void {
  const routes = message.route.map(uriOf);
  const isRouted = routes.length > 0;
  checkTime(ledger, dialog, message);
  const { move } = dialog;
  // Meanwhile another dialog's heal may have found out that this hop wants a Route.
  const isOtherPath = move?.hop === hop && move?.isRouted === true && !isRouted;
  // And a session refresh of it that the peer does not know UPDATE.
  const isBelow = dialog.allowsUpdate === false && move?.rung === 'UPDATE with the offer' && rung !== 'UPDATE';
  const isOtherRung = move?.rung !== undefined && rung !== move.rung && !isBelow;
  if (move !== undefined && (isOtherPath || isOtherRung))
    ledger.violate(`goes on with ${rung} [${routes}], not with ${move.rung} ${move.isRouted}`, dialog);
  if (move === undefined) countHeal(dialog);
  dialog.move = undefined;
  // Heals go where somebody lives.
  const place = ledger.hops.get(hop ?? '');
  if (place !== undefined) place.isDead = false;
  const { cseq } = message;
  const { generation } = dialog;
  dialog.lastHeal = cseq;
  dialog.missesAck = false;
  dialog.heal = {
    cseq,
    rung,
    isRouted,
    routes,
    hop: hop ?? '',
    flow,
    atMs: ledger.nowMs,
    generation,
    isDoubtful: false,
  };
  ledger.world.take(sentRow(rung, isRouted));
}

/** §2.3: what a healing request is made of. */
export function checkHeal(
  ledger: Ledger,
  dialog: Modelled,
  message: Message,
  routes: readonly string[],
  hop: string | undefined,
  lastNumber: number,
): void {
  const wrong = (what: string): void => ledger.violate(`heals ${what} (${message.method} ${message.cseq})`, dialog);
  if (!ledger.isOn) wrong('although it does not recover');
  if (dialog.isLeft) wrong('although it leaves that to the far end');
  if (routes.length > 1 || (routes.length === 1 && hostPortOf(routes[0] ?? '') !== hop)) wrong(`by [${routes}]`);
  if (message.requestUri !== dialog.target) wrong(`${message.requestUri}, not ${dialog.target}`);
  if (lastNumber > 0 && message.cseq !== lastNumber + 1) wrong(`with a number that is not ${lastNumber + 1}`);
  if (!message.lists('supported', optionTag)) wrong('without the option tag');
  if (!message.has('contact')) wrong('without Contact');
  if (dialog.timer !== undefined && !message.has('session-expires')) wrong('without Session-Expires');
  if (message.body !== '' && message.body === dialog.unseenOffer) dialog.offer = message.body;
  if (message.body !== '' && message.body !== dialog.offer) wrong('with another offer');
  if (ledger.due.some((due) => due.dialog === dialog && due.kind !== 'ended'))
    wrong('before it has told whom it must tell');
}

export function checkTime(ledger: Ledger, dialog: Modelled, message: Message): void {
  const { heal } = dialog;
  if (heal !== undefined) {
    if (heal.isDoubtful || ledger.nowMs - heal.atMs >= transactionMs - slackMs || isSilent(ledger, heal.hop)) {
      if (hasHealTimedOut(ledger, dialog)) ledger.world.take(healRow('no answer'));
      dialog.heal = undefined;
      return;
    }
    ledger.violate(`heals with ${message.cseq} while ${heal.cseq} is under way`, dialog);
  }
  if (dialog.move !== undefined) return;
  const { nextByMs } = dialog;
  dialog.nextByMs = Number.POSITIVE_INFINITY;
  if (dialog.status === 'recovering' && message.body === '' && ledger.steppedAtMs > nextByMs + queueMs)
    ledger.violate(`heals with ${message.cseq} ${ledger.nowMs - nextByMs} ms after its time`, dialog);
  if (ledger.nowMs <= dialog.anyTimeUntilMs) {
    dialog.attempts = 0;
    return;
  }
  if (ledger.nowMs < dialog.nextFromMs - slackMs)
    ledger.violate(`heals ${dialog.nextFromMs - ledger.nowMs} ms before its time`, dialog);
}

/** When the next one comes is not foretold until this one is refused. */
export function countHeal(dialog: Modelled): void {
  dialog.attemptsInAll++;
  dialog.nextByMs = Number.POSITIVE_INFINITY;
}

/** What is held to be something else may be a heal: by no Route, or by one that names a hop and nothing more. */
export function looksLikeHeal(ledger: Ledger, dialog: Modelled, message: Message): boolean {
  if (!ledger.isOn || !repeatsSession(dialog, message) || message.route.length > 1) return false;
  if (message.route.some((value) => uriOf(value).includes('@'))) return false;
  return dialog.status === 'recovering' || mayHeal(ledger, dialog);
}

/** The same for a session refresh: by UPDATE alone, where the peer knows that. */
export function looksLikeRefresh(ledger: Ledger, dialog: Modelled, message: Message): boolean {
  const isOther = dialog.allowsUpdate === (message.method === 'INVITE');
  return !isOther && repeatsSession(dialog, message) && isRefreshDue(ledger, dialog);
}

function repeatsSession({ offer, unseenOffer }: Modelled, { method, body }: Message): boolean {
  if (method !== 'UPDATE' && method !== 'INVITE') return false;
  return body === '' || body === offer || body === unseenOffer;
}

export function mayHeal(ledger: Ledger, dialog: Modelled): boolean {
  if (dialog.missesAck) return true;
  return ledger.nowMs <= dialog.mayHealUntilMs || isUnacknowledged(ledger, dialog) || isOverdue(ledger, dialog);
}
