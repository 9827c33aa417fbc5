import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Different ports of 127.0.0.1, one for each name, that nobody had a moment ago, for UDP and for TCP. */
export async function freePorts<Name extends string>(...names: readonly Name[]): Promise<Record<Name, number>> {
  const held = await Promise.all(names.map(holdPort));
  await Promise.all(held.map(({ release }) => release()));
  return Object.fromEntries(names.map((name, index) => [name, held[index]?.port])) as Record<Name, number>;
}

async function holdPort(): Promise<{ readonly port: number; release(): Promise<void> }> {
  for (;;) {
    const socket = createSocket('udp4');
    const port = await bind(socket);
    const server = await listen(port);
    if (server !== undefined)
      return { port, release: async () => void (await Promise.all([close(socket), close(server)])) };
    await close(socket);
  }
}

/** A server at this port of 127.0.0.1; undefined when somebody has it. */
function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

/** Throws when somebody has the port. Kamailio would bind it all the same and take the other's traffic. */
export async function refuseIfBound(port: number): Promise<void> {
  if (await isBound(port)) throw new Error(`UDP port ${port} of 127.0.0.1 is in use`);
}

/**
 * Whether somebody has the port, seen from outside. A SIP element overlooks a keep-alive; while nobody is there the
 * kernel refuses it, at once on loopback, and a connected socket is told so no later than at its next send.
 */
export function isBound(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    const settle = (bound: boolean): void => {
      socket
        .removeAllListeners('error')
        .on('error', () => undefined)
        .close();
      resolve(bound);
    };
    socket.once('error', () => settle(false));
    socket.connect(port, '127.0.0.1', () => {
      socket.send(keepAlive, () => socket.send(keepAlive, (error) => settle(error === null)));
    });
  });
}

const keepAlive = '\r\n\r\n';

async function bind(socket: Socket): Promise<number> {
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket.address().port;
}

async function close(socket: Socket | Server): Promise<void> {
  const closed = once(socket, 'close');
  socket.close();
  await closed;
}

/** Looks again and again until a UDP port is bound. */
export class PortWatch {
  readonly bound: Promise<void>;
  readonly #looking: NodeJS.Timeout;

  constructor(port: number) {
    let resolve: () => void;
    this.bound = new Promise((settle) => {
      resolve = settle;
    });
    this.#looking = setInterval(async () => {
      if (await isBound(port)) resolve();
    }, 20);
  }

  stop(): void {
    clearInterval(this.#looking);
  }
}
