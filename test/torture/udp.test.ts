import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createStack } from '../../core/index.ts';
import { udp } from '../../transport/index.ts';
import { farAnswer } from '../engine/world.ts';
import { skip } from '../skip.ts';
import { assertAnswer } from './answer.ts';
import { tortureMessages } from './torture-messages.ts';

const test = suite('The torture messages over UDP (RFC 3261 §18.2)');

const near = '127.0.0.1';
/** A loopback address of this process: the messages ask for answers at ports that others on 127.0.0.1 may hold. */
const far = `127.${64 + ((process.pid >> 16) & 63)}.${(process.pid >> 8) & 255}.${process.pid & 255}`;
const ports = [5060, 5050, 5070, 6050, 19_823] as const;

/** Sockets at all the ports that the messages name, and what comes to any of them. */
class Client {
  readonly heard: Buffer[] = [];
  readonly #sockets: Socket[] = [];
  #wake: () => void = () => undefined;

  async open(): Promise<void> {
    for (const port of ports) {
      const socket = createSocket('udp4');
      socket.on('message', (bytes) => {
        this.heard.push(bytes);
        this.#wake();
      });
      this.#sockets.push(socket);
      socket.bind(port, far);
      await once(socket, 'listening');
    }
  }

  send(bytes: Uint8Array, port: number): void {
    this.#sockets[0]?.send(bytes, port, near);
  }

  /** Resolves when what has come is enough. */
  async until(isEnough: () => boolean): Promise<void> {
    while (!isEnough())
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }
}

const isMark = (bytes: Buffer): boolean => bytes.includes('Call-ID: mark\r\n');

/** Sent behind each message: once it is answered, a message that is not answered has been read and dropped. */
const mark = [
  'OPTIONS sip:near SIP/2.0',
  `Via: SIP/2.0/UDP ${far}:5060;rport;branch=z9hG4bK-mark`,
  'From: <sip:far>;tag=mark',
  'To: <sip:near>',
  'Call-ID: mark',
  'CSeq: 1 OPTIONS',
  '',
  '',
].join('\r\n');

async function answersAll(client: Client): Promise<void> {
  for (const each of tortureMessages) {
    const stack = await createStack({
      transports: [udp({ host: near, port: 0 })],
      application: { onCall: (call) => void call.answer({ body: farAnswer }).catch(() => undefined) },
    });
    const port = stack.locals[0]?.port ?? 0;
    client.heard.length = 0;
    client.send(each.bytes, port);
    client.send(Buffer.from(mark), port);
    const answers = (): Buffer[] => client.heard.filter((bytes) => !isMark(bytes));
    await client.until(() => client.heard.some(isMark) && (each.answer === '' || answers().length > 0));
    await stack.destroy();
    if (each.answer === '') assert.equal(answers(), [], each.name);
    for (const bytes of answers()) assertAnswer(each.bytes, bytes, each);
  }
}

/** Why there is no client, where there is none. */
async function opened(): Promise<Client | string> {
  const client = new Client();
  return client.open().then(
    () => client,
    (error: Error) => {
      client.close();
      return `needs ports of a loopback address of its own: ${error.message}`;
    },
  );
}

const name = 'each of the 61 is answered as its RFC asks, or not at all, at the port that its Via names';
const client = await opened();
if (typeof client === 'string') skip(test, name, client);
else {
  test(name, () => answersAll(client));
  test.after(() => client.close());
}

test.run();
