import type { FlowId } from '../contract.ts';
import type { TimerId, TimerKind, Wheel } from '../time/wheel.ts';
import type { ClientTransactions } from '../transaction/client.ts';

/** The ACK that a 2xx would get, and its flow. */
interface LeftInvite {
  readonly ack: Uint8Array;
  readonly flow: FlowId;
  readonly timer: TimerId;
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
  readonly #left = new Map<number, LeftInvite>();

  constructor(clients: ClientTransactions, wheel: Wheel, waitMs: number) {
    this.#wheel = wheel;
    this.#waitMs = waitMs;
    this.#over = wheel.kind((txId) => {
      this.#left.delete(txId);
      const tx = clients.get(txId);
      if (tx !== undefined) clients.forget(tx);
    });
  }

  add(txId: number, ack: Uint8Array, flow: FlowId): void {
    const timer = this.#wheel.arm(this.#over, txId, this.#wheel.nowMs + this.#waitMs);
    this.#left.set(txId, { ack, flow, timer });
  }

  /** Gives an INVITE away that has had its final response: its transaction does the rest. */
  take(txId: number): { readonly ack: Uint8Array; readonly flow: FlowId } | undefined {
    const left = this.#left.get(txId);
    if (left === undefined) return undefined;
    this.#left.delete(txId);
    this.#wheel.disarm(left.timer);
    return left;
  }
}
