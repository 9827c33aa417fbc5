import { beginDialogRequest, type RequestPath, routeSetPath } from '../dialog/request.ts';
import { type DialogId, type DialogIndex, DialogState } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import { endMessage } from '../message/write.ts';
import { isHopTrouble, refusesRouteLess } from '../recovery/classify.ts';
import type { Hop } from '../recovery/hop.ts';
import { isAlive } from '../recovery/hop-state.ts';
import type { TimerId, TimerKind } from '../time/wheel.ts';
import type { ClientTransaction, ClientUser } from '../transaction/client-transaction.ts';
import type { EndReason } from './event.ts';
import { byeHealLimitMs } from './limits.ts';
import type { Parts } from './parts.ts';

/** A BYE under way. */
interface Ending {
  readonly ids: number[];
  readonly isTold: boolean;
  readonly reason: EndReason;
  readonly atMs: number;
  txId: number;
  /** The path of the last one that was sent. */
  path: RequestPath['kind'];
  /** A heal has been tried for its sake: there is no second one. */
  heal: 'none' | 'under-way' | 'over';
  /** Our side is final then, whatever the peer does. */
  readonly limit: TimerId;
  healLimit: TimerId;
}

/** How a dialog of ours ends. */
export interface ByesUser {
  /** The peer knows it, or nothing more is to be done about it. */
  ended(dialog: DialogIndex, reason: EndReason, atMs: number): void;
  /** Our side is final, but the BYE has not been delivered. */
  undelivered(dialog: DialogIndex, reason: EndReason, atMs: number): void;
}

/**
 * BYE: our end is over within 64*T1 whatever becomes of it.
 *
 * It is never queued. When a hop has lost its half of the route, one heal brings a new one and the BYE goes again; when the route is
 * broken in another way, or the heal fails, it is sent once more without a Route by a hop that lives. One that has not been
 * delivered by then is owed.
 *
 * @see RFC 3261 §15.1.1
 */
export class Byes implements ClientUser {
  readonly #parts: Parts;
  readonly #user: ByesUser;
  /** Dialogs whose BYE is under way, and what to report when it ends. */
  readonly #ending = new Map<DialogIndex, Ending>();
  readonly #limit: TimerKind;
  readonly #healLimit: TimerKind;

  constructor(parts: Parts, user: ByesUser) {
    this.#parts = parts;
    this.#user = user;
    this.#limit = parts.wheel.kind((dialog) => this.#giveUp(dialog));
    this.#healLimit = parts.wheel.kind((dialog) => this.healFailed(dialog));
  }

  /** The program's own. */
  bye(id: number, dialogId: DialogId): void {
    const { table, reporter } = this.#parts;
    const dialog = table.lookup(dialogId);
    if (dialog === -1) {
      reporter.failWithCode(id, 'SIP_DIALOG_ENDED', 'The dialog has ended.');
      return;
    }
    this.end(dialog, 'bye', id);
  }

