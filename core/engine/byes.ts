import { beginDialogRequest, type RequestPath, routeLessPath, routeSetPath } from '../dialog/request.ts';
import { type DialogId, type DialogIndex, DialogState } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import { endMessage } from '../message/write.ts';
import { isHopTrouble } from '../recovery/classify.ts';
import type { Hop } from '../recovery/hops.ts';
import type { ClientTransaction, ClientUser } from '../transaction/client.ts';
import type { EndReason } from './event.ts';
import type { Parts } from './parts.ts';

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
  readonly #ending = new Map<
    DialogIndex,
    { readonly ids: number[]; readonly reason: EndReason; txId: number; retried: boolean }
  >();

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
    const ending = { ids, reason, txId: 0, retried: broken };
    this.#ending.set(dialog, ending);
    if (broken) this.#sendAround(dialog);
    else this.#send(dialog, this.#parts.hops.of(dialog), routeSetPath);
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
    ending.txId = 0;
    const byHop = message.status === 430 || isHopTrouble(message.status);
    if (byHop && !ending.retried && this.#parts.mode !== 'none') {
      ending.retried = true;
      this.#sendAround(tx.owner);
      return;
    }
    this.#finish(tx.owner);
  }

  onFailure(tx: ClientTransaction, why: 'timeout' | 'flow-lost'): void {
    const ending = this.#ending.get(tx.owner);
    if (ending === undefined || ending.txId !== tx.id) return;
    ending.txId = 0;
    if (why === 'flow-lost' && !ending.retried && this.#parts.mode !== 'none') {
      ending.retried = true;
      this.#sendAround(tx.owner);
      return;
    }
    this.#finish(tx.owner);
  }

  #sendAround(dialog: DialogIndex): void {
    const hop = this.#parts.hops.pick();
    const path: RequestPath = hop?.path === 'one-route' ? { kind: 'one-route', route: hop.route } : routeLessPath;
    this.#send(dialog, hop, path);
  }

  #send(dialog: DialogIndex, hop: Hop | undefined, path: RequestPath): void {
    const { table, clients, writer } = this.#parts;
    const ending = this.#ending.get(dialog);
    const tx =
      hop?.flow === undefined
        ? undefined
        : clients.begin('BYE', hop.flow, hop.address.protocol !== 'udp', this, dialog);
    if (tx === undefined || hop === undefined || ending === undefined) {
      this.#finish(dialog);
      return;
    }
    ending.txId = tx.id;
    const sequence = (table.localSequence[dialog] as number) + 1;
    table.localSequence[dialog] = sequence;
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
