import { isIP } from 'node:net';
import type { Address, FlowId } from '../../../core/contract.ts';
import { canonicalHost } from '../../../transport/address.ts';

/** Flows as a transport numbers them: a UDP remote has one at a time, each connection is one of its own. */
export class FlowBook {
  readonly #remotes = new Map<FlowId, Address>();
  readonly #byAddress = new Map<string, FlowId>();
  #ids = 0;

  /** Whether there is any way to that address. */
  canReach({ protocol, host, port }: Address): boolean {
    return (protocol === 'udp' || protocol === 'tcp') && isIP(host) !== 0 && port > 0 && port < 65_536;
  }

  /** The flow of a UDP remote, new or old; a new connection. */
  open(address: Address): FlowId {
    const remote = { ...address, host: canonicalHost(address.host) };
    const key = keyOf(remote);
    const known = remote.protocol === 'udp' ? this.#byAddress.get(key) : undefined;
    const flow = known ?? (++this.#ids as FlowId);
    this.#remotes.set(flow, remote);
    this.#byAddress.set(key, flow);
    return flow;
  }

  close(flow: FlowId): void {
    this.abandon(flow);
    this.#remotes.delete(flow);
  }

  /** What goes to its address from now on goes by another one. */
  abandon(flow: FlowId): void {
    const remote = this.#remotes.get(flow);
    if (remote !== undefined && this.#byAddress.get(keyOf(remote)) === flow) this.#byAddress.delete(keyOf(remote));
  }

  isOpen(flow: FlowId): boolean {
    return this.#remotes.has(flow);
  }

  remote(flow: FlowId): Address | undefined {
    return this.#remotes.get(flow);
  }

  /** The newest flow to that address. */
  toward(remote: Address): FlowId | undefined {
    return this.#byAddress.get(keyOf(remote));
  }
}

function keyOf({ protocol, host, port }: Address): string {
  return `${protocol} ${canonicalHost(host)} ${port}`;
}
