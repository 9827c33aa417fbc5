import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { closeSocket, createUdpSocket } from '../../transport/bind.ts';
import { ConnectedSocket } from '../../transport/connected-socket.ts';

const test = suite('Connected UDP socket');

const host = '127.0.0.1';

test('what a stranger sends between bind and connect comes in on it, with the stranger’s address', async () => {
  const [listening, stranger, hop] = [0, 1, 2].map(() => {
    const socket = createUdpSocket(host, true);
    socket.bind({ address: host, port: 0, exclusive: true });
    return socket;
  });
  assert.ok(listening !== undefined && stranger !== undefined && hop !== undefined);
  const local = listening.address();
  const heard: string[] = [];
  // The buffers are asked for between bind and connect: that is the moment to send.
  const buffers = {
    get receiveBufferSize(): undefined {
      stranger.send('between', local.port, host);
      return undefined;
    },
    sendBufferSize: undefined,
  };
  const done = new Promise<void>((resolve, reject) => {
    AbortSignal.timeout(5_000).addEventListener('abort', () => reject(new Error(`heard ${heard.join(', ')}`)));
    const remote = { protocol: 'udp', host, port: hop.address().port } as const;
    const socket = new ConnectedSocket('key', remote, { host, port: local.port }, buffers, {
      connected: () => {
        heard.push('connected');
        stranger.send('after', local.port, host);
      },
      connectFailed: (_, error) => reject(error),
      received: (bytes, source) => {
        heard.push(`${new TextDecoder().decode(bytes)} from the ${source.port === remote.port ? 'hop' : 'stranger'}`);
        socket.close();
        resolve();
      },
      lost: (_, error) => reject(error),
      dropped: () => reject(new Error('dropped')),
    });
    socket.connect();
  });
  const after = once(listening, 'message', { signal: AbortSignal.timeout(5_000) });
  await done;
  assert.is(String((await after)[0]), 'after');
  assert.equal(heard, ['connected', 'between from the stranger']);
  for (const socket of [listening, stranger, hop]) await closeSocket(socket);
});

test.run();
