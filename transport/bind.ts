import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Endpoint, endpointText, familyOf } from './address.ts';
import { type Protocol, TransportError } from './contract.ts';
import { bindAttemptsMax } from './limits.ts';

/** The code of a system error, `EADDRINUSE` say; empty when it has none. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** A UDP socket for numeric addresses of the host's family. It is not bound yet: attach the handlers first. */
export function createUdpSocket(host: string, reuseAddr: boolean): Socket {
  const ipv6 = familyOf(host) === 'ipv6';
  return createSocket({
    type: ipv6 ? 'udp6' : 'udp4',
    reuseAddr,
    // One socket, one family: an IPv4 peer never shows up as ::ffff:192.0.2.1.
    ipv6Only: ipv6,
    // dgram looks a host up at every send, numeric or not. This answers at once: bind and connect are done when they return.
    lookup: (address, _options, callback) => callback(null, address, ipv6 ? 6 : 4),
  });
}

/** Binds `socket`; rejects with the system's error. `exclusive`: a cluster worker must not share its primary's socket. */
async function bindSocket(socket: Socket, endpoint: Endpoint): Promise<void> {
  const listening = once(socket, 'listening');
  socket.bind({ address: endpoint.host, port: endpoint.port, exclusive: true });
  await listening;
}

/**
 * A socket bound with SO_REUSEADDR, so that connected sockets may share its port. `receive` hears its datagrams.
 *
 * With SO_REUSEADDR a second bind on an occupied port succeeds and takes the traffic; without it, it fails even when the
 * holder set SO_REUSEADDR. So a first bind without it finds out. Two programs that start in the same instant can still slip
 * between the two binds.
 */
export async function bindListening(
  endpoint: Endpoint,
  receive: (bytes: Uint8Array, source: RemoteInfo) => void,
): Promise<Socket> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await probe(endpoint);
    const socket = createUdpSocket(endpoint.host, true);
    socket.on('message', receive);
    try {
      await bindSocket(socket, { host: endpoint.host, port });
      return socket;
    } catch (error) {
      await closeSocket(socket);
      if (endpoint.port !== 0 || attempt >= bindAttemptsMax) throw bindFailure('udp', endpoint, error);
    }
  }
}

/** A socket on a port that this process holds already. Of several, the one that was bound last gets the datagrams of strangers. */
export async function bindBeside(
  endpoint: Endpoint,
  receive: (bytes: Uint8Array, source: RemoteInfo) => void,
): Promise<Socket> {
  const socket = createUdpSocket(endpoint.host, true);
  socket.on('message', receive);
  try {
    await bindSocket(socket, endpoint);
    return socket;
  } catch (error) {
    await closeSocket(socket);
    throw bindFailure('udp', endpoint, error);
  }
}

/** The port, chosen when 0 was asked for, that nobody holds. */
async function probe(endpoint: Endpoint): Promise<number> {
  const socket = createUdpSocket(endpoint.host, false);
  try {
    await bindSocket(socket, endpoint);
    return socket.address().port;
  } catch (error) {
    throw bindFailure('udp', endpoint, error);
  } finally {
    await closeSocket(socket);
  }
}

/** Closes a socket that is not closed yet. */
export function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve());
  });
}

/** Why a port cannot be listened on, for whoever starts the program. */
export function bindFailure(protocol: Protocol, endpoint: Endpoint, error: unknown): TransportError {
  const where = `${protocol} ${endpointText(endpoint)}`;
  const code = systemCode(error);
  switch (code) {
    case 'EADDRINUSE':
      return portInUse(protocol, endpoint, { cause: error });
    case 'EACCES':
      return new TransportError(
        'SIP_BIND_FAILED',
        `${where}: this user may not bind that port (EACCES). Ports below 1024 usually need root or CAP_NET_BIND_SERVICE; choose a higher one`,
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
      return new TransportError(
        'SIP_BIND_FAILED',
        `${where}: this machine has no such address (EADDRNOTAVAIL). Give one of its own`,
        { cause: error },
      );
    default: {
      const text = error instanceof Error ? error.message : String(error);
      return new TransportError('SIP_BIND_FAILED', `${where} cannot be bound: ${text}`, { cause: error });
    }
  }
}

/** The failure of a port that somebody else holds. */
export function portInUse(protocol: Protocol, endpoint: Endpoint, options?: ErrorOptions): TransportError {
  return new TransportError(
    'SIP_PORT_IN_USE',
    `${protocol} ${endpointText(endpoint)} is in use by another socket. Stop the program that holds it, or choose another port; port 0 takes any free one`,
    options,
  );
}
