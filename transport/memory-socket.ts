import { canonicalHost, endpointKey, endpointText, familyOf, isPort } from './address.ts';
import type { Address, FlowId, OpenTransport, TransportContext, TransportListener } from './contract.ts';
import { DatagramFlows } from './datagram.ts';
import type { Flow } from './flows.ts';
import { datagramSizeMax } from './limits.ts';

/** A flow of the memory network; it hears refusals only when it is connected, as with UDP. */
export type MemoryFlow = Flow<'connected'>;

/** What a socket hands to its network. */
export interface Wire {
  transmit(from: MemorySocket, flow: MemoryFlow, bytes: Uint8Array): void;
  release(socket: MemorySocket): void;
}

/** One bound address of a memory network, seen by its listener as UDP is. */
export class MemorySocket implements OpenTransport {
  readonly local: Address;
  readonly key: string;
  /** When the latest datagram to each remote arrives: one that keeps the order comes no sooner. */
  readonly latestMs: Map<string, number> = new Map();
  readonly #wire: Wire;
  readonly #flows: DatagramFlows<'connected'>;
  readonly #context: TransportContext;
  #state: 'open' | 'closed' = 'open';
  #shed = 0;

  constructor(local: Address, wire: Wire, listener: TransportListener, context: TransportContext) {
    this.local = local;
    this.key = endpointKey(local.host, local.port);
    this.#wire = wire;
    this.#flows = new DatagramFlows(listener, context);
    this.#context = context;
  }

  get shed(): number {
    return this.#shed;
  }

  get open(): boolean {
    return this.#state === 'open';
  }

  openFlow(openId: number, remote: Address, options: { readonly connected: boolean }): void {
    const { connected } = options;
    this.#context.clock.defer(() => {
      const obstacle = this.#obstacle(remote);
      if (obstacle !== undefined) {
        this.#flows.openFailed(openId, `${this.#path(remote)} cannot be opened: ${obstacle}`);
        return;
      }
      const to: Address = { protocol: 'udp', host: canonicalHost(remote.host), port: remote.port };
      this.#flows.open(openId, to, connected ? 'connected' : undefined);
    });
  }

  send(id: FlowId, bytes: Uint8Array): void {
    const flow = this.#flows.get(id);
    if (flow === undefined || !this.open || bytes.length > datagramSizeMax) {
      this.#shed += 1;
      return;
    }
    this.#flows.touch(flow);
    this.#wire.transmit(this, flow, bytes);
  }

  closeFlow(id: FlowId): void {
    const flow = this.#flows.get(id);
    if (flow !== undefined) this.#flows.close(flow);
  }

  destroy(): Promise<void> {
    this.die();
    return Promise.resolve();
  }

  /** Ends at once, as a killed process does. */
  die(): void {
    if (!this.open) return;
    this.#state = 'closed';
    this.#flows.stop();
    this.#wire.release(this);
  }

  received(bytes: Uint8Array, from: Address): void {
    this.#flows.received(bytes, from.host, from.port);
  }

  /** Nothing listens where `flow` leads. */
  refused(flow: MemoryFlow): void {
    this.#flows.lose(flow, 'SIP_FLOW_REFUSED', `${this.#path(flow.remote)} is lost: nothing listens there`);
  }

  #obstacle(remote: Address): string | undefined {
    const family = familyOf(remote.host);
    if (remote.protocol !== 'udp') return `this is udp, not ${remote.protocol}`;
    if (family === undefined) return 'the host is not a numeric address';
    if (!isPort(remote.port)) return 'there is no such port';
    return family === familyOf(this.local.host) ? undefined : `an ${familyOf(this.local.host)} socket cannot reach it`;
  }

  #path(remote: Address): string {
    return `udp ${endpointText(this.local)} to ${endpointText(remote)}`;
  }
}
