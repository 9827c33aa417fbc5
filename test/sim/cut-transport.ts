import type {
  Endpoint,
  MemoryNetwork,
  NetworkConditions,
  OpenTransport,
  Transport,
  TransportContext,
  TransportListener,
} from '../../transport/index.ts';

/** How far apart the two pieces of a message are, at most; the connection breaks half-way. */
const apartMs = 60;

/** A transport whose connection can be broken while a message is under way. */
export class CutTransport implements Transport {
  readonly protocol: Transport['protocol'];
  readonly #transport: Transport;
  readonly #network: MemoryNetwork;
  readonly #address: Endpoint;
  readonly #conditions: () => Partial<NetworkConditions>;
  #hop: Endpoint | undefined;

  /** `conditions`: the network's, but for what is cut here. */
  constructor(
    transport: Transport,
    network: MemoryNetwork,
    address: Endpoint,
    conditions: () => Partial<NetworkConditions>,
  ) {
    this.protocol = transport.protocol;
    this.#transport = transport;
    this.#network = network;
    this.#address = address;
    this.#conditions = conditions;
  }

  breakNext(hop: Endpoint | undefined): void {
    this.#hop = hop;
  }

  async open(listener: TransportListener, context: TransportContext): Promise<OpenTransport> {
    const open = await this.#transport.open(listener, context);
    return {
      local: open.local,
      get shed() {
        return open.shed;
      },
      openFlow: (openId, remote, options) => open.openFlow(openId, remote, options),
      send: (flow, bytes) => {
        const hop = this.#hop;
        if (hop === undefined) {
          open.send(flow, bytes);
          return;
        }
        this.#hop = undefined;
        this.#network.change({ cutting: 1, jitterMs: apartMs });
        open.send(flow, bytes);
        this.#network.change(this.#conditions());
        const { clock } = context;
        clock.wake(clock.nowMs() + apartMs / 2, () => this.#network.reset(this.#address, hop));
      },
      closeFlow: (flow) => open.closeFlow(flow),
      destroy: () => open.destroy(),
    };
  }
}
