import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { nowMs } from '../route-death/clock.ts';
import type { Endpoint } from '../route-death/messages.ts';
import { callIdOf, dialogOf, farTag, farUri, nearTag, nearUri } from './identity.ts';
import type { PeerCounts } from './messages.ts';
import { intervalS, isOurs, refreshS } from './scenario.ts';

const receiveBufferSize = 4 * 1024 * 1024;
const tickMs = 10;
/** An UPDATE without an answer goes out again so much later, and so often in all. */
const repeatMs = 500;
const attemptsMax = 8;
const copied = /^(?:Via|From|To|Call-ID|CSeq): .*\r\n/gm;

const noCounts = { ours: 0, repeated: 0, theirs: 0, refused: 0, probes: 0, other: 0 };

/** The far end of all dialogs, by one socket: answers what comes, notes when refreshes do, and sends those that are its own. */
export class Peer {
  /** Instant of the first refresh of each dialog since `begin`; 0 while there is none. */
  readonly seenAt: Float64Array;
  readonly #dialogs: number;
  readonly #socket: Socket;
  readonly #lastSequence: Uint32Array;
  readonly #sent = new Map<number, { sequence: number; atMs: number; attempts: number }>();
  #counts = { ...noCounts };
  #to: Endpoint | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(dialogs: number) {
    this.#dialogs = dialogs;
    this.seenAt = new Float64Array(dialogs);
    this.#lastSequence = new Uint32Array(dialogs);
    // Addresses are numeric here, and looking one up costs more than all the rest of an answer.
    this.#socket = createSocket({ type: 'udp4', lookup: (host, _options, found) => found(null, host, 4) });
    this.#socket.on('message', (bytes, from) => this.#receive(bytes.toString('latin1'), from));
    this.#socket.on('error', () => undefined);
  }

  get counts(): PeerCounts {
    return { ...this.#counts, unanswered: this.#sent.size };
  }

  async open(): Promise<Endpoint> {
    const isListening = once(this.#socket, 'listening');
    this.#socket.bind(0, '127.0.0.1');
    await isListening;
    this.#socket.setRecvBufferSize(receiveBufferSize);
    const { address, port } = this.#socket.address() as AddressInfo;
    return { host: address, port };
  }

  /** From now on what comes is counted, and the peer's own half is refreshed at an even pace. */
  begin(to: Endpoint): void {
    this.#to = to;
    this.seenAt.fill(0);
    this.#counts = { ...noCounts };
    const startMs = nowMs();
    const perMs = Math.floor(this.#dialogs / 2) / (1000 * refreshS);
    let begun = 0;
    this.#timer = setInterval(() => {
      const due = (nowMs() - startMs) * perMs;
      for (; begun < due; begun++) this.#refresh(begun);
      this.#repeat();
    }, tickMs);
  }

  /** Sends nothing of its own any more; what comes is still answered. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #refresh(begun: number): void {
    const half = Math.floor(this.#dialogs / 2);
    const dialog = 2 * (begun % half) + 1;
    if (this.#sent.has(dialog)) return;
    const sequence = Math.floor(begun / half) + 1;
    this.#sent.set(dialog, { sequence, atMs: nowMs(), attempts: 1 });
    this.#write(dialog, sequence);
  }

  #repeat(): void {
    for (const [dialog, sent] of this.#sent) {
      const now = nowMs();
      if (now - sent.atMs < repeatMs) return; // in the order of their sending
      if (sent.attempts === attemptsMax) continue;
      this.#sent.delete(dialog);
      this.#sent.set(dialog, { ...sent, atMs: now, attempts: sent.attempts + 1 });
      this.#write(dialog, sent.sequence);
    }
  }

  #write(dialog: number, sequence: number): void {
    const to = this.#to;
    if (to === undefined) return;
    const { address, port } = this.#socket.address() as AddressInfo;
    const head = [
      `UPDATE sip:${to.host}:${to.port} SIP/2.0`,
      `Via: SIP/2.0/UDP ${address}:${port};branch=z9hG4bKs${dialog}.${sequence}`,
      'Max-Forwards: 70',
      `From: <${farUri(dialog)}>;tag=${farTag(dialog)}`,
      `To: <${nearUri}>;tag=${nearTag(dialog)}`,
      `Call-ID: ${callIdOf(dialog)}`,
      `CSeq: ${sequence} UPDATE`,
      `Contact: <${farUri(dialog)}:${port}>`,
      `Session-Expires: ${intervalS};refresher=uac`,
      'Supported: timer, ms-dialog-route-set-update',
      'Content-Length: 0',
    ];
    this.#socket.send(`${head.join('\r\n')}\r\n\r\n`, to.port, to.host);
  }

  #receive(message: string, from: RemoteInfo): void {
    const dialog = dialogOf(message);
    if (message.startsWith('SIP/2.0 ')) this.#hear(dialog, message);
    else if (message.startsWith('OPTIONS ')) {
      this.#counts.probes++;
      this.#agree(message, [], from);
    } else if (message.startsWith('UPDATE ') && dialog >= 0 && dialog < this.#dialogs) {
      this.#note(dialog, Number(/\r\nCSeq: (\d+)/.exec(message)?.[1]));
      const { address, port } = this.#socket.address() as AddressInfo;
      const contact = `Contact: <${farUri(dialog).replace(/127.*/, `${address}:${port}`)}>`;
      const expires = `Session-Expires: ${intervalS};refresher=uac`;
      this.#agree(message, [contact, expires, 'Require: timer', 'Supported: timer, ms-dialog-route-set-update'], from);
    } else {
      this.#counts.other++;
      if (!message.startsWith('ACK ')) this.#agree(message, [], from);
    }
  }

  #hear(dialog: number, message: string): void {
    const status = Number(message.slice(8, 11));
    if (status < 200 || !this.#sent.delete(dialog)) return;
    if (status < 300) this.#counts.theirs++;
    else this.#counts.refused++;
  }

  #note(dialog: number, sequence: number): void {
    if (!isOurs(dialog) || sequence === this.#lastSequence[dialog]) {
      this.#counts.repeated++;
      return;
    }
    this.#lastSequence[dialog] = sequence;
    this.#counts.ours++;
    if (this.seenAt[dialog] === 0) this.seenAt[dialog] = nowMs();
  }

  #agree(request: string, lines: readonly string[], from: RemoteInfo): void {
    const head = ['SIP/2.0 200 OK\r\n', ...(request.match(copied) ?? []), ...lines.map((line) => `${line}\r\n`)];
    this.#socket.send(`${head.join('')}Content-Length: 0\r\n\r\n`, from.port, from.address);
  }
}
