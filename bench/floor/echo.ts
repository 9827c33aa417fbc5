import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { EchoSettings } from './ping-pong.ts';

/* The echo's process: answers each request with as many octets as it is told, and tells its parent the ports. */

/** Responses that leave by one write: what a read usually brings has its answers in one. */
const batchMax = 1024;

const settings = JSON.parse(process.argv[2] ?? '') as EchoSettings;
process.once('disconnect', () => process.exit(1));
const ports: number[] = [];
for (let index = 0; index < settings.sockets; index++) {
  ports.push(settings.transport === 'udp' ? await echoDatagrams() : await echoStream());
}
process.send?.(ports);

async function echoDatagrams(): Promise<number> {
  const response = Buffer.alloc(settings.responseSize, 'r');
  const socket = createSocket('udp4');
  let peer = false;
  socket.on('message', (_bytes, { port, address }) => {
    if (peer) socket.send(response);
    else socket.connect(port, address, () => socket.send(response));
    peer = true;
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket.address().port;
}

async function echoStream(): Promise<number> {
  const { requestSize, responseSize } = settings;
  const responses = Buffer.alloc(responseSize * batchMax, 'r');
  const server = createServer({ noDelay: true }, (socket) => {
    let rest = 0;
    socket.on('data', (chunk) => {
      rest += chunk.length;
      for (let count = Math.floor(rest / requestSize); count > 0; count -= batchMax) {
        socket.write(responses.subarray(0, Math.min(count, batchMax) * responseSize));
      }
      rest %= requestSize;
    });
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
