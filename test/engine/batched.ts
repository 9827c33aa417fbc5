import type { Transport } from '../../transport/index.ts';

/** A transport whose messages can be held back and then handed over all at once, as a socket that is read late does. */
export function batched(transport: Transport): { readonly transport: Transport; hold(): void; release(): void } {
  let held: (() => void)[] | undefined;
  return {
    transport: {
      protocol: transport.protocol,
      open: (listener, context) =>
        transport.open(
          {
            flowOpen: (...opened) => listener.flowOpen(...opened),
            openFailed: (...failed) => listener.openFailed(...failed),
            flowLost: (...lost) => listener.flowLost(...lost),
            turnedAway: (remote, code, message) => listener.turnedAway(remote, code, message),
            warning: (message) => listener.warning(message),
            messageRefused: (...refused) => listener.messageRefused(...refused),
            message: (flow, bytes) => {
              if (held === undefined) listener.message(flow, bytes);
              else held.push(() => listener.message(flow, bytes));
            },
          },
          context,
        ),
    },
    hold: () => {
      held ??= [];
    },
    release: () => {
      const messages = held ?? [];
      held = undefined;
      for (const hand of messages) hand();
    },
  };
}
