import type { FlowId, Outlet } from '../contract.ts';
import { endMessage, type Writer } from '../message/write.ts';
import type { Wheel } from '../time/wheel.ts';
import type { ClientTransaction, ClientTransactions } from '../transaction/client.ts';
import { beginDialogRequest, routeSetPath } from './request.ts';
import type { DialogIndex, DialogTable } from './table.ts';

/** Where an ACK goes. */
export interface AckHop {
  readonly via: string;
  readonly flow: FlowId | undefined;
}

/** A 2xx that comes again for the third time has not heard two ACKs: a hop swallows them, having nobody to tell. */
const repeatsMax = 3;

/**
 * ACKs of 2xx, by the dialog's route set as it is when they are sent.
 *
 * Each is kept with its transaction, which sends it again for each repeated 2xx. A route that breaks may take an ACK with it:
 * while its 2xx may still be repeated, a heal sends it again by the new route, or the peer would end a dialog that works.
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
  /** The last 2xx of each dialog: its transaction, its sequence number, and when it was acknowledged. */
  readonly #txId: Uint32Array;
  readonly #repeats: Uint8Array;
  readonly #sequence: Uint32Array;
  readonly #atMs: Float64Array;

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
  }) {
    this.#table = options.table;
    this.#clients = options.clients;
    this.#wheel = options.wheel;
    this.#writer = options.writer;
    this.#outlet = options.outlet;
    this.#repeatedForMs = options.repeatedForMs;
    this.#onLost = options.onLost;
    this.#txId = new Uint32Array(options.table.capacity);
    this.#repeats = new Uint8Array(options.table.capacity);
    this.#sequence = new Uint32Array(options.table.capacity);
    this.#atMs = new Float64Array(options.table.capacity);
  }

  /** Acknowledges the 2xx of `tx`, whose CSeq number is `sequence`. */
  send(tx: ClientTransaction, dialog: DialogIndex, sequence: number, hop: AckHop): void {
    this.#txId[dialog] = tx.id;
    this.#repeats[dialog] = 0;
    tx.owner = dialog;
    this.#sequence[dialog] = sequence;
    this.#atMs[dialog] = this.#wheel.nowMs;
    this.#send(tx, dialog, sequence, hop);
  }

  /** The 2xx of `tx` came again: so does its ACK, by the way that it went. */
  repeat(tx: ClientTransaction): void {
    const { ack } = tx;
    if (ack === undefined) return;
    this.#outlet.send(tx.mark as FlowId, ack);
    const dialog = tx.owner;
    if (this.#txId[dialog] !== tx.id) return;
    const repeats = (this.#repeats[dialog] as number) + 1;
    this.#repeats[dialog] = repeats;
    if (repeats === repeatsMax) this.#onLost(dialog);
  }

  /** The dialog has another route: an ACK that the old one may have taken with it goes out again. */
  routeChanged(dialog: DialogIndex, hop: AckHop): void {
    const txId = this.#txId[dialog] as number;
    if (txId === 0) return;
    const tx = this.#clients.get(txId);
    const agoMs = this.#wheel.nowMs - (this.#atMs[dialog] as number);
    if (agoMs >= this.#repeatedForMs || tx?.state !== 'accepted') this.#txId[dialog] = 0;
    else if (agoMs > 0) this.#send(tx, dialog, this.#sequence[dialog] as number, hop);
  }

  dialogEnded(dialog: DialogIndex): void {
    this.#txId[dialog] = 0;
  }

  #send(tx: ClientTransaction, dialog: DialogIndex, sequence: number, hop: AckHop): void {
    beginDialogRequest(this.#writer, this.#table, dialog, {
      method: 'ACK',
      sequence,
      via: hop.via,
      branch: `${tx.branch}a`,
      path: routeSetPath,
    });
    const ack = endMessage(this.#writer, undefined, undefined);
    const flow = hop.flow ?? tx.flow;
    tx.ack = ack;
    tx.mark = flow; // the INVITE may have gone by another hop than the dialog's route begins with
    this.#outlet.send(flow, ack);
  }
}
