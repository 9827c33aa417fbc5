import type { Traffic } from '../bench/route-death/traffic.ts';
import type { OpenTransport, Transport, TransportContext, TransportListener } from '../transport/contract.ts';

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
