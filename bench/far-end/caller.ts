import type { TransportKind } from '../route-death/network.ts';
import { sessionDescription } from '../route-death/scenario.ts';
import { readAnswer } from './answered-call.ts';
import { atConstantRate, type Paced } from './pace.ts';
import { Repeater } from './repeater.ts';
import { openWire, type Peer, type Wire } from './wire.ts';

const branchStart = 'z9hG4bKc';
const numberSize = 8;
const statusAt = 'SIP/2.0 '.length;
const letterI = 'i'.charCodeAt(0);
const letterB = 'b'.charCodeAt(0);
const letterS = 'S'.charCodeAt(0);
const zero = '0'.charCodeAt(0);

/** What calls at a constant rate brought. */
export interface Called {
  readonly begun: number;
  /** Of those that are to be held, the ones that were answered. */
  readonly ended: number;
  readonly paced: Paced;
  /** INVITE to 200, in milliseconds, of each call that was answered. */
  readonly setUpMs: Float64Array;
  /** From the first INVITE to the last answer. */
  readonly tookMs: number;
}

/** What is asked for: each call is ended by BYE as soon as it is answered, or held. */
export interface Calls {
  /** Port of whom the requests go to. */
  readonly port: number;
  readonly count: number;
  readonly perSecond: number;
  readonly hold: boolean;
}

interface Call {
  readonly startMs: number;
  ack: Buffer | undefined;
}

interface Batch {
  readonly peer: Peer;
  readonly port: number;
  readonly hold: boolean;
  readonly setUpMs: Float64Array;
  readonly open: Map<number, Call>;
  answered: number;
  ended: number;
  lastMs: number;
  onEmpty: () => void;
}

/** A raw far end that calls: INVITE, ACK, BYE from a text made once, at a constant rate, and no state but what repetitions need. */
export class Caller {
  /** What failed, and how often. */
  readonly failures = new Map<string, number>();
  readonly #wire: Wire;
  readonly #transport: TransportKind;
  /** Of call number n, 2n stands for the INVITE and 2n + 1 for the BYE. */
  readonly #repeater: Repeater<number> | undefined;
  /** ACKs of the calls that are held. */
  readonly #held = new Map<number, Buffer>();
  readonly #parameter: string;
  /** Call-IDs of two callers differ. */
  readonly #origin: string;
  #batch: Batch | undefined;
  #begun = 0;
  #received = 0;

  private constructor(wire: Wire, transport: TransportKind) {
    this.#wire = wire;
    this.#transport = transport;
    this.#parameter = transport === 'tcp' ? ';transport=tcp' : '';
    this.#origin = `${process.pid}-${wire.port}@127.0.0.1`;
    if (transport === 'udp') this.#repeater = new Repeater((key) => this.#end(key >> 1, 'no answer for 32 s'));
  }

  static async open(transport: TransportKind): Promise<Caller> {
    let caller: Caller | undefined;
    const wire = await openWire(transport, (bytes, start, size, from) => {
      if (caller !== undefined) caller.#hear(bytes, start, size, from);
    });
    caller = new Caller(wire, transport);
    return caller;
  }

  get port(): number {
    return this.#wire.port;
  }

