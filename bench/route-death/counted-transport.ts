import type { OpenTransport, Transport, TransportContext, TransportListener } from '../../transport/contract.ts';

/** What an end has put on the wire, or tried to, since it started. */
export interface Traffic {
  readonly messages: number;
  /** Attempts to connect; there are none over UDP. */
  readonly connects: number;
}

/** A transport that counts what is sent by it: as the sender sees it, whether it arrives or not. */
export class CountedTransport implements Transport {
  readonly protocol: Transport['protocol'];
  readonly #transport: Transport;
  #messages = 0;
  #connects = 0;

  constructor(transport: Transport) {
    this.protocol = transport.protocol;
    this.#transport = transport;
  }

  get traffic(): Traffic {
    return { messages: this.#messages, connects: this.#connects };
  }

  async open(listener: TransportListener, context: TransportContext): Promise<OpenTransport> {
    const open = await this.#transport.open(listener, context);
    const isStream = this.protocol !== 'udp';
    return {
      local: open.local,
      get shed() {
        return open.shed;
      },
      openFlow: (openId, remote, options) => {
        if (isStream) this.#connects++;
        open.openFlow(openId, remote, options);
      },
      send: (flow, bytes) => {
        this.#messages++;
        open.send(flow, bytes);
      },
      closeFlow: (flow) => open.closeFlow(flow),
      destroy: () => open.destroy(),
    };
  }
}

export const noTraffic: Traffic = { messages: 0, connects: 0 };

/** What came after `before`, of several ends together. */
export function trafficSince(before: readonly Traffic[], after: readonly Traffic[]): Traffic {
  const sum = (of: (traffic: Traffic) => number, ends: readonly Traffic[]): number =>
    ends.reduce((total, traffic) => total + of(traffic), 0);
  return {
    messages: sum(({ messages }) => messages, after) - sum(({ messages }) => messages, before),
    connects: sum(({ connects }) => connects, after) - sum(({ connects }) => connects, before),
  };
}