  /** Ends a dialog by BYE; `id` is the command that waits for it. */
  end(dialog: DialogIndex, reason: EndReason, id?: number): void {
    const ids = id === undefined ? [] : [id];
    const { table, sessions, healer, wheel, timers } = this.#parts;
    const under = this.#ending.get(dialog);
    if (under !== undefined) {
      under.ids.push(...ids);
      return;
    }
    const broken = healer.health.recovering[dialog] === 1;
    const isTold = table.state[dialog] !== DialogState.early || id !== undefined;
    table.state[dialog] = DialogState.ending;
    sessions.pause(dialog);
    healer.end(dialog);
    this.#ending.set(dialog, {
      ids,
      isTold,
      reason,
      atMs: wheel.nowMs,
      txId: 0,
      path: 'route-set',
      heal: 'none',
      limit: wheel.arm(this.#limit, dialog, wheel.nowMs + timers.t1x64Ms),
      healLimit: 0,
    });
    const own = this.#parts.hops.of(dialog);
    if ((own !== undefined && !isAlive(own)) || (broken && this.#knowsAnotherWay())) this.#sendAround(dialog);
    else this.#send(dialog, own, routeSetPath);
  }

  /** The program no longer waits for this one; it goes its way all the same. */
  abandon(id: number): void {
    for (const { ids } of this.#ending.values()) {
      const at = ids.indexOf(id);
      if (at === -1) continue;
      ids.splice(at, 1);
      this.#parts.reporter.failWithCode(id, 'SIP_ABORTED', 'The BYE goes its way; nobody waits for it.');
      return;
    }
  }

  /** Whether the program is told of its end: what becomes of an early dialog that it has not ended itself is told by its call. */
  tells(dialog: DialogIndex): boolean {
    return this.#ending.get(dialog)?.isTold ?? this.#parts.table.state[dialog] !== DialogState.early;
  }

  /** When our side ended the dialog, if a BYE of ours is under way. */
  endedAtMs(dialog: DialogIndex): number | undefined {
    return this.#ending.get(dialog)?.atMs;
  }

  /** The peer's own BYE came first, or our side is final. */
  dialogEnded(dialog: DialogIndex): void {
    const ending = this.#ending.get(dialog);
    if (ending === undefined) return;
    const { clients, wheel, reporter } = this.#parts;
    this.#ending.delete(dialog);
    wheel.disarm(ending.limit);
    wheel.disarm(ending.healLimit);
    const tx = ending.txId === 0 ? undefined : clients.get(ending.txId);
    if (tx !== undefined) clients.forget(tx);
    for (const id of ending.ids) reporter.done(id);
  }

  /** The heal for the sake of a BYE has brought a new route. */
  healed(dialog: DialogIndex): void {
    if (this.#endHeal(dialog)) this.#send(dialog, this.#parts.hops.of(dialog), routeSetPath);
  }

  /** The heal for the sake of a BYE has failed, or takes too long. */
  healFailed(dialog: DialogIndex): void {
    if (!this.#endHeal(dialog)) return;
    this.#parts.healer.end(dialog);
    this.#sendAround(dialog);
  }

  /** The peer says that there is no such dialog: true when that is what we were about to tell it. */
  gone(dialog: DialogIndex): boolean {
    if (!this.#endHeal(dialog)) return false;
    this.#finish(dialog);
    return true;
  }

  onResponse(tx: ClientTransaction, message: Message): void {
    if (message.status < 200) return;
    const dialog = tx.owner;
    const ending = this.#ending.get(dialog);
    if (ending === undefined || ending.txId !== tx.id) return;
    const { hops, mode, challenges, healer } = this.#parts;
    const again = challenges.answer(tx, message, tx.owner);
    ending.txId = again?.id ?? 0;
    if (again !== undefined) return;
    const { status } = message;
    const by = hops.byFlow(tx.flow);
    const isTrouble = mode !== 'none' && (status === 430 || isHopTrouble(status));
    if (isTrouble) healer.endingRefused(dialog, message);
    if (ending.path === 'route-less' && refusesRouteLess.has(status) && by !== undefined) {
      this.#send(dialog, by, { kind: 'one-route', route: by.route });
    } else if (!isTrouble) {
      this.#finish(dialog);
    } else if (ending.path !== 'route-set') {
      this.#giveUp(dialog);
    } else if (ending.heal === 'none' && asksToHeal(message)) {
      this.#heal(dialog, ending);
    } else {
      this.#sendAround(dialog);
    }
  }

  onFailure(tx: ClientTransaction, why: 'timeout' | 'flow-lost'): void {
    const ending = this.#ending.get(tx.owner);
    if (ending === undefined || ending.txId !== tx.id) return;
    ending.txId = 0;
    if (why === 'flow-lost' && ending.path === 'route-set' && this.#parts.mode !== 'none') this.#sendAround(tx.owner);
    else this.#giveUp(tx.owner);
  }

  #heal(dialog: DialogIndex, ending: Ending): void {
    const { wheel, healer } = this.#parts;
    ending.heal = 'under-way';
    ending.healLimit = wheel.arm(this.#healLimit, dialog, wheel.nowMs + byeHealLimitMs);
    healer.healEnding(dialog);
  }

  /** False when there is none under way. */
  #endHeal(dialog: DialogIndex): boolean {
    const ending = this.#ending.get(dialog);
    if (ending?.heal !== 'under-way') return false;
    ending.heal = 'over';
    this.#parts.wheel.disarm(ending.healLimit);
    ending.healLimit = 0; // its id may be another timer's by the time that the dialog has ended
    return true;
  }

  #knowsAnotherWay(): boolean {
    return this.#parts.policy === 'ms-sipre' && this.#parts.hops.listed.length > 0;
  }

  /** Past a broken route, by a hop that lives. */
  #sendAround(dialog: DialogIndex): void {
    const { hops } = this.#parts;
    const hop = this.#knowsAnotherWay() ? hops.pick() : undefined;
    if (hop === undefined) this.#giveUp(dialog);
    else this.#send(dialog, hop, hops.pathBy(hop));
  }

  #send(dialog: DialogIndex, hop: Hop | undefined, path: RequestPath): void {
    const { table, hops, clients, writer } = this.#parts;
    const ending = this.#ending.get(dialog);
    if (ending === undefined) return;
    if (hop !== undefined && isAlive(hop) && hop.flow === undefined) {
      hops.whenOpen(hop, (flow) => {
        if (this.#ending.get(dialog) !== ending) return;
        if (flow === undefined) this.#giveUp(dialog);
        else this.#send(dialog, hop, path);
      });
      return;
    }
    const tx =
      hop?.flow === undefined || !isAlive(hop)
        ? undefined
        : clients.begin('BYE', hop.flow, hop.address.protocol !== 'udp', this, dialog);
    if (tx === undefined || hop === undefined) {
      this.#giveUp(dialog);
      return;
    }
    ending.txId = tx.id;
    ending.path = path.kind;
    const sequence = table.nextSequence(dialog);
    beginDialogRequest(writer, table, dialog, { method: 'BYE', sequence, via: hop.via, tx, path });
    clients.start(tx, endMessage(writer, undefined, undefined));
  }

  #finish(dialog: DialogIndex): void {
    const ending = this.#ending.get(dialog);
    if (ending !== undefined) this.#user.ended(dialog, ending.reason, ending.atMs);
  }

  /** Our side is final. @see RFC 3261 §15.1.1 */
  #giveUp(dialog: DialogIndex): void {
    const ending = this.#ending.get(dialog);
    if (ending !== undefined) this.#user.undelivered(dialog, ending.reason, ending.atMs);
  }
}

/** A 430 whose one action is Dialog-Route-Set-Update. @see [MS-SIPRE] §3.7.5.3.1 */
function asksToHeal(message: Message): boolean {
  const { recoveryAction: action, status } = message;
  return status === 430 && action.presence === 'present' && action.dialog && !action.registration && !action.wait;
}
