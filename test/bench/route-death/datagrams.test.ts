import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cutDatagrams, watchDatagrams } from '../../../bench/route-death/datagrams.ts';

const test = suite('Datagrams that get lost');

async function bound(heard: string[], name: string): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes) => heard.push(`${name} hears ${bytes}`));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

async function sent(socket: Socket, text: string, to?: Socket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const done = (error: Error | null): void => (error === null ? resolve() : reject(error));
    if (to === undefined) socket.send(text, done);
    else socket.send(text, to.address().port, '127.0.0.1', done);
  });
}

test('a port that is cut off hears nothing and is not heard, connected or not; the sender is not told', async () => {
  watchDatagrams();
  const heard: string[] = [];
  const [a, b, c, d] = await Promise.all(['a', 'b', 'c', 'd'].map((name) => bound(heard, name)));
  assert.ok(a !== undefined && b !== undefined && c !== undefined && d !== undefined);
  try {
    b.connect(a.address().port, '127.0.0.1');
    await once(b, 'connect');
    cutDatagrams([a.address().port]);
    await sent(b, 'lost');
    await sent(c, 'lost', a);
    await sent(a, 'lost as well', c);
    await sent(d, 'mark', c); // what came before it has been read when it is heard
    while (heard.length < 1) await new Promise((resolve) => setImmediate(resolve));
    cutDatagrams([]);
    await sent(b, 'one');
    await sent(c, 'two', a);
    await sent(a, 'three', c);
    while (heard.length < 4) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(heard.sort(), ['a hears one', 'a hears two', 'c hears mark', 'c hears three']);
  } finally {
    for (const socket of [a, b, c, d]) socket.close();
  }
});

test.run();
