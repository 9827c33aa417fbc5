import type {
  Clock,
  OpenTransport,
  SharedPort,
  Transport,
  FlowId as TransportFlowId,
} from '../../transport/contract.ts';
import type { Address, FlowId, Input, MessageFault, Steppable } from '../contract.ts';
import type { SipErrorCode } from '../errors.ts';
import type { Passage } from './exchange.ts';

export type { Clock, Transport } from '../../transport/contract.ts';

/**
 * Most inputs that wait for a step, and most octets: the next one has them worked off at once. What comes meanwhile waits in the kernel,
 * which lets UDP's datagrams fall and slows TCP's senders down.
 */
const inboxMax = 16_384;
const inboxSizeMax = 16 * 1024 * 1024;

/** Flow ids carry 17 bits of index, which the transports of a shard share. */
const flowIndexCount = 2 ** 17;

/** What a shard in this thread is made of. */
export interface InlineOptions<C, E> {
  readonly transports: readonly Transport[];
  readonly clock: Clock;
  /** Number of the shard, 0–31. */
  readonly shard: number;
  /** Makes what is driven, once the sockets are open. */
  readonly make: (locals: readonly Address[]) => Steppable<C, E>;
  /** The events of a step, in their order. */
  readonly onEvents: (events: readonly E[]) => void;
  /** A step has been made and its outputs carried out; its events follow, where it has any. */
  readonly onStep?: (() => void) | undefined;
  readonly onWarning: (message: string) => void;
  /** The port of each transport, in its order, where it is one of several shards. */
  readonly shared?: readonly SharedPort[] | undefined;
  /** Where messages of other shards go that come in here. */
  readonly passage?: Passage | undefined;
}

/** A shard that runs in this thread. */
export interface InlineShard<C> {
  readonly locals: readonly Address[];
  /** Messages dropped for want of room, on their way in or out. */
  readonly shed: number;
  /** Hands over a command; it is obeyed in a later turn. */
  command(command: C): void;
  destroy(): Promise<void>;
}

/**
 * Opens the transports and drives a `Steppable` beside them: what arrives between two turns makes up the next step.
 *
 * @throws TransportError when a socket cannot be opened; those opened before are closed again.
 */
export async function startInline<C, E>(options: InlineOptions<C, E>): Promise<InlineShard<C>> {
  const shard = new Inline(options);
  await shard.open();
  return shard;
}

class Inline<C, E> implements InlineShard<C> {
  readonly #options: InlineOptions<C, E>;
  readonly #transports: OpenTransport[] = [];
  readonly #transportOf = new Map<FlowId, OpenTransport>();
  #steppable: Steppable<C, E> | undefined;
  #inbox: Input<C>[] = [];
  #inboxSize = 0;
  #pending = false;
  #destroyed = false;
  #shed = 0;
  #cancelWake: (() => void) | undefined;

  constructor(options: InlineOptions<C, E>) {
    this.#options = options;
  }

  get locals(): readonly Address[] {
    return this.#transports.map((transport) => transport.local);
  }

  get shed(): number {
    const { passage } = this.#options;
    return this.#transports.reduce((sum, transport) => sum + transport.shed, this.#shed + (passage?.shed ?? 0));
  }

