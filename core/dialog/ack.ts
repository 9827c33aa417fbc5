import type { FlowId, Outlet } from '../contract.ts';
import { HeaderId } from '../message/header.ts';
import { Message } from '../message/message.ts';
import { endMessage, type Writer } from '../message/write.ts';
import type { TimerKind, Wheel } from '../time/wheel.ts';
import type { ClientTransactions } from '../transaction/client.ts';
import type { ClientTransaction } from '../transaction/client-transaction.ts';
import { type AckBody, answerToOffer } from './ack-body.ts';
import { Forks } from './forks.ts';
import { type LeftInvite, LeftInvites } from './left-invites.ts';
import { ownSession } from './own-session.ts';
import { beginDialogRequest, routeSetPath } from './request.ts';
import { type DialogIndex, DialogState, type DialogTable } from './table.ts';

/** Where an ACK goes. */
export interface AckHop {
  readonly via: Uint8Array;
  readonly flow: FlowId | undefined;
}

/** A 2xx that comes again for the third time has not heard two ACKs: a hop swallows them, having nobody to tell. */
const repeatsMax = 3;

/** Owner of a transaction whose dialog has ended. */
const nobody = 0xffff_ffff;

/**
 * ACKs of 2xx, by the dialog's route set as it is when they are sent.
 *
 * Each is kept with its transaction, which sends it again for each repeated 2xx. A route that breaks may take an ACK with it:
 * while its 2xx may still be repeated, a heal sends it again by the new route, or the peer would end a dialog that works.
 * Each branch of a forked INVITE that answers 2xx has an ACK of its own: the first one's lies with the transaction.
 *
 * @see RFC 3261 §13.2.2.4, §13.3.1.4
 */
export class Acks {
  readonly #table: DialogTable;
  readonly #clients: ClientTransactions;
  readonly #wheel: Wheel;
  readonly #writer: Writer;
  readonly #outlet: Outlet;
  readonly #repeatedForMs: number;
  readonly #onLost: (dialog: DialogIndex) => void;
  readonly #onAnswered: (dialog: DialogIndex, response: Message) => void;
  readonly #isOpen: (flow: FlowId) => boolean;
  readonly #flowOf: (dialog: DialogIndex) => FlowId | undefined;
  /** The last 2xx of each dialog: its transaction, its sequence number, and when it was acknowledged. */
  readonly #txId: Uint32Array;
  readonly #repeats: Uint8Array;
  readonly #sequence: Uint32Array;
  readonly #atMs: Float64Array;
  readonly #forks: Forks;
  readonly #forksOver: TimerKind;
  readonly #left: LeftInvites;
  readonly #sent = new Message();

  constructor(options: {
    readonly table: DialogTable;
    readonly clients: ClientTransactions;
    readonly wheel: Wheel;
    readonly writer: Writer;
    readonly outlet: Outlet;
    /** 64*T1: so long a UAS repeats its 2xx. */
    readonly repeatedForMs: number;
    /** A 2xx was repeated so often that its ACK cannot be arriving. */
    readonly onLost: (dialog: DialogIndex) => void;
    /** The offer of a 2xx that nobody waited for any more was answered with our session as it is. */
    readonly onAnswered: (dialog: DialogIndex, response: Message) => void;
    readonly isOpen: (flow: FlowId) => boolean;
    /** The flow that the dialog's requests go by, if there is one. */
    readonly flowOf: (dialog: DialogIndex) => FlowId | undefined;
  }) {
    this.#table = options.table;
    this.#clients = options.clients;
    this.#wheel = options.wheel;
    this.#writer = options.writer;
    this.#outlet = options.outlet;
    this.#repeatedForMs = options.repeatedForMs;
    this.#onLost = options.onLost;
    this.#onAnswered = options.onAnswered;
    this.#isOpen = options.isOpen;
    this.#flowOf = options.flowOf;
    this.#txId = options.table.columns.uint32();
    this.#repeats = options.table.columns.uint8();
    this.#sequence = options.table.columns.uint32();
    this.#atMs = options.table.columns.float64();
    this.#forks = new Forks(options.table);
    this.#left = new LeftInvites(options.clients, options.wheel, options.repeatedForMs);
    this.#forksOver = options.wheel.kind((txId) => this.#forks.forget(txId));
  }

