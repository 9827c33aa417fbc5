import { beginDialogRequest, type RequestPath, routeSetPath } from '../dialog/request.ts';
import type { DialogIndex } from '../dialog/table.ts';
import { writeDate } from '../message/date.ts';
import type { Message } from '../message/message.ts';
import { endMessage } from '../message/write.ts';
import { isHopTrouble, refusesRouteLess } from '../recovery/classify.ts';
import type { Hop } from '../recovery/hop.ts';
import { nextHop } from '../recovery/next-hop.ts';
import { retryAfterMs } from '../recovery/schedule.ts';
import type { TimerId, TimerKind } from '../time/wheel.ts';
import type { ClientTransaction, ClientUser } from '../transaction/client-transaction.ts';
import { owedByeForMs, owedByesUnderWayMax, owedByeWaitMaxMs } from './limits.ts';
import type { Parts } from './parts.ts';

/** The BYE of a dialog that is over for us, until the peer knows it. */
interface OwedBye {
  /** When the dialog ended. */
  readonly atMs: number;
  place: 'due' | 'sent' | 'waiting';
  /** Sendings that were in vain since a hop last came back. */
  attempt: number;
  txId: number;
  path: RequestPath['kind'];
  /** Its hop has refused it without a Route. */
  namesHop: boolean;
  retry: TimerId;
  readonly expiry: TimerId;
}

/**
 * BYEs that could not be delivered: each goes out when the route is back, or the far end would wait for its dialog, or heal it, for
 * ever.
 *
 * The dialog is over for the program. Its row stays in the table as `owed`, off the count of the live ones, so that what its peer still
 * sends inside it is recognised: that shows that there is a way, and the BYE goes at once. Else it goes when a hop comes back, and
 * from time to time; few at a time, by a budget of their own, so that no heal waits for them.
 */
