import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/* The TCP connections of this process, whoever opened them, so that all of them can be broken at once. */

const open = new Set<Socket>();

/** Notes every connection that is made from now on. */
export function watchConnections(): void {
  for (const channel of ['net.client.socket', 'net.server.socket']) {
    subscribe(channel, (message) => {
      const { socket } = message as { readonly socket: Socket };
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    });
  }
}

/** Breaks every connection by a reset, as a middlebox or a crash would. */
export function resetConnections(): void {
  for (const socket of open) socket.resetAndDestroy();
}
