import { endpointKey, endpointText } from './address.ts';
import type { Address, FlowId, TransportContext, TransportFailure, TransportListener } from './contract.ts';
import { type Flow, FlowTable } from './flows.ts';

/**
 * What every datagram transport does with flows: it tells them by their remote address, makes one for a stranger, gives
 * the idlest stranger's place to the next, and reports. UDP on a socket and UDP in memory differ below this.
 */
export class DatagramFlows<Link> {
  readonly #listener: TransportListener;
  readonly #table: FlowTable<Link>;
  #stopped = false;
  #warnedFull = false;

  constructor(listener: TransportListener, context: TransportContext) {
    this.#listener = listener;
    this.#table = new FlowTable({ shard: context.shard, ...context.flowIndices });
  }

  get(id: FlowId): Flow<Link> | undefined {
    return this.#table.get(id);
  }

  find(key: string): Flow<Link> | undefined {
    return this.#table.find(key);
  }

  /** Reports a datagram from `host` and `port`, whatever socket it came in on. */
  received(bytes: Uint8Array, host: string, port: number): void {
    if (this.#stopped) return;
    let flow = this.#table.find(endpointKey(host, port));
    if (flow === undefined) {
      flow = this.#add({ protocol: 'udp', host, port });
      if (flow === undefined) {
        this.#warnFull();
        return;
      }
      this.#listener.flowOpen(flow.id, flow.remote, undefined);
      if (this.#stopped || this.#table.get(flow.id) !== flow) return;
    } else {
      this.#table.touch(flow);
    }
    this.#listener.message(flow.id, bytes);
  }

  /** Answers an `openFlow`, with the flow that is there or with a new one; false when it had to be refused. */
  open(openId: number, remote: Address, link: Link | undefined): boolean {
    if (this.#stopped) return false;
    const flow = this.#table.find(endpointKey(remote.host, remote.port)) ?? this.#add(remote);
    if (flow === undefined) {
      this.openFailed(openId, `no flow to ${endpointText(remote)}: all ${this.#table.count} flows are open`);
      return false;
    }
    this.#table.hold(flow);
    if (link !== undefined) flow.link = link;
    this.#listener.flowOpen(flow.id, flow.remote, openId);
    return true;
  }

  openFailed(openId: number, message: string): void {
    if (!this.#stopped) this.#listener.openFailed(openId, 'SIP_OPEN_FAILED', message);
  }

  /** Notes that a flow was sent on. */
  touch(flow: Flow<Link>): void {
    this.#table.touch(flow);
  }

  /** Ends a flow and says so. A flow that has ended already is left alone. */
  lose(flow: Flow<Link>, code: TransportFailure, message: string): void {
    if (this.#stopped || this.#table.get(flow.id) !== flow) return;
    this.#table.remove(flow);
    this.#listener.flowLost(flow.id, code, message);
  }

  /** Ends a flow without a word: whoever closes it knows. */
  close(flow: Flow<Link>): void {
    this.#table.remove(flow);
  }

  warning(message: string): void {
    if (!this.#stopped) this.#listener.warning(message);
  }

  /** Nothing is reported afterwards. */
  stop(): void {
    this.#stopped = true;
  }

  #add(remote: Address): Flow<Link> | undefined {
    if (this.#table.full) {
      const idlest = this.#table.idlest;
      if (idlest === undefined) return undefined;
      this.lose(idlest, 'SIP_FLOW_IDLE', `flow to ${endpointText(idlest.remote)} gave its place to a busier one`);
      // The listener may have used the place for something else, or have stopped us.
      if (this.#stopped || this.#table.full) return undefined;
    }
    return this.#table.add(remote);
  }

  #warnFull(): void {
    if (this.#warnedFull) return;
    this.#warnedFull = true;
    this.warning(`all ${this.#table.count} flows are open: what new peers send is dropped`);
  }
}