export class OwedByes implements ClientUser {
  readonly #parts: Parts;
  readonly #retry: TimerKind;
  readonly #expiry: TimerKind;
  /** In the order in which they came to be owed. */
  readonly #owed = new Map<DialogIndex, OwedBye>();
  /** Those that are to go as soon as there is a hop and room. */
  readonly #due = new Set<DialogIndex>();
  #underWay = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#retry = parts.wheel.kind((dialog) => {
      const bye = this.#owed.get(dialog);
      if (bye === undefined) return;
      bye.retry = 0;
      this.#makeDue(dialog, bye);
      this.pump();
    });
    this.#expiry = parts.wheel.kind((dialog) => {
      this.#forget(dialog);
      this.pump();
    });
  }

  get count(): number {
    return this.#owed.size;
  }

  /**
   * Takes the row of a dialog that ended at `atMs` and has been reported, and frees it when its BYE is done with. False when there are
   * so many that one of them, the oldest, is given up.
   */
  take(dialog: DialogIndex, atMs: number): boolean {
    const { table, wheel, hops, healer } = this.#parts;
    const hasRoom = table.owe(dialog);
    if (!hasRoom) {
      const [oldest] = this.#owed.keys();
      if (oldest !== undefined) this.#forget(oldest);
      if (!table.owe(dialog)) {
        healer.registration.leave(dialog);
        hops.detach(dialog);
        table.free(dialog);
        return false;
      }
    }
    this.#hang(dialog);
    const bye: OwedBye = {
      atMs,
      place: 'waiting',
      attempt: 0,
      txId: 0,
      path: 'route-set',
      namesHop: false,
      retry: 0,
      expiry: wheel.arm(this.#expiry, dialog, wheel.nowMs + owedByeForMs),
    };
    this.#owed.set(dialog, bye);
    this.#wait(dialog, bye);
    return hasRoom;
  }

  /** A hop is up again: all that may go by it are due. */
  hopReturned(hop: Hop): void {
    const { hops } = this.#parts;
    for (const [dialog, bye] of this.#owed) if (hop.listed || hops.of(dialog) === hop) this.#beginAnew(dialog, bye);
    this.pump();
  }

  /** Our registration works again, for want of which they may have been refused. */
  registrationRefreshed(): void {
    for (const [dialog, bye] of this.#owed) this.#beginAnew(dialog, bye);
    this.pump();
  }

  #beginAnew(dialog: DialogIndex, bye: OwedBye): void {
    bye.attempt = 0;
    if (bye.place === 'waiting') this.#makeDue(dialog, bye);
  }

  /** The peer has sent something inside the dialog: it does not know the end, and there is a way to it. */
  heard(dialog: DialogIndex, hop: Hop | undefined): void {
    const bye = this.#owed.get(dialog);
    if (bye === undefined || bye.place === 'sent') return;
    const { hops, policy } = this.#parts;
    const own = hops.of(dialog);
    const isWay = hop !== undefined && hops.usable(hop) && (hop === own || (hop.listed && policy === 'ms-sipre'));
    this.#leaveWaiting(bye);
    if (isWay) {
      this.#due.delete(dialog);
      this.#send(dialog, bye, hop);
      return;
    }
    this.#makeDue(dialog, bye);
    this.pump();
  }

  /** The peer's own BYE has come, or nobody owes anything any more. */
  settle(dialog: DialogIndex): void {
    this.#forget(dialog);
    this.pump();
  }

  /** Forgets them all. */
  clear(): void {
    for (const dialog of [...this.#owed.keys()]) this.#forget(dialog);
  }

  onResponse(tx: ClientTransaction, message: Message): void {
    if (message.status < 200) return;
    if (this.#owed.get(tx.owner)?.txId !== tx.id) return;
    const { hops, wheel, challenges, healer } = this.#parts;
    const again = challenges.answer(tx, message, tx.owner);
    const bye = again === undefined ? this.#ended(tx) : this.#owed.get(tx.owner);
    if (bye === undefined) return;
    if (again !== undefined) {
      bye.txId = again.id;
      return;
    }
    const { status } = message;
    const hop = hops.byFlow(tx.flow);
    if (bye.path === 'route-less' && refusesRouteLess.has(status) && hop !== undefined && hops.usable(hop)) {
      bye.namesHop = true;
      this.#send(tx.owner, bye, hop);
      return;
    }
    if (status === 430 || isHopTrouble(status)) {
      if (status === 503 && hop !== undefined) hops.hold(hop, wheel.nowMs + retryAfterMs(message));
      healer.endingRefused(tx.owner, message);
      this.#wait(tx.owner, bye);
    } else {
      this.#forget(tx.owner);
    }
    this.pump();
  }

  onFailure(tx: ClientTransaction): void {
    const bye = this.#ended(tx);
    if (bye === undefined) return;
    this.#wait(tx.owner, bye);
    this.pump();
  }

  #ended(tx: ClientTransaction): OwedBye | undefined {
    const bye = this.#owed.get(tx.owner);
    if (bye === undefined || bye.txId !== tx.id) return undefined;
    bye.txId = 0;
    bye.place = 'waiting';
    this.#underWay--;
    return bye;
  }

  /** Its hop is to be one whose return is noticed: an unlisted one is probed for the sake of live dialogs alone. */
  #hang(dialog: DialogIndex): void {
    const { hops, policy } = this.#parts;
    if (hops.of(dialog)?.listed === true) return;
    const [listed] = policy === 'ms-sipre' ? hops.listed : [];
    if (listed === undefined) hops.detach(dialog);
    else hops.attach(dialog, hops.pick() ?? listed);
  }

  /** Sends what is due, while there is a hop and room. */
  pump(): void {
    for (const dialog of this.#due) {
      if (this.#underWay >= owedByesUnderWayMax) return;
      const bye = this.#owed.get(dialog);
      const hop = this.#hopFor(dialog);
      if (hop === undefined && this.#anyHopWill) return;
      if (bye === undefined || hop === undefined) continue;
      this.#due.delete(dialog);
      if (hop.flow === undefined) this.#sendWhenOpen(dialog, bye, hop);
      else this.#send(dialog, bye, hop);
    }
  }

  /** Whether each hop of the list may take it. */
  get #anyHopWill(): boolean {
    return this.#parts.policy === 'ms-sipre' && this.#parts.hops.listed.length > 0;
  }

  /** Undefined while no hop is up that it may go by. */
  #hopFor(dialog: DialogIndex): Hop | undefined {
    const { hops, table } = this.#parts;
    const own = hops.of(dialog);
    if (this.#anyHopWill) return hops.pick(own);
    const hop = own ?? nextHop(table, hops, dialog, undefined);
    return hop !== undefined && hops.takes(hop) ? hop : undefined;
  }

  #sendWhenOpen(dialog: DialogIndex, bye: OwedBye, hop: Hop): void {
    bye.place = 'sent';
    this.#underWay++;
    this.#parts.hops.whenOpen(hop, (flow) => {
      if (this.#owed.get(dialog) !== bye || bye.place !== 'sent') return;
      this.#underWay--;
      if (flow === undefined) this.#wait(dialog, bye);
      else this.#send(dialog, bye, hop);
      if (flow === undefined) this.pump();
    });
  }

  #send(dialog: DialogIndex, bye: OwedBye, hop: Hop): void {
    const { table, clients, writer, epochMs } = this.#parts;
    const tx =
      hop.flow === undefined ? undefined : clients.begin('BYE', hop.flow, hop.address.protocol !== 'udp', this, dialog);
    if (tx === undefined) {
      this.#wait(dialog, bye);
      return;
    }
    const path = this.#path(bye, hop);
    bye.place = 'sent';
    bye.txId = tx.id;
    bye.path = path.kind;
    this.#underWay++;
    const sequence = table.nextSequence(dialog);
    beginDialogRequest(writer, table, dialog, { method: 'BYE', sequence, via: hop.via, tx, path });
    if (epochMs !== undefined) writer.header('Date', writeDate(epochMs + bye.atMs));
    clients.start(tx, endMessage(writer, undefined, undefined));
  }

  #path(bye: OwedBye, hop: Hop): RequestPath {
    if (this.#parts.policy === 'rfc3261') return routeSetPath;
    return bye.namesHop ? { kind: 'one-route', route: hop.route } : this.#parts.hops.pathBy(hop);
  }

  #makeDue(dialog: DialogIndex, bye: OwedBye): void {
    this.#leaveWaiting(bye);
    bye.place = 'due';
    this.#due.add(dialog);
  }

  #leaveWaiting(bye: OwedBye): void {
    this.#parts.wheel.disarm(bye.retry);
    bye.retry = 0;
  }

  /** 2, 4, 8 … s up to a quarter of an hour, half of it by chance. */
  #wait(dialog: DialogIndex, bye: OwedBye): void {
    const { wheel, fraction } = this.#parts;
    this.#due.delete(dialog);
    bye.place = 'waiting';
    bye.attempt++;
    const delayMs = Math.min(1000 * 2 ** Math.min(bye.attempt, 16), owedByeWaitMaxMs) * (0.5 + fraction() / 2);
    bye.retry = wheel.arm(this.#retry, dialog, wheel.nowMs + delayMs);
  }

  #forget(dialog: DialogIndex): void {
    const bye = this.#owed.get(dialog);
    if (bye === undefined) return;
    const { wheel, clients, hops, table, healer } = this.#parts;
    this.#owed.delete(dialog);
    this.#due.delete(dialog);
    wheel.disarm(bye.retry);
    wheel.disarm(bye.expiry);
    if (bye.place === 'sent') {
      const tx = clients.get(bye.txId);
      if (bye.txId !== 0 && tx !== undefined) clients.forget(tx);
      this.#underWay--;
    }
    healer.registration.leave(dialog);
    hops.detach(dialog);
    table.free(dialog);
  }
}
