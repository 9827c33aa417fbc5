import type { OpenTransport, Transport, TransportListener } from '../../transport/index.ts';

/** What goes in and out of a stack's transport, as somebody on its path sees it. Probes and their answers are left out. */
export class Eavesdropper {
  readonly received: string[] = [];
  readonly sent: string[] = [];
  /** Hears each message that the stack sends, before it leaves. */
  onSend: (text: string) => void = () => undefined;
  #isDone = false;

  /** Has heard enough: what goes by from now on is not kept. */
  stop(): void {
    this.#isDone = true;
  }

  around(transport: Transport): Transport {
    return {
      protocol: transport.protocol,
      open: async (listener, context): Promise<OpenTransport> => {
        const listening: TransportListener = {
          flowOpen: (flow, remote, openId) => listener.flowOpen(flow, remote, openId),
          openFailed: (openId, code, message) => listener.openFailed(openId, code, message),
          message: (flow, bytes) => {
            this.#note(this.received, bytes);
            listener.message(flow, bytes);
          },
          messageRefused: (flow, head, fault) => listener.messageRefused(flow, head, fault),
          flowLost: (flow, code, message) => listener.flowLost(flow, code, message),
          turnedAway: (remote, code, message) => listener.turnedAway(remote, code, message),
          warning: (message) => listener.warning(message),
        };
        const open = await transport.open(listening, context);
        return {
          get local() {
            return open.local;
          },
          get shed() {
            return open.shed;
          },
          openFlow: (openId, remote, options) => open.openFlow(openId, remote, options),
          send: (flow, bytes) => {
            const text = this.#note(this.sent, bytes);
            if (text !== undefined) this.onSend(text);
            open.send(flow, bytes);
          },
          closeFlow: (flow) => open.closeFlow(flow),
          destroy: () => open.destroy(),
        };
      },
    };
  }

  #note(into: string[], bytes: Uint8Array): string | undefined {
    const text = Buffer.from(bytes).toString('latin1');
    if (/^CSeq: \d+ OPTIONS/m.test(text)) return undefined;
    if (!this.#isDone) into.push(text);
    return text;
  }
}
