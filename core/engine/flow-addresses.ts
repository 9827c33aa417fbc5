import type { Address, FlowId } from '../contract.ts';

/**
 * Lost flows that are remembered for the answers to what came by them. Past it, an answer goes to the sent-by of its request:
 * so many requests at once that wait for the program are more than a stack is for.
 */
const lostFlowsMax = 4_096;

/** Where flows lead, and for a while where lost ones led. */
export class FlowAddresses {
  readonly #open = new Map<FlowId, Address>();
  /** Of those whose requests are still to be answered, the oldest first. */
  readonly #lost = new Map<FlowId, Address>();

  /** Where a flow leads, or has led. */
  get(flow: FlowId): Address | undefined {
    return this.#open.get(flow) ?? this.#lost.get(flow);
  }

  isOpen(flow: FlowId): boolean {
    return this.#open.has(flow);
  }

  opened(flow: FlowId, remote: Address): void {
    this.#open.set(flow, remote);
  }

  /** It carries nothing more. `isOwed`: requests that came by it are still to be answered. */
  lost(flow: FlowId, isOwed: boolean): void {
    const remote = this.#open.get(flow);
    this.#open.delete(flow);
    if (remote === undefined || !isOwed) return;
    this.#lost.set(flow, remote);
    const [oldest] = this.#lost.keys();
    if (this.#lost.size > lostFlowsMax && oldest !== undefined) this.#lost.delete(oldest);
  }
}
