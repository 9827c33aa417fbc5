import { beginDialogRequest, routeSetPath } from '../dialog/request.ts';
import type { DialogIndex } from '../dialog/table.ts';
import type { Message } from '../message/message.ts';
import { classifyResponse } from '../recovery/classify.ts';
import type { ClientTransaction, ClientUser } from '../transaction/client-transaction.ts';
import type { Content } from './command.ts';
import { endWithContent } from './content.ts';
import type { Parts } from './parts.ts';
import { isOvertaken } from './second-tries.ts';

/** A dialog has so many PRACKs under way at most: a peer that numbers faster than it hears them is not acknowledged further. */
const pracksMax = 8;

/** One that younger requests have overtaken so often is given up. */
const triesMax = 3;

/** A PRACK under way. */
interface Prack {
  readonly dialog: DialogIndex;
  /** Value of RAck. */
  readonly acknowledges: string;
  readonly content: Content;
  /** 0 while it waits: for its hop to open, or for a heal. */
  txId: number;
  /** Route generation that it was sent under. */
  generation: number;
  /** It was sent again after a heal. */
  healed: boolean;
  /** How often a younger request has overtaken it. */
  tries: number;
}

/**
 * PRACK for each reliable provisional response of ours, once.
 *
 * One that a younger request of ours overtook is sent once more. One that finds the route broken is sent again after one quick heal,
 * where the peer allows UPDATE; whatever else becomes of it, the INVITE fails by its own rules.
 *
 * @see RFC 3262 §4
 */
export class Pracks implements ClientUser {
  readonly #parts: Parts;
  readonly #underWay = new Map<DialogIndex, Prack[]>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whether a dialog may have one more under way. */
  hasRoom(dialog: DialogIndex): boolean {
    return this.#of(dialog).length < pracksMax;
  }

  /** Acknowledges the response of that RSeq to our INVITE of that CSeq. */
  send(dialog: DialogIndex, rseq: number, cseq: number, content: Content): void {
    const { health } = this.#parts.healer;
    const prack: Prack = {
      dialog,
      acknowledges: `${rseq} ${cseq} INVITE`,
      content,
      txId: 0,
      generation: health.generation[dialog] as number,
      healed: false,
      tries: 0,
    };
    const others = this.#underWay.get(dialog);
    if (others === undefined) this.#underWay.set(dialog, [prack]);
    else others.push(prack);
    this.#send(prack);
  }

  /** The route works again: what waited for it goes out, in order. */
  healed(dialog: DialogIndex): void {
    for (const prack of this.#waiting(dialog)) this.#send(prack);
  }

  /** The heal has failed that they waited for. */
  healFailed(dialog: DialogIndex): void {
    for (const prack of this.#waiting(dialog)) this.#end(prack);
  }

  dialogEnded(dialog: DialogIndex): void {
    for (const { txId } of this.#of(dialog)) {
      const tx = this.#parts.clients.get(txId);
      if (tx !== undefined) this.#parts.clients.forget(tx);
    }
    this.#underWay.delete(dialog);
  }

  onResponse(tx: ClientTransaction, message: Message): void {
    if (message.status < 200) return;
    const prack = this.#find(tx);
    if (prack === undefined) return;
    const { challenges, mode, healer } = this.#parts;
    const again = challenges.answer(tx, message, prack.dialog);
    if (again !== undefined) {
      prack.txId = again.id;
      return;
    }
    prack.txId = 0;
    if (isOvertaken(this.#parts, prack.dialog, message) && prack.tries < triesMax) {
      prack.tries++;
      this.#send(prack);
      return;
    }
    if (prack.healed || classifyResponse(mode, message) !== 'heal-and-resend') {
      this.#end(prack);
      return;
    }
    prack.healed = true;
    if (prack.generation !== healer.health.generation[prack.dialog]) this.#send(prack);
    else if (healer.mayHeal(prack.dialog)) healer.quickHeal(prack.dialog, 'response', message.status, 'us');
    else this.#end(prack);
  }

  onFailure(tx: ClientTransaction): void {
    const prack = this.#find(tx);
    if (prack !== undefined) this.#end(prack);
  }

  #send(prack: Prack): void {
    const { table, hops } = this.#parts;
    const { dialog } = prack;
    const hop = hops.of(dialog);
    if (hop === undefined) {
      this.#end(prack);
      return;
    }
    const id = table.id(dialog);
    hops.whenOpen(hop, (flow) => {
      if (table.lookup(id) === -1 || !this.#of(dialog).includes(prack)) return;
      const { clients, writer, healer } = this.#parts;
      const tx =
        flow === undefined ? undefined : clients.begin('PRACK', flow, hop.address.protocol !== 'udp', this, dialog);
      if (tx === undefined) {
        this.#end(prack);
        return;
      }
      prack.txId = tx.id;
      prack.generation = healer.health.generation[dialog] as number;
      const sequence = table.nextSequence(dialog);
      const { via } = hop;
      beginDialogRequest(writer, table, dialog, {
        method: 'PRACK',
        sequence,
        via,
        tx,
        path: routeSetPath,
      });
      writer.text(`RAck: ${prack.acknowledges}\r\n`);
      clients.start(tx, endWithContent(writer, prack.content));
    });
  }

  #find(tx: ClientTransaction): Prack | undefined {
    return this.#of(tx.owner).find(({ txId }) => txId === tx.id);
  }

  #end(prack: Prack): void {
    const others = this.#underWay.get(prack.dialog);
    if (others === undefined) return;
    others.splice(others.indexOf(prack), 1);
    if (others.length === 0) this.#underWay.delete(prack.dialog);
  }

  /** Those that wait for a heal, or for the hop that it has led to: a copy, which stays when they are sent or ended. */
  #waiting(dialog: DialogIndex): readonly Prack[] {
    const all = this.#of(dialog);
    return all === none ? none : all.filter(({ healed, txId }) => healed && txId === 0);
  }

  #of(dialog: DialogIndex): readonly Prack[] {
    return this.#underWay.get(dialog) ?? none;
  }
}

const none: readonly Prack[] = [];
