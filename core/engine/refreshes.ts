import { answerToOffer } from '../dialog/ack-body.ts';
import { ownSession } from '../dialog/own-session.ts';
import { beginDialogRequest, routeSetPath } from '../dialog/request.ts';
import { anyOfferPending, DialogFlag, type DialogIndex, DialogState } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import { endMessage } from '../message/write.ts';
import { classifyResponse, menderOf } from '../recovery/classify.ts';
import type { Hop } from '../recovery/hop.ts';
import { isAlive } from '../recovery/hop-state.ts';
import { refreshTarget } from '../recovery/next-hop.ts';
import { retryAfterMs } from '../recovery/schedule.ts';
import type { TimerId, TimerKind } from '../time/wheel.ts';
import type { ClientFailure, ClientTransaction, ClientUser } from '../transaction/client-transaction.ts';
import type { EndReason } from './event.ts';
import { holdRefusingHop } from './failover.ts';
import type { Parts } from './parts.ts';
import { isOvertaken, secondTryMs } from './second-tries.ts';
import { quickLimitMs } from './waiting-requests.ts';

/** A re-INVITE that has no final response for so long is cancelled: a 1xx has stopped its own timers. */
const inviteLimitMs = 32_000;

/** A refresh under way. */
interface Refresh {
  txId: number;
  /** Route generation that it was sent under. */
  readonly generation: number;
  /** It carries our session description; else its 2xx brings an offer, where it is a re-INVITE. */
  readonly offers: boolean;
  timer: TimerId;
}

/** A refresh that met a 430: its dialog counts as healthy while a heal puts that right at once. */
interface QuickHeal {
  /** Route generation that it is to mend. */
  readonly generation: number;
  readonly timer: TimerId;
}

/**
 * Session refreshes of ours: an UPDATE without a body, or a re-INVITE with the unchanged offer where the peer has no UPDATE.
 *
 * A refresh that finds the route broken starts healing (figure 3); a heal that ends well is a refresh, so nothing is sent again.
 *
 * @see RFC 4028 §7.4, §10
 */
export class Refreshes implements ClientUser {
  readonly #parts: Parts;
  /** Ends a dialog by BYE. */
  readonly #endDialog: (dialog: DialogIndex, reason: EndReason) => void;
  readonly #underWay = new Map<DialogIndex, Refresh>();
  readonly #limit: TimerKind;
  readonly #quickHeals = new Map<DialogIndex, QuickHeal>();
  readonly #quickLimit: TimerKind;