  /**
   * Acknowledges the 2xx of `tx`, whose CSeq number is `sequence`; another dialog's than before is another branch's. `answer` is a
   * session description, where the 2xx brought an offer.
   */
  send(tx: ClientTransaction, dialog: DialogIndex, sequence: number, hop: AckHop, answer?: AckBody): void {
    if (tx.ack === undefined) {
      tx.owner = dialog;
    } else if (this.#forks.add(tx.id, dialog, tx.flow)) {
      this.#wheel.arm(this.#forksOver, tx.id, this.#wheel.nowMs + this.#repeatedForMs);
    }
    this.#txId[dialog] = tx.id;
    this.#repeats[dialog] = 0;
    this.#sequence[dialog] = sequence;
    this.#atMs[dialog] = this.#wheel.nowMs;
    this.#send(tx, dialog, sequence, hop, answer);
  }

  /** Whether one more branch of a forked INVITE can be acknowledged. */
  hasRoom(tx: ClientTransaction): boolean {
    return this.#forks.hasRoom(tx.id);
  }

  /** Sends the ACK of a 2xx again, if it repeats one that was acknowledged; false when it is another branch's. */
  repeats(tx: ClientTransaction, response: Message): boolean {
    const fork = this.#forks.ofResponse(tx.id, response);
    if (fork?.ack !== undefined) {
      this.#transmit(fork.flow, fork.dialog, fork.ack);
      fork.repeats++;
      if (fork.repeats === repeatsMax && this.#txId[fork.dialog] === tx.id) this.#onLost(fork.dialog);
      return true;
    }
    const { ack } = tx;
    if (ack === undefined || this.#sent.scan(ack) !== undefined) return false;
    if (this.#sent.text(this.#sent.to.tag) !== response.text(response.to.tag)) return false;
    this.repeat(tx, response);
    return true;
  }

  /** The dialog ends while its INVITE `tx` is under way: should that be answered 2xx, it is acknowledged all the same. */
  leave(tx: ClientTransaction, dialog: DialogIndex, hop: AckHop | undefined): void {
    const request = this.#clients.request(tx);
    if (request === undefined || hop === undefined || this.#sent.scan(request) !== undefined) {
      this.#clients.forget(tx);
      return;
    }
    tx.owner = nobody;
    const { cseq, body } = this.#sent;
    const session = body.end === body.start ? ownSession(this.#table, dialog).slice() : undefined;
    this.#begin(tx, 'a', dialog, cseq.number, hop);
    const head = this.#writer.take();
    this.#left.add(tx.id, { head, flow: hop.flow ?? tx.flow, dialog: this.#table.id(dialog), session });
  }

  /** The final response of `tx` came again, or once nobody waited for it: so does the ACK of a 2xx, by the way that it went. */
  repeat(tx: ClientTransaction, response: Message): void {
    const left = this.#left.take(tx.id);
    if (left !== undefined && tx.state === 'accepted') {
      tx.ack = this.#finish(left, response);
      tx.mark = left.flow;
    }
    const { ack } = tx;
    if (ack === undefined) return;
    const dialog = tx.owner;
    this.#transmit(tx.mark as FlowId, dialog, ack);
    if (this.#txId[dialog] !== tx.id) return;
    const repeats = (this.#repeats[dialog] as number) + 1;
    this.#repeats[dialog] = repeats;
    if (repeats === repeatsMax) this.#onLost(dialog);
  }

  /** Whether the dialog has sent an ACK that a new route may have to carry once more. */
  mayBeMissed(dialog: DialogIndex): boolean {
    return this.#txId[dialog] !== 0;
  }

  /** The dialog has another route: an ACK that the old one may have taken with it goes out again. */
  routeChanged(dialog: DialogIndex, hop: AckHop): void {
    const txId = this.#txId[dialog] as number;
    if (txId === 0) return;
    const tx = this.#clients.get(txId);
    const agoMs = this.#wheel.nowMs - (this.#atMs[dialog] as number);
    if (agoMs >= this.#repeatedForMs || tx?.state !== 'accepted') this.#txId[dialog] = 0;
    else if (agoMs > 0) this.#sendAgain(tx, dialog, hop);
  }

  dialogEnded(dialog: DialogIndex): void {
    const txId = this.#txId[dialog] as number;
    if (txId === 0) return;
    this.#txId[dialog] = 0;
    const tx = this.#clients.get(txId);
    if (tx?.owner === dialog) tx.owner = nobody; // the row may serve another branch's dialog next
  }

  /** By another route, with the same body. */
  #sendAgain(tx: ClientTransaction, dialog: DialogIndex, hop: AckHop): void {
    const fork = tx.owner === dialog ? undefined : this.#forks.ofDialog(tx.id, dialog);
    const ack = fork === undefined ? tx.ack : fork.ack;
    const old = this.#sent;
    const isRead = ack !== undefined && old.scan(ack) === undefined;
    const contentType = isRead ? old.headerText(HeaderId.ContentType) : undefined;
    const body = isRead ? old.bytes.slice(old.body.start, old.body.end) : undefined;
    this.#send(
      tx,
      dialog,
      this.#sequence[dialog] as number,
      hop,
      contentType === undefined || body === undefined ? undefined : { contentType, body },
    );
  }

  #send(tx: ClientTransaction, dialog: DialogIndex, sequence: number, hop: AckHop, answer: AckBody | undefined): void {
    const fork = tx.owner === dialog ? undefined : this.#forks.ofDialog(tx.id, dialog);
    this.#begin(tx, fork === undefined ? 'a' : `a${dialog}`, dialog, sequence, hop);
    const ack = endMessage(this.#writer, answer?.contentType, answer?.body);
    const flow = hop.flow ?? tx.flow;
    if (fork === undefined) {
      tx.ack = ack;
      tx.mark = flow; // the INVITE may have gone by another hop than the dialog's route begins with
    } else {
      fork.ack = ack;
      fork.flow = flow;
    }
    this.#transmit(flow, dialog, ack);
  }

  /** By the flow that is meant or, where that is gone, by the one that the dialog has now. Without any the next 2xx brings it about again. */
  #transmit(meant: FlowId, dialog: DialogIndex, ack: Uint8Array): void {
    const flow = this.#isOpen(meant) ? meant : dialog === nobody ? undefined : this.#flowOf(dialog);
    if (flow !== undefined) this.#outlet.send(flow, ack);
  }

  #finish({ head, dialog, session }: LeftInvite, response: Message): Uint8Array {
    const row = this.#table.lookup(dialog);
    const own = row === -1 || session === undefined ? session : ownSession(this.#table, row);
    const answer = own && answerToOffer(own, response);
    if (answer !== undefined && this.#table.state[row] === DialogState.confirmed) this.#onAnswered(row, response);
    this.#writer.octets(head);
    return endMessage(this.#writer, answer?.contentType, answer?.body);
  }

  /** An ACK of a 2xx is a transaction of its own: its branch is that of its INVITE and a suffix. @see RFC 3261 §13.2.2.4, §17.1 */
  #begin(tx: ClientTransaction, branchSuffix: string, dialog: DialogIndex, sequence: number, { via }: AckHop): void {
    const request = { method: 'ACK', sequence, via, tx, branchSuffix, path: routeSetPath };
    beginDialogRequest(this.#writer, this.#table, dialog, request);
  }
}
