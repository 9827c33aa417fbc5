import { parentPort, workerData } from 'node:worker_threads';
import { RingWriter } from '../../core/shard/ring.ts';

/* The thread that sends, when it is told to. */

/** How messages get to the other thread. */
export type Way = 'ring' | 'transfer' | 'clone';

export interface WriterTask {
  readonly way: Way;
  readonly messages: number;
  readonly size: number;
  readonly ring: SharedArrayBuffer;
}

/** So many go to a port before the event loop turns: what is posted waits in memory. */
const perTurn = 64;

const { way, messages, size, ring } = workerData as WriterTask;
const message = new Uint8Array(size).fill(0x41);
if (parentPort === null) throw new Error('this is a thread of the bench');
const port = parentPort;

port.once('message', () => {
  if (way === 'ring') fillRing();
  else void postAll();
});
port.postMessage('ready');

function fillRing(): void {
  const writer = new RingWriter(ring);
  for (let sent = 0; sent < messages; sent++) {
    let at = writer.claim(size);
    while (at === -1) at = writer.claim(size);
    writer.bytes.set(message, at);
    if (writer.publish()) port.postMessage(0);
  }
}

async function postAll(): Promise<void> {
  for (let sent = 0; sent < messages; sent++) {
    if (way === 'clone') {
      port.postMessage(message);
    } else {
      const copy = message.slice();
      port.postMessage(copy, [copy.buffer]);
    }
    if (sent % perTurn === perTurn - 1) await new Promise((resolve) => setImmediate(resolve));
  }
}
