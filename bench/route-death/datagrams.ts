import { Socket } from 'node:dgram';

/* The datagrams of this process, by whatever socket, so that they can be lost as in a network that has come apart: nobody is told. */

let cut: ReadonlySet<number> = new Set();

/** From now on no datagram goes to these ports of this machine, or comes from them. */
export function cutDatagrams(ports: readonly number[]): void {
  cut = new Set(ports);
}

/** Stands between this process and its sockets, those that are open and those to come. */
export function watchDatagrams(): void {
  const send = Socket.prototype.send as (this: Socket, ...args: unknown[]) => void;
  const emit = Socket.prototype.emit as (this: Socket, ...args: unknown[]) => boolean;
  const watchedSend = function (this: Socket, ...args: unknown[]): void {
    if (cut.size === 0 || !cut.has(remotePort(this, args))) {
      send.apply(this, args);
      return;
    }
    const sent = args.at(-1);
    if (typeof sent === 'function') setImmediate(() => sent(null, 0));
  };
  const watchedEmit = function (this: Socket, ...args: unknown[]): boolean {
    const [event, , from] = args as [string, unknown, { readonly port: number } | undefined];
    if (cut.size > 0 && event === 'message' && from !== undefined && cut.has(from.port)) return true;
    return emit.apply(this, args);
  };
  Object.assign(Socket.prototype, { send: watchedSend, emit: watchedEmit });
}

/** Named by the call, or the one that the socket is connected to. */
function remotePort(socket: Socket, [, port]: readonly unknown[]): number {
  return typeof port === 'number' ? port : socket.remoteAddress().port;
}
