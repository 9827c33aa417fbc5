import type { FlowId } from '../contract.ts';
import type { TimerId, TimerKind, Wheel } from '../time/wheel.ts';
import type { ClientTransactions } from '../transaction/client.ts';
import type { DialogId } from './table.ts';

/** What a 2xx to one would be answered with. */
export interface LeftInvite {
  /** The ACK up to where its body is told of. */
  readonly head: Uint8Array;
  readonly flow: FlowId;
  readonly dialog: DialogId;
  /** Our session as it was, where the INVITE offered none, so that a 2xx brings an offer; empty where there is none. */
  readonly session: Uint8Array | undefined;
}

/**
 * Our INVITEs that are still under way when their dialog ends. A 2xx that comes for one all the same is acknowledged, or its sender
 * repeats it until it gives up; one that gets no final response is forgotten. Each has a client transaction, which bounds them.
 *
 * @see RFC 5407 §3.2.3, Appendix D
 */
export class LeftInvites {
  readonly #wheel: Wheel;
  readonly #waitMs: number;
  readonly #over: TimerKind;
  /** By the id of their transaction. */
  readonly #left = new Map<number, LeftInvite & { readonly timer: TimerId }>();

  constructor(clients: ClientTransactions, wheel: Wheel, waitMs: number) {
    this.#wheel = wheel;
    this.#waitMs = waitMs;
    this.#over = wheel.kind((txId) => {
      this.#left.delete(txId);
      const tx = clients.get(txId);
      if (tx !== undefined) clients.forget(tx);
    });
  }

  add(txId: number, invite: LeftInvite): void {
    const timer = this.#wheel.arm(this.#over, txId, this.#wheel.nowMs + this.#waitMs);
    this.#left.set(txId, { ...invite, timer });
  }

  /** Gives an INVITE away that has had its final response: its transaction does the rest. */
  take(txId: number): LeftInvite | undefined {
    const left = this.#left.get(txId);
    if (left === undefined) return undefined;
    this.#left.delete(txId);
    this.#wheel.disarm(left.timer);
    return left;
  }
}
