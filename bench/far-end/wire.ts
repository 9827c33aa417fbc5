import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, type Socket as Connection, connect, createServer } from 'node:net';
import type { TransportKind } from '../route-death/network.ts';
import { nextSize } from './stream.ts';

const host = '127.0.0.1';
const receiveBufferSize = 4 * 1024 * 1024;

/** Somebody that messages go to. */
export interface Peer {
  send(message: Buffer): void;
}

/** Hears of each message: it stands in `bytes[start, start + size)`, which are only lent. */
export type Listener = (bytes: Buffer, start: number, size: number, from: Peer) => void;

/** A raw far end's side of the network, on loopback: Node's sockets with nothing on top. */
export interface Wire {
  readonly port: number;
  /** The peer that listens at a port. */
  reach(port: number): Promise<Peer>;
  close(): Promise<void>;
}

export function openWire(transport: TransportKind, hear: Listener): Promise<Wire> {
  return transport === 'udp' ? openDatagrams(hear) : openStreams(hear);
}

async function openDatagrams(hear: Listener): Promise<Wire> {
  // Addresses are numeric here, and looking one up costs more than all the rest of a message.
  const socket = createSocket({ type: 'udp4', lookup: (name, _options, found) => found(null, name, 4) });
  const peers = new Map<number, Peer>();
  const peerAt = (port: number): Peer => {
    const known = peers.get(port);
    if (known !== undefined) return known;
    const peer: Peer = { send: (message) => socket.send(message, 0, message.length, port, host) };
    peers.set(port, peer);
    return peer;
  };
  socket.on('message', (bytes, { port }) => hear(bytes, 0, bytes.length, peerAt(port)));
  const listening = once(socket, 'listening');
  socket.bind(0, host);
  await listening;
  socket.on('error', () => undefined);
  socket.setRecvBufferSize(receiveBufferSize);
  return {
    port: socket.address().port,
    reach: async (port) => peerAt(port),
    close: async () => {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

async function openStreams(hear: Listener): Promise<Wire> {
  const connections = new Set<Connection>();
  const take = (connection: Connection): Peer => {
    connections.add(connection);
    const peer: Peer = { send: (message) => void (connection.writable && connection.write(message)) };
    connection.on('error', () => connection.destroy());
    connection.on('close', () => connections.delete(connection));
    let rest: Buffer | undefined;
    connection.on('data', (chunk) => {
      connection.cork();
      rest = hearAll(rest === undefined ? chunk : Buffer.concat([rest, chunk]), hear, peer);
      connection.uncork();
    });
    return peer;
  };
  const server = createServer({ noDelay: true }, take);
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    reach: async (port) => {
      const connection = connect({ port, host, noDelay: true });
      await once(connection, 'connect');
      return take(connection);
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const connection of connections) connection.destroy();
      await closed;
    },
  };
}

/** Gives what stands of the next message, if there is one. */
function hearAll(chunk: Buffer, hear: Listener, from: Peer): Buffer | undefined {
  let start = 0;
  while (start < chunk.length) {
    const size = nextSize(chunk, start);
    if (size === 0) return chunk.subarray(start);
    hear(chunk, start, size, from);
    start += size;
  }
  return undefined;
}