  constructor(parts: Parts, end: (dialog: DialogIndex, reason: EndReason) => void) {
    this.#parts = parts;
    this.#endDialog = end;
    this.#limit = parts.wheel.kind((dialog) => {
      const refresh = this.#underWay.get(dialog);
      if (refresh === undefined) return;
      refresh.timer = 0;
      const tx = parts.clients.get(refresh.txId);
      if (tx !== undefined) parts.clients.cancel(tx);
    });
    this.#quickLimit = parts.wheel.kind((dialog) => this.#quickLimitReached(dialog));
  }

  refresh(dialog: DialogIndex): void {
    const { mode, table, hops, clients, wheel, writer, sessions, healer } = this.#parts;
    if (table.state[dialog] !== DialogState.confirmed) return;
    if (this.#underWay.has(dialog)) {
      sessions.retry(dialog); // a re-INVITE may be older than the interval, which a heal has begun anew
      return;
    }
    if (healer.isHealing(dialog)) {
      sessions.retry(dialog); // a heal is a refresh: nothing is left to do once it has ended well
      return;
    }
    const byUpdate = table.has(dialog, DialogFlag.allowsUpdate);
    const method = byUpdate ? 'UPDATE' : 'INVITE';
    if (!table.hasSequence(dialog) || (!byUpdate && table.has(dialog, anyOfferPending))) {
      sessions.retry(dialog);
      return;
    }
    const hop = hops.of(dialog);
    if (hop !== undefined && isAlive(hop) && hop.flow === undefined) {
      this.#refreshWhenOpen(dialog, hop);
      return;
    }
    if (hop?.flow === undefined || !isAlive(hop)) {
      if (mode === 'none') {
        sessions.retry(dialog);
        return;
      }
      healer.breakRoute(dialog, 'flow-lost', 0);
      healer.pump();
      return;
    }
    const tx = clients.begin(method, hop.flow, hop.address.protocol !== 'udp', this, dialog);
    if (tx === undefined) {
      sessions.retry(dialog);
      return;
    }
    const timer = byUpdate ? 0 : wheel.arm(this.#limit, dialog, wheel.nowMs + inviteLimitMs);
    const session = ownSession(table, dialog);
    const offer = byUpdate || session.length === 0 ? undefined : session;
    const generation = healer.health.generation[dialog] as number;
    this.#underWay.set(dialog, { txId: tx.id, generation, offers: offer !== undefined, timer });
    if (!byUpdate) table.set(dialog, DialogFlag.offerPending, true);
    const sequence = table.nextSequence(dialog);
    beginDialogRequest(writer, table, dialog, {
      method,
      sequence,
      via: hop.via,
      tx,
      path: routeSetPath,
    });
    sessions.writeRefresh(writer, dialog);
    clients.start(tx, endMessage(writer, offer && 'application/sdp', offer));
  }

  /**
   * The peer has not refreshed in time. One that heals its routes has not gone silent without a reason: its refresh may have found no
   * way, so a heal asks first. Any other is ended by BYE.
   *
   * @see RFC 4028 §10
   */
  expired(dialog: DialogIndex): void {
    const { mode, table, healer } = this.#parts;
    if (mode === 'none' || !table.has(dialog, DialogFlag.resilient) || !table.hasSequence(dialog)) {
      this.#endDialog(dialog, 'session-expired');
      return;
    }
    healer.breakRoute(dialog, 'timeout', 0, 'us');
    healer.pump();
  }

  dialogEnded(dialog: DialogIndex): void {
    this.#endQuickHeal(dialog);
    const refresh = this.#underWay.get(dialog);
    if (refresh === undefined) return;
    const { clients, wheel, acks, hops } = this.#parts;
    this.#underWay.delete(dialog);
    wheel.disarm(refresh.timer);
    const tx = clients.get(refresh.txId);
    if (tx?.method === 'INVITE') acks.leave(tx, dialog, hops.of(dialog));
    else if (tx !== undefined) clients.forget(tx);
  }

  /** A heal has failed, whoever it was for: the next one has 4 s of its own. */
  healFailed(dialog: DialogIndex): void {
    this.#endQuickHeal(dialog);
  }

  onResponse(tx: ClientTransaction, message: Message): void {
    if (message.status < 200) return;
    const dialog = tx.owner;
    const refresh = this.#underWay.get(dialog);
    if (refresh?.txId !== tx.id) {
      this.#parts.acks.repeat(tx, message);
      return;
    }
    const { healer, mode, challenges } = this.#parts;
    const again = challenges.answer(tx, message, dialog);
    if (again !== undefined) {
      refresh.txId = again.id;
      return;
    }
    this.#end(tx, dialog, refresh);
    holdRefusingHop(this.#parts, tx, message);
    if (this.#retriesSoon(dialog, message)) return;
    const isStale = this.#isStale(dialog, refresh);
    switch (isOvertaken(this.#parts, dialog, message) ? 'delivered' : classifyResponse(mode, message)) {
      case 'delivered':
        this.#delivered(tx, dialog, refresh, message);
        break;
      case 'heal-and-resend':
        if (!isStale) this.#healQuickly(dialog, message.status);
        break;
      case 'route-broken':
      case 'said-gone':
        if (isStale) break;
        healer.breakRoute(dialog, 'response', message.status, menderOf(message));
        healer.pump();
        break;
      case 'usage-over':
        this.#endDialog(dialog, message.status === 481 ? 'does-not-exist' : 'unreachable');
        break;
      case 'gone':
        this.#parts.endDialog(dialog, 'remote', 'unreachable');
        break;
    }
  }

  onFailure(tx: ClientTransaction, why: ClientFailure): void {
    const dialog = tx.owner;
    const refresh = this.#underWay.get(dialog);
    if (refresh?.txId !== tx.id) return;
    this.#end(tx, dialog, refresh);
    const { mode, sessions, healer, acks, hops } = this.#parts;
    if (why === 'hop-silent') acks.leave(tx, dialog, hops.of(dialog));
    if (why !== 'timeout') {
      sessions.retry(dialog); // unless whoever lost the flow finds the dialog there, and marks it next
    } else if (mode === 'none') {
      const hasTimer = this.#parts.table.has(dialog, DialogFlag.sessionTimer);
      this.#endDialog(dialog, hasTimer ? 'session-expired' : 'unreachable');
    } else if (!this.#isStale(dialog, refresh)) {
      healer.breakRoute(dialog, 'timeout', 0);
      healer.pump();
    }
  }

  #healQuickly(dialog: DialogIndex, status: number): void {
    const { wheel, healer } = this.#parts;
    this.#endQuickHeal(dialog);
    const generation = healer.health.generation[dialog] as number;
    const timer = wheel.arm(this.#quickLimit, dialog, wheel.nowMs + quickLimitMs);
    this.#quickHeals.set(dialog, { generation, timer });
    healer.quickHeal(dialog, 'response', status, 'us');
  }

  /** No hop has taken the heal, or its answer is late: the program is told. */
  #quickLimitReached(dialog: DialogIndex): void {
    const { healer } = this.#parts;
    const { health } = healer;
    const isSame = this.#quickHeals.get(dialog)?.generation === health.generation[dialog];
    this.#quickHeals.delete(dialog);
    if (!isSame || health.recovering[dialog] === 1) return;
    healer.breakRoute(dialog, 'response', 430, 'us');
    healer.pump();
  }

  #endQuickHeal(dialog: DialogIndex): void {
    const timer = this.#quickHeals.get(dialog)?.timer;
    if (timer !== undefined) this.#parts.wheel.disarm(timer);
    this.#quickHeals.delete(dialog);
  }

  #refreshWhenOpen(dialog: DialogIndex, hop: Hop): void {
    const { table, hops, sessions } = this.#parts;
    const id = table.id(dialog);
    hops.whenOpen(hop, (flow) => {
      if (table.lookup(id) === -1) return;
      if (flow === undefined) sessions.retry(dialog);
      else this.refresh(dialog);
    });
  }

  /** The dialog has had another route since: that one is fresh. */
  #isStale(dialog: DialogIndex, refresh: Refresh): boolean {
    return refresh.generation !== this.#parts.healer.health.generation[dialog];
  }

  /** Refused for what passes: glare, too short an interval, a younger request that came first. @see RFC 3261 §14.1, RFC 3311 §5.3, RFC 4028 §7.3 */
  #retriesSoon(dialog: DialogIndex, message: Message): boolean {
    const waitMs = secondTryMs(this.#parts, dialog, message);
    if (waitMs === undefined) return false;
    this.#parts.sessions.retrySoon(dialog, waitMs);
    return true;
  }

  #delivered(tx: ClientTransaction, dialog: DialogIndex, { offers }: Refresh, message: Message): void {
    const { table, sessions, hops, healer, wheel } = this.#parts;
    const { status } = message;
    if (status >= 300) {
      const noUpdate = tx.method === 'UPDATE' && (status === 405 || status === 501);
      if (noUpdate) {
        table.set(dialog, DialogFlag.allowsUpdate, false);
        this.refresh(dialog);
      } else {
        sessions.retry(dialog, retryAfterMs(message));
      }
      return;
    }
    healer.health.aliveAtMs[dialog] = wheel.nowMs;
    if (refreshTarget(table, hops, dialog, message)) healer.hopChanged(dialog);
    sessions.agreeAsClient(dialog, message);
    const hop = hops.of(dialog);
    if (tx.method === 'INVITE' && hop !== undefined) {
      const answer = offers ? undefined : answerToOffer(ownSession(table, dialog), message);
      this.#parts.acks.send(tx, dialog, message.cseq.number, hop, answer);
    }
    healer.noteAnswer(dialog, message);
  }

  #end(tx: ClientTransaction, dialog: DialogIndex, refresh: Refresh): void {
    this.#underWay.delete(dialog);
    this.#parts.wheel.disarm(refresh.timer);
    if (tx.method === 'INVITE') this.#parts.table.set(dialog, DialogFlag.offerPending, false);
  }
}
