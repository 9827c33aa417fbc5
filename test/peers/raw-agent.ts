import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** One end of one dialog, written by hand: it sends what it is told to, and nothing by itself. */
export class RawAgent {
  readonly port: number;
  readonly callId: string;
  /** The far end with its tag, once a response had one. */
  to: string;
  readonly #socket: Socket;
  readonly #unread: string[] = [];
  readonly #readers = new Set<() => void>();
  #cseq = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    this.callId = `raw-${this.port}@127.0.0.1`;
    this.to = '<sip:far@127.0.0.1>';
    socket.on('message', (bytes) => {
      this.#unread.push(bytes.toString());
      for (const read of this.#readers) read();
    });
  }

  static async open(): Promise<RawAgent> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new RawAgent(socket);
  }

  /** Sends a request to a port of 127.0.0.1 and gives its CSeq; an ACK has that of the request before. */
  send(method: string, uri: string, port: number, headers: readonly string[] = [], body = ''): string {
    if (method !== 'ACK') this.#cseq += 1;
    const cseq = `${this.#cseq} ${method}`;
    this.#write(port, [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${this.port};branch=z9hG4bK-${this.port}-${this.#cseq}-${method}`,
      'Max-Forwards: 70',
      ...headers,
      `From: <sip:raw@127.0.0.1:${this.port}>;tag=raw`,
      `To: ${this.to}`,
      `Call-ID: ${this.callId}`,
      `CSeq: ${cseq}`,
      `Contact: <sip:raw@127.0.0.1:${this.port}>`,
      `Content-Length: ${body.length}`,
      '',
      body,
    ]);
    return cseq;
  }

  /** Sends a 200 to `request` by way of its topmost Via. */
  accept(request: string): void {
    const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'];
    const lines = copied.flatMap((name) => headerValues(request, name).map((value) => `${name}: ${value}`));
    const [, port = ''] = /127\.0\.0\.1:(\d+)/.exec(headerValues(request, 'Via')[0] ?? '') ?? [];
    this.#write(Number(port), ['SIP/2.0 200 OK', ...lines, 'Content-Length: 0', '', '']);
  }

  /** The final response to the request with that CSeq. */
  async response(cseq: string, signal: AbortSignal): Promise<string> {
    const text = await this.#read(
      (unread) => /^SIP\/2\.0 [2-6]/.test(unread) && headerValues(unread, 'CSeq')[0] === cseq,
      signal,
    );
    this.to = headerValues(text, 'To')[0] ?? this.to;
    return text;
  }

  /** A request of that method. */
  request(method: string, signal: AbortSignal): Promise<string> {
    return this.#read((unread) => unread.startsWith(`${method} `), signal);
  }

  close(): void {
    this.#socket.close();
  }

  #write(port: number, lines: readonly string[]): void {
    this.#socket.send(lines.join('\r\n'), port, '127.0.0.1');
  }

  #read(wanted: (text: string) => boolean, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (): void => {
        this.#readers.delete(read);
        reject(new Error(`not received in time; unread:\n${this.#unread.join('\n')}`));
      };
      const read = (): void => {
        const [found] = this.#unread.splice(this.#unread.findIndex(wanted) >>> 0, 1);
        if (found === undefined) return;
        this.#readers.delete(read);
        signal.removeEventListener('abort', fail);
        resolve(found);
      };
      signal.addEventListener('abort', fail, { once: true });
      this.#readers.add(read);
      read();
    });
  }
}

/** The values of a header in their order, one for each element of a comma list outside quotes and angle brackets. */
export function headerValues(text: string, name: string): string[] {
  const [head = ''] = text.split('\r\n\r\n');
  return head
    .split('\r\n')
    .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    .flatMap((line) => line.slice(name.length + 1).match(/(?:"(?:\\.|[^"\\])*"|<[^>]*>|[^",<])+/g) ?? [])
    .map((value) => value.trim());
}
