import type { TransportKind } from '../route-death/network.ts';
import { sessionDescription } from '../route-death/scenario.ts';
import { Repeater } from './repeater.ts';
import { answerTo, callIdOf, methodOf } from './request.ts';
import { openWire, type Peer, type Wire } from './wire.ts';

const ok = Buffer.from('SIP/2.0 200 OK\r\n');
const nothing = Buffer.from('Content-Length: 0\r\n\r\n');
/** A repetition comes within 32 s: Call-IDs that are over are known for as long at least. */
const endedKeptMs = 32_000;

/** What a callee has seen. */
export interface CalleeCounts {
  readonly invites: number;
  readonly acks: number;
  readonly byes: number;
  /** Requests that had come before. */
  readonly received: number;
  /** Answers that were sent again, since no ACK came. */
  readonly sent: number;
  /** Answers that never got an ACK. */
  readonly unacknowledged: number;
}

/** A raw far end that is called: 200 to INVITE and BYE, from octets made once, and no state but what repetitions need. */
export class Callee {
  readonly #wire: Wire;
  readonly #repeater: Repeater<string> | undefined;
  readonly #inviteRest: Buffer;
  /** The answer to INVITE of each call that is not over. */
  readonly #calls = new Map<string, Buffer>();
  #ended = new Set<string>();
  #endedBefore = new Set<string>();
  readonly #forgetting: NodeJS.Timeout;
  readonly #counts = { invites: 0, acks: 0, byes: 0, received: 0, unacknowledged: 0 };

  private constructor(wire: Wire, transport: TransportKind) {
    this.#wire = wire;
    const parameter = transport === 'tcp' ? ';transport=tcp' : '';
    const head = `Contact: <sip:callee@127.0.0.1:${wire.port}${parameter}>\r\nContent-Type: application/sdp\r\n`;
    this.#inviteRest = Buffer.from(`${head}Content-Length: ${sessionDescription.length}\r\n\r\n${sessionDescription}`);
    if (transport === 'udp') this.#repeater = new Repeater(() => this.#counts.unacknowledged++);
    this.#forgetting = setInterval(() => {
      this.#endedBefore = this.#ended;
      this.#ended = new Set();
    }, endedKeptMs);
  }

  static async open(transport: TransportKind): Promise<Callee> {
    let callee: Callee | undefined;
    const wire = await openWire(transport, (bytes, start, size, from) => {
      if (callee !== undefined) callee.#hear(bytes, start, size, from);
    });
    callee = new Callee(wire, transport);
    return callee;
  }

  get port(): number {
    return this.#wire.port;
  }

  get counts(): CalleeCounts {
    return { ...this.#counts, sent: this.#repeater?.repeated ?? 0 };
  }

  async close(): Promise<void> {
    clearInterval(this.#forgetting);
    this.#repeater?.stop();
    await this.#wire.close();
  }

  #hear(bytes: Buffer, start: number, size: number, from: Peer): void {
    const callId = callIdOf(bytes, start);
    switch (methodOf(bytes, start)) {
      case 'INVITE':
        this.#invited(callId, bytes, start, size, from);
        break;
      case 'ACK':
        this.#counts.acks++;
        this.#repeater?.answered(callId);
        break;
      case 'BYE':
        this.#repeater?.answered(callId);
        if (this.#calls.delete(callId)) {
          this.#counts.byes++;
          this.#ended.add(callId);
        } else if (this.#isOver(callId)) this.#counts.received++;
        from.send(answerTo(bytes, start, size, { status: ok, tag: '', rest: nothing }));
        break;
      case 'OPTIONS':
        from.send(answerTo(bytes, start, size, { status: ok, tag: 'o', rest: nothing }));
        break;
    }
  }

  #invited(callId: string, bytes: Buffer, start: number, size: number, from: Peer): void {
    const before = this.#calls.get(callId);
    if (before !== undefined || this.#isOver(callId)) {
      this.#counts.received++;
      if (before !== undefined) from.send(before);
      return;
    }
    this.#counts.invites++;
    const tag = `f${this.#counts.invites}`;
    const answer = answerTo(bytes, start, size, { status: ok, tag, rest: this.#inviteRest });
    this.#calls.set(callId, answer);
    from.send(answer);
    this.#repeater?.await(callId, () => from.send(answer));
  }

  #isOver(callId: string): boolean {
    return this.#ended.has(callId) || this.#endedBefore.has(callId);
  }
}
