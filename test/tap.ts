import type { FlowId, OpenTransport, Transport, TransportContext, TransportListener } from '../transport/contract.ts';

/** A place in the network that a test watches: what arrives there is written down, and ways out of it can be cut. */
export interface Tap {
  readonly transport: Transport;
  /** Loses the flows to this port, and lets none be opened to it, until `mend`. */
  cut(port: number): void;
  mend(port: number): void;
  /** Asked about each message; the text that it gives goes back in the place of whoever listens, who then hears nothing of it. */
  answer: (text: string) => string | undefined;
}

/** Puts a tap between a transport and whoever listens; `hear` is told of each message with the port that it came from. */
export function tap(transport: Transport, hear: (fromPort: number, text: string) => void): Tap {
  /** By flow, the port at which its other end listens. A connection comes from any port: there the first Via says. */
  const ports = new Map<FlowId, number>();
  const portOf = (flow: FlowId, text: string): number => {
    const known = ports.get(flow);
    if (known !== undefined) return known;
    const port = Number(/^Via: [^;,]*:(\d+)/m.exec(text)?.[1]);
    ports.set(flow, port);
    return port;
  };
  const cuts = new Set<number>();
  let lose = (_port: number): void => {};

  const open = async (listener: TransportListener, context: TransportContext): Promise<OpenTransport> => {
    const opened = await transport.open(
      {
        flowOpen: (flow, remote, openId) => {
          if (openId !== undefined || remote.protocol === 'udp') ports.set(flow, remote.port);
          listener.flowOpen(flow, remote, openId);
        },
        openFailed: (openId, code, message) => listener.openFailed(openId, code, message),
        message: (flow, bytes) => {
          const text = new TextDecoder().decode(bytes);
          const port = portOf(flow, text);
          if (cuts.has(port)) return;
          hear(port, text);
          const answer = self.answer(text);
          if (answer === undefined) listener.message(flow, bytes);
          else opened.send(flow, new TextEncoder().encode(answer));
        },
        messageRefused: (flow, head, fault) => listener.messageRefused(flow, head, fault),
        flowLost: (flow, code, message) => {
          ports.delete(flow);
          listener.flowLost(flow, code, message);
        },
        turnedAway: () => undefined,
        warning: () => undefined,
      },
      context,
    );
    lose = (port) => {
      for (const [flow, remote] of ports) {
        if (remote !== port) continue;
        ports.delete(flow);
        opened.closeFlow(flow);
        context.clock.defer(() => listener.flowLost(flow, 'SIP_FLOW_LOST', 'cut'));
      }
    };
    return {
      get local() {
        return opened.local;
      },
      get shed() {
        return opened.shed;
      },
      openFlow: (openId, remote, options) => {
        if (!cuts.has(remote.port)) opened.openFlow(openId, remote, options);
        else context.clock.defer(() => listener.openFailed(openId, 'SIP_OPEN_FAILED', 'cut'));
      },
      send: (flow, bytes) => opened.send(flow, bytes),
      closeFlow: (flow) => opened.closeFlow(flow),
      destroy: () => opened.destroy(),
    };
  };

  const self: Tap = {
    answer: () => undefined,
    transport: { protocol: transport.protocol, open },
    cut: (port) => {
      cuts.add(port);
      lose(port);
    },
    mend: (port) => void cuts.delete(port),
  };
  return self;
}
