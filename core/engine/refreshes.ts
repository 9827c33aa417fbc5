import { acknowledge } from '../dialog/ack.ts';
import { Part } from '../dialog/record.ts';
import { beginDialogRequest, routeSetPath } from '../dialog/request.ts';
import { DialogFlag, type DialogIndex, DialogState } from '../dialog/table.ts';
import { targetOf } from '../dialog/target.ts';
import type { Message } from '../message/message.ts';
import { endMessage } from '../message/write.ts';
import { classifyResponse } from '../recovery/classify.ts';
import type { ClientTransaction, ClientUser } from '../transaction/client.ts';
import type { Parts } from './parts.ts';

/**
 * Session refreshes of ours: an UPDATE without a body, or a re-INVITE with the unchanged offer where the peer has no UPDATE.
 *
 * A refresh that finds the route broken starts healing (figure 3); a heal that ends well is a refresh, so nothing is sent again.
 *
 * @see RFC 4028 §7.4, §10
 */
export class Refreshes implements ClientUser {
  readonly #parts: Parts;
  readonly #underWay = new Map<DialogIndex, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  refresh(dialog: DialogIndex): void {
    const { table, hops, clients, writer, sessions, healer } = this.#parts;
    if (table.state[dialog] !== DialogState.confirmed || this.#underWay.has(dialog)) return;
    const byUpdate = table.has(dialog, DialogFlag.allowsUpdate);
    const method = byUpdate ? 'UPDATE' : 'INVITE';
    if (
      !byUpdate &&
      (table.has(dialog, DialogFlag.invitePending) || table.has(dialog, DialogFlag.remoteInvitePending))
    ) {
      sessions.restart(dialog);
      return;
    }
    const hop = hops.of(dialog);
    const tx =
      hop?.flow === undefined
        ? undefined
        : clients.begin(method, hop.flow, hop.address.protocol !== 'udp', this, dialog);
    if (tx === undefined || hop === undefined) {
      this.#routeFound('flow-lost', dialog);
      healer.pump();
      return;
    }
    this.#underWay.set(dialog, tx.id);
    if (!byUpdate) table.set(dialog, DialogFlag.invitePending, true);
    const sequence = (table.localSequence[dialog] as number) + 1;
    table.localSequence[dialog] = sequence;
    beginDialogRequest(writer, table, dialog, {
      method,
      sequence,
      via: hop.via,
      branch: tx.branch,
      path: routeSetPath,
    });
    sessions.writeRefresh(writer, dialog);
    const { records } = table;
    const block = table.block(dialog);
    const session = records.bytes(block).subarray(records.start(block, Part.session), records.end(block, Part.session));
    const offer = byUpdate || session.length === 0 ? undefined : session;
    clients.start(tx, endMessage(writer, offer && 'application/sdp', offer));
  }

  dialogEnded(dialog: DialogIndex): void {
    const id = this.#underWay.get(dialog);
    if (id === undefined) return;
    this.#underWay.delete(dialog);
    const tx = this.#parts.clients.get(id);
    if (tx !== undefined) this.#parts.clients.forget(tx);
  }

  onResponse(tx: ClientTransaction, message: Message): void {
    if (message.status < 200) return;
    const dialog = tx.owner;
    if (this.#underWay.get(dialog) !== tx.id) {
      if (tx.ack !== undefined) this.#parts.outlet.send(tx.flow, tx.ack);
      return;
    }
    this.#end(tx, dialog);
    const { healer, mode } = this.#parts;
    switch (classifyResponse(mode, message)) {
      case 'delivered':
        this.#delivered(tx, dialog, message);
        break;
      case 'heal-and-resend':
        healer.quickHeal(dialog);
        break;
      case 'route-broken':
      case 'said-gone':
        healer.breakRoute(dialog, 'response', message.status);
        healer.pump();
        break;
      case 'gone':
        this.#parts.endDialog(dialog, 'remote', message.status === 481 ? 'does-not-exist' : 'unreachable');
        break;
    }
  }

  onFailure(tx: ClientTransaction, why: 'timeout' | 'flow-lost'): void {
    const dialog = tx.owner;
    if (this.#underWay.get(dialog) !== tx.id) return;
    this.#end(tx, dialog);
    if (why === 'flow-lost' && this.#parts.mode !== 'none') return; // whoever lost the flow marks all its dialogs next
    this.#routeFound('timeout', dialog);
    this.#parts.healer.pump();
  }

  #routeFound(cause: 'timeout' | 'flow-lost', dialog: DialogIndex): void {
    if (this.#parts.mode === 'none') this.#parts.endDialog(dialog, 'local', 'session-expired');
    else this.#parts.healer.breakRoute(dialog, cause, 0);
  }

  #delivered(tx: ClientTransaction, dialog: DialogIndex, message: Message): void {
    const { table, sessions, hops } = this.#parts;
    if (message.status >= 300) {
      sessions.restart(dialog);
      return;
    }
    table.update(dialog, targetOf(message), undefined, undefined);
    sessions.agreeAsClient(dialog, message);
    const hop = hops.of(dialog);
    if (tx.method === 'INVITE' && hop !== undefined) acknowledge(this.#parts, tx, dialog, message, hop);
  }

  #end(tx: ClientTransaction, dialog: DialogIndex): void {
    this.#underWay.delete(dialog);
    if (tx.method === 'INVITE') this.#parts.table.set(dialog, DialogFlag.invitePending, false);
  }
}