  async open(): Promise<void> {
    try {
      for (const [index, transport] of this.#options.transports.entries()) await this.#open(transport, index);
      this.#steppable = this.#options.make(this.locals);
      this.#options.passage?.attach({
        transports: this.#transports,
        put: (input) => this.#put(input),
        send: (flow, bytes) => this.#sendByOwn(flow, bytes),
      });
    } catch (error) {
      await this.destroy();
      throw error;
    }
    this.#turn();
  }

  command(command: C): void {
    this.#put({ kind: 'command', command });
  }

  async destroy(): Promise<void> {
    this.#destroyed = true;
    this.#cancelWake?.();
    await Promise.all(this.#transports.map((transport) => transport.destroy()));
  }

  async #open(transport: Transport, index: number): Promise<void> {
    const { clock, shard, shared, passage } = this.#options;
    let opened: OpenTransport | undefined;
    const early: FlowId[] = []; // peers may write before the transport has said that it is open
    const lost = (flow: TransportFlowId, code: SipErrorCode, message: string): void => {
      const failure = { code, message };
      passage?.flowLost(index, engineFlow(flow), failure);
      this.#put({ kind: 'flow-lost', flow: engineFlow(flow), failure });
    };
    const listener = {
      flowOpen: (flow: TransportFlowId, remote: Address, openId: number | undefined): void => {
        if (opened === undefined) early.push(engineFlow(flow));
        else this.#transportOf.set(engineFlow(flow), opened);
        passage?.flowOpened(index, engineFlow(flow), remote);
        this.#put({ kind: 'flow-open', flow: engineFlow(flow), remote, openId });
      },
      openFailed: (openId: number, code: SipErrorCode, message: string): void => {
        this.#put({ kind: 'open-failed', openId, failure: { code, message } });
      },
      message: (flow: TransportFlowId, bytes: Uint8Array): void => {
        if (this.#isFull() && this.#steppable === undefined && transport.protocol === 'udp') {
          this.#shed++;
          return;
        }
        if (passage?.takes(index, engineFlow(flow), bytes)) return;
        this.#inboxSize += bytes.length;
        this.#put({ kind: 'message', flow: engineFlow(flow), bytes });
        if (this.#isFull()) this.#turn();
      },
      messageRefused: (flow: TransportFlowId, head: Uint8Array, fault: MessageFault): void => {
        this.#put({ kind: 'message-refused', flow: engineFlow(flow), head, fault });
      },
      flowLost: (flow: TransportFlowId, code: SipErrorCode, message: string): void => {
        this.#transportOf.delete(engineFlow(flow));
        lost(flow, code, message);
      },
      turnedAway: (remote: Address, code: SipErrorCode, message: string): void => {
        this.#put({ kind: 'turned-away', remote, failure: { code, message } });
      },
      warning: this.#options.onWarning,
    };
    const count = Math.floor(flowIndexCount / this.#options.transports.length);
    const port = shared?.[index];
    const flowIndices = { first: index * count, count };
    opened = await transport.open(listener, { clock, shard, flowIndices, ...(port && { shared: port }) });
    for (const flow of early) this.#transportOf.set(flow, opened);
    this.#transports.push(opened);
  }

  #put(input: Input<C>): void {
    if (this.#destroyed) return;
    this.#inbox.push(input);
    if (this.#pending) return;
    this.#pending = true;
    this.#options.clock.defer(() => this.#turn()); // after the reads at hand, so that they share a step
  }

  #isFull(): boolean {
    return this.#inbox.length >= inboxMax || this.#inboxSize >= inboxSizeMax;
  }

  #turn(): void {
    if (this.#destroyed || this.#steppable === undefined) return;
    const { clock, onEvents, onStep } = this.#options;
    const inputs = this.#inbox;
    this.#inbox = [];
    this.#inboxSize = 0;
    this.#pending = false;
    this.#cancelWake?.();
    const { outputs, wakeAtMs } = this.#steppable.step(clock.nowMs(), inputs);
    const events: E[] = [];
    for (const output of outputs) {
      switch (output.kind) {
        case 'send':
          this.#send(output.flow, output.bytes);
          break;
        case 'open':
          this.#openFlow(output.openId, output.remote, output.connected);
          break;
        case 'close':
          this.#close(output.flow);
          break;
        case 'event':
          events.push(output.event);
          break;
      }
    }
    this.#cancelWake = wakeAtMs === undefined ? undefined : clock.wake(wakeAtMs, () => this.#turn());
    onStep?.();
    if (events.length > 0) onEvents(events);
  }

  #send(flow: FlowId, bytes: Uint8Array): void {
    if (!this.#sendByOwn(flow, bytes)) this.#options.passage?.send(flow, bytes);
  }

  #sendByOwn(flow: FlowId, bytes: Uint8Array): boolean {
    const transport = this.#transportOf.get(flow);
    transport?.send(transportFlow(flow), bytes);
    return transport !== undefined;
  }

  #close(flow: FlowId): void {
    const transport = this.#transportOf.get(flow);
    this.#options.passage?.close(flow);
    transport?.closeFlow(transportFlow(flow));
    this.#transportOf.delete(flow);
  }

  #openFlow(openId: number, remote: Address, connected: boolean): void {
    const speaking = this.#transports.filter(({ local }) => local.protocol === remote.protocol);
    const transport = speaking.find(({ local }) => isIpv6(local) === isIpv6(remote)) ?? speaking[0];
    if (transport === undefined) {
      const failure = { code: 'SIP_OPEN_FAILED' as const, message: `no transport for ${remote.protocol}` };
      this.#put({ kind: 'open-failed', openId, failure });
      return;
    }
    transport.openFlow(
      openId,
      { protocol: transport.local.protocol, host: remote.host, port: remote.port },
      { connected },
    );
  }
}

function isIpv6({ host }: Address): boolean {
  return host.includes(':');
}

/** The two sides number flows alike; each has its own word for the number. */
function engineFlow(flow: TransportFlowId): FlowId {
  return flow as number as FlowId;
}

function transportFlow(flow: FlowId): TransportFlowId {
  return flow as number as TransportFlowId;
}