  /** Repetitions: of answers that came again, and of requests that went out again. */
  get repetitions(): { readonly received: number; readonly sent: number } {
    return { received: this.#received, sent: this.#repeater?.repeated ?? 0 };
  }

  /** Calls, and waits until each call has ended or failed. One batch at a time. */
  async call({ port, count, perSecond, hold }: Calls): Promise<Called> {
    const batch: Batch = {
      peer: await this.#wire.reach(port),
      port,
      hold,
      setUpMs: new Float64Array(count),
      open: new Map(),
      answered: 0,
      ended: 0,
      lastMs: 0,
      onEmpty: () => undefined,
    };
    this.#batch = batch;
    const startMs = performance.now();
    const paced = await atConstantRate(count, perSecond, () => this.#begin(batch));
    if (batch.open.size > 0) {
      await new Promise<void>((resolve) => {
        batch.onEmpty = resolve;
      });
    }
    this.#batch = undefined;
    const setUpMs = batch.setUpMs.slice(0, batch.answered);
    return { begun: count, ended: batch.ended, paced, setUpMs, tookMs: batch.lastMs - startMs };
  }

  async close(): Promise<void> {
    this.#repeater?.stop();
    await this.#wire.close();
  }

  #begin(batch: Batch): void {
    const number = this.#begun++;
    const invite = this.#request('INVITE', number, 'i', {
      target: this.#uri(number, batch.port),
      to: `<${this.#uri(number, batch.port)}>`,
      rest: `Contact: <sip:caller@127.0.0.1:${this.port}${this.#parameter}>\r\nContent-Type: application/sdp\r\n`,
      body: sessionDescription,
    });
    batch.open.set(number, { startMs: performance.now(), ack: undefined });
    batch.peer.send(invite);
    this.#repeater?.await(2 * number, () => batch.peer.send(invite));
  }

  #hear(bytes: Buffer, start: number, size: number, from: Peer): void {
    if (bytes[start] !== letterS) return;
    const status = numberAt(bytes, start + statusAt, 3);
    const at = bytes.indexOf(branchStart, start, 'latin1') + branchStart.length;
    const number = numberAt(bytes, at, numberSize);
    const letter = bytes[at + numberSize];
    const batch = this.#batch;
    const call = batch?.open.get(number);
    if (status < 200) return;
    if (letter === letterI) {
      this.#repeater?.answered(2 * number);
      if (batch === undefined || call === undefined || call.ack !== undefined) {
        this.#received++;
        const ack = call?.ack ?? this.#held.get(number);
        if (ack !== undefined) from.send(ack);
      } else this.#answered(batch, number, call, status, bytes.toString('latin1', start, start + size));
    } else if (letter === letterB) {
      this.#repeater?.answered(2 * number + 1);
      if (call === undefined) this.#received++;
      else this.#end(number, status < 300 ? undefined : `BYE: ${status}`);
    }
  }

  #answered(batch: Batch, number: number, call: Call, status: number, text: string): void {
    const { peer } = batch;
    const answer = status < 300 ? readAnswer(text) : undefined;
    if (answer === undefined) {
      const to = /\r\nTo: *([^\r]*)/i.exec(text)?.[1] ?? '';
      if (status >= 300) peer.send(this.#request('ACK', number, 'i', { target: this.#uri(number, batch.port), to }));
      this.#end(number, status < 300 ? 'INVITE: an answer that makes no dialog' : `INVITE: ${status}`);
      return;
    }
    batch.setUpMs[batch.answered++] = performance.now() - call.startMs;
    const { target, to, routes } = answer;
    call.ack = this.#request('ACK', number, 'a', { target, to, rest: routes });
    peer.send(call.ack);
    if (batch.hold) {
      this.#held.set(number, call.ack);
      this.#end(number, undefined);
      return;
    }
    const bye = this.#request('BYE', number, 'b', { target, to, rest: routes });
    peer.send(bye);
    this.#repeater?.await(2 * number + 1, () => peer.send(bye));
  }

  #end(number: number, failure: string | undefined): void {
    const batch = this.#batch;
    if (batch === undefined || !batch.open.delete(number)) return;
    batch.lastMs = performance.now();
    if (failure === undefined) batch.ended++;
    else this.failures.set(failure, (this.failures.get(failure) ?? 0) + 1);
    if (batch.open.size === 0) batch.onEmpty();
  }

  #uri(number: number, port: number): string {
    return `sip:u${digitsOf(number)}@127.0.0.1:${port}${this.#parameter}`;
  }

  #request(
    method: string,
    number: number,
    letter: string,
    parts: { readonly target: string; readonly to: string; readonly rest?: string; readonly body?: string },
  ): Buffer {
    const { target, to, rest = '', body = '' } = parts;
    const digits = digitsOf(number);
    const { port } = this;
    const via = `Via: SIP/2.0/${this.#transport.toUpperCase()} 127.0.0.1:${port};branch=${branchStart}${digits}${letter}`;
    const from = `From: <sip:caller@127.0.0.1:${port}>;tag=c${digits}`;
    const sequence = method === 'BYE' ? 2 : 1;
    const ids = `Call-ID: c${digits}-${this.#origin}\r\nCSeq: ${sequence} ${method}`;
    const head = `${method} ${target} SIP/2.0\r\n${via}\r\nMax-Forwards: 70\r\n${from}\r\nTo: ${to}\r\n${ids}\r\n${rest}`;
    return Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n${body}`, 'latin1');
  }
}

function digitsOf(number: number): string {
  return String(number).padStart(numberSize, '0');
}

function numberAt(bytes: Buffer, at: number, size: number): number {
  let value = 0;
  for (let index = at; index < at + size; index++) value = value * 10 + (bytes[index] as number) - zero;
  return value;
}
