import { Part } from '../dialog/record.ts';
import type { DialogIndex, DialogTable } from '../dialog/table.ts';
import { decodeText } from '../message/bytes.ts';
import { isNumericHost } from '../message/numeric-address.ts';
import { parseUri, UriView } from '../message/uri.ts';
import { learnedForMs } from './limits.ts';

/** Peers that need a lower rung: a deployment has few kinds of them, and a forgotten one costs its next dialog one round trip. */
const peersMax = 4096;

/** A peer that is called by more than that is not remembered: it chose the name. Octets. */
const nameSizeMax = 256;

interface Learned {
  readonly rung: number;
  readonly untilMs: number;
}

/**
 * Which rung of the ladder healed a peer, so that its other dialogs begin there: empty as long as the first one does.
 *
 * A peer is the host and port of the remote target; behind a name stand many devices, so there the user part counts as well.
 * What was learned is forgotten after an hour, however often it was right, and the ladder tried from the top again: peers are
 * mended and replaced. Of too many peers those that were not asked about for longest are forgotten.
 */
export class PeerMemory {
  readonly #table: DialogTable;
  readonly #peers = new Map<string, Learned>();
  readonly #uri = new UriView();

  constructor(table: DialogTable) {
    this.#table = table;
  }

  get count(): number {
    return this.#peers.size;
  }

  /** The rung to begin with. */
  rung(dialog: DialogIndex, nowMs: number): number {
    if (this.#peers.size === 0) return 0;
    const peer = this.#peerOf(dialog);
    const learned = this.#peers.get(peer);
    if (learned === undefined) return 0;
    this.#peers.delete(peer);
    if (learned.untilMs <= nowMs) return 0;
    this.#peers.set(peer, learned);
    return learned.rung;
  }

  /** A heal of this rung was answered well. */
  learn(dialog: DialogIndex, rung: number, nowMs: number): void {
    if (rung === 0) return;
    const peer = this.#peerOf(dialog);
    if (peer.length > nameSizeMax || this.#peers.get(peer)?.rung === rung) return;
    this.#peers.delete(peer);
    this.#peers.set(peer, { rung, untilMs: nowMs + learnedForMs });
    if (this.#peers.size <= peersMax) return;
    for (const oldest of this.#peers.keys()) {
      this.#peers.delete(oldest);
      return;
    }
  }

  /** What was learned has misled us. */
  forget(dialog: DialogIndex): void {
    if (this.#peers.size > 0) this.#peers.delete(this.#peerOf(dialog));
  }

  #peerOf(dialog: DialogIndex): string {
    const { records } = this.#table;
    const block = this.#table.block(dialog);
    const bytes = records.bytes(block);
    const start = records.start(block, Part.target);
    const end = records.end(block, Part.target);
    if (!parseUri(bytes, start, end, this.#uri)) return decodeText(bytes, start, end);
    const { user, host, port } = this.#uri;
    const name = decodeText(bytes, host.start, host.end).toLowerCase();
    const device = isNumericHost(name) ? '' : decodeText(bytes, user.start, user.end);
    return `${device}@${name}:${port}`;
  }
}
