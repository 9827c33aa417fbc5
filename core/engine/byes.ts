import { beginDialogRequest, type RequestPath, routeLessPath, routeSetPath } from '../dialog/request.ts';
import { type DialogId, type DialogIndex, DialogState } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import { endMessage } from '../message/write.ts';
import { isHopTrouble } from '../recovery/classify.ts';
import type { Hop } from '../recovery/hop.ts';
import type { ClientTransaction, ClientUser } from '../transaction/client.ts';
import type { EndReason } from './event.ts';
import type { Parts } from './parts.ts';

/** A BYE under way. */
interface Ending {
  readonly ids: number[];
  readonly reason: EndReason;
  txId: number;
  /** The path of the last one that was sent. */
  path: RequestPath['kind'];
}

/** How a hop that wants to see a Route refuses a request without one. */
const refusesRouteLess: ReadonlySet<number> = new Set([403, 404, 405, 420]);

/**
 * BYE: our end is over whatever becomes of it.
 *
 * It is never queued. When the route is broken, or a hop answers in the peer's place, it is sent once more without a Route by a
 * hop that lives.
 *
 * @see RFC 3261 §15.1.1
 */
export class Byes implements ClientUser {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Dialogs whose BYE is under way, and what to report when it ends. */
  readonly #ending = new Map<DialogIndex, Ending>();

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
    const { table, sessions, healer } = this.#parts;
    const under = this.#ending.get(dialog);
    if (under !== undefined) {
      under.ids.push(...ids);
      return;
    }
    const broken = healer.health.recovering[dialog] === 1;
    table.state[dialog] = DialogState.ending;
    sessions.pause(dialog);
    healer.end(dialog);
    this.#ending.set(dialog, { ids, reason, txId: 0, path: 'route-set' });
    const own = this.#parts.hops.of(dialog);
    if (own?.state === 'down' || (broken && this.#knowsAnotherWay())) this.#sendAround(dialog);
    else this.#send(dialog, own, routeSetPath);
  }

  /** The peer's own BYE came first. */
  dialogEnded(dialog: DialogIndex): void {
    const ending = this.#ending.get(dialog);
    if (ending === undefined) return;
    this.#ending.delete(dialog);
    const tx = ending.txId === 0 ? undefined : this.#parts.clients.get(ending.txId);
    if (tx !== undefined) this.#parts.clients.forget(tx);
    for (const id of ending.ids) this.#parts.reporter.done(id);
  }

  onResponse(tx: ClientTransaction, message: Message): void {
    if (message.status < 200) return;
    const ending = this.#ending.get(tx.owner);
    if (ending === undefined || ending.txId !== tx.id) return;
    const { hops, mode, challenges } = this.#parts;
    const again = challenges.answer(tx, message, tx.owner);
    ending.txId = again?.id ?? 0;
    if (again !== undefined) return;
    const { status } = message;
    const by = hops.byFlow(tx.flow);
    if (ending.path === 'route-less' && refusesRouteLess.has(status) && by !== undefined) {
      this.#send(tx.owner, by, { kind: 'one-route', route: by.route });
    } else if (ending.path === 'route-set' && mode !== 'none' && (status === 430 || isHopTrouble(status))) {
      this.#sendAround(tx.owner);
    } else {
      this.#finish(tx.owner);
    }
  }

  onFailure(tx: ClientTransaction, why: 'timeout' | 'flow-lost'): void {
    const ending = this.#ending.get(tx.owner);
    if (ending === undefined || ending.txId !== tx.id) return;
    ending.txId = 0;
    if (why === 'flow-lost' && ending.path === 'route-set' && this.#parts.mode !== 'none') this.#sendAround(tx.owner);
    else this.#finish(tx.owner);
  }

  #knowsAnotherWay(): boolean {
    return this.#parts.policy === 'ms-sipre' && this.#parts.hops.listed.length > 0;
  }

  /** Past a broken route, by a hop that lives. */
  #sendAround(dialog: DialogIndex): void {
    const hop = this.#knowsAnotherWay() ? this.#parts.hops.pick() : undefined;
    if (hop === undefined) this.#finish(dialog);
    else this.#send(dialog, hop, hop.path === 'one-route' ? { kind: 'one-route', route: hop.route } : routeLessPath);
  }

  #send(dialog: DialogIndex, hop: Hop | undefined, path: RequestPath): void {
    const { table, hops, clients, writer } = this.#parts;
    const ending = this.#ending.get(dialog);
    if (ending === undefined) return;
    if (hop?.state === 'up' && hop.flow === undefined) {
      hops.whenOpen(hop, (flow) => {
        if (this.#ending.get(dialog) !== ending) return;
        if (flow === undefined) this.#finish(dialog);
        else this.#send(dialog, hop, path);
      });
      return;
    }
    const tx =
      hop?.flow === undefined || hop.state === 'down'
        ? undefined
        : clients.begin('BYE', hop.flow, hop.address.protocol !== 'udp', this, dialog);
    if (tx === undefined || hop === undefined) {
      this.#finish(dialog);
      return;
    }
    ending.txId = tx.id;
    ending.path = path.kind;
    const sequence = table.nextSequence(dialog);
    beginDialogRequest(writer, table, dialog, { method: 'BYE', sequence, via: hop.via, branch: tx.branch, path });
    clients.start(tx, endMessage(writer, undefined, undefined));
  }

  #finish(dialog: DialogIndex): void {
    const ending = this.#ending.get(dialog);
    if (ending === undefined) return;
    this.#ending.delete(dialog);
    this.#parts.endDialog(dialog, 'local', ending.reason);
    for (const id of ending.ids) this.#parts.reporter.done(id);
  }
}
