import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { programPath } from '../peers/programs.ts';

/** A SIP message as tshark reads it. */
export interface CapturedMessage {
  /** Number of its packet in the capture. */
  readonly packet: number;
  /** '' in a response. */
  readonly method: string;
  /** 0 in a request. */
  readonly status: number;
  readonly callId: string;
  readonly fromTag: string;
  readonly sequence: number;
  readonly sequenceMethod: string;
  readonly hasRoute: boolean;
}

export interface Captured {
  readonly messages: readonly CapturedMessage[];
  /** Packets that tshark cannot read. */
  readonly malformed: number;
  /** Packets that the kernel could not keep for us. */
  readonly dropped: number;
}

/** Whether this user may listen to the loopback interface. */
export function mayCapture(): boolean {
  const { status, stdout } = spawnSync(programPath('tshark'), ['-D'], { encoding: 'utf8' });
  return status === 0 && /\blo\b/.test(stdout);
}

const fields = [
  'frame.number',
  'sip.Method',
  'sip.Status-Code',
  'sip.Call-ID',
  'sip.from.tag',
  'sip.CSeq.seq',
  'sip.CSeq.method',
  'sip.Route',
  '_ws.malformed',
];

/** A mark is sent so often until it has come through. */
const markIntervalMs = 50;

/** tshark has to read what came before the mark first. */
const markLimitMs = 60_000;

/** UDP on loopback, from `start` to `stop`, as tshark reads it. */
export class Capture {
  readonly #process: ChildProcess;
  #lines = '';
  #complaints = '';
  #marks = 0;
  #wake = (): void => {};

  private constructor() {
    const args = ['-i', 'lo', '-f', 'udp', '-B', '64', '-n', '-l', '-T', 'fields', '-E', 'occurrence=f'];
    const child = spawn(programPath('tshark'), [...args, ...fields.flatMap((field) => ['-e', field])], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#lines += text;
      this.#wake();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints += text;
    });
    this.#process = child;
  }

  /** Resolves when it listens. */
  static async start(): Promise<Capture> {
    const capture = new Capture();
    await capture.#mark();
    return capture;
  }

  /** Ends it, and gives what came since it began. */
  async stop(): Promise<Captured> {
    await this.#mark();
    const gone = once(this.#process, 'close');
    this.#process.kill('SIGINT');
    await gone;
    const dropped = /(\d+) packets? dropped/.exec(this.#complaints)?.[1] ?? '0';
    return { ...read(this.#lines), dropped: Number(dropped) };
  }

  /** Sends a message of its own until tshark has read it: all that came before has been read then. */
  async #mark(): Promise<void> {
    const callId = `mark-${process.pid}-${this.#marks++}`;
    const message = `OPTIONS sip:127.0.0.1:9 SIP/2.0\r\nCall-ID: ${callId}\r\nContent-Length: 0\r\n\r\n`;
    const socket = createSocket('udp4');
    const marking = setInterval(() => {
      socket.send(message, 9, '127.0.0.1');
      this.#wake();
    }, markIntervalMs);
    const deadline = performance.now() + markLimitMs;
    try {
      while (!this.#lines.includes(callId)) {
        if (this.#process.exitCode !== null) throw new Error(`tshark captures nothing: ${this.#complaints}`);
        if (performance.now() > deadline) throw new Error('tshark does not get to the end of what it has captured');
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } catch (error) {
      this.#process.kill('SIGKILL');
      throw error;
    } finally {
      clearInterval(marking);
      socket.close();
    }
  }
}

function read(lines: string): { messages: CapturedMessage[]; malformed: number } {
  const messages: CapturedMessage[] = [];
  let malformed = 0;
  for (const line of lines.split('\n')) {
    const [packet, method = '', status, callId, fromTag = '', sequence, sequenceMethod = '', route, broken] =
      line.split('\t');
    if (broken) malformed++;
    if (!callId || callId.startsWith('mark-')) continue;
    messages.push({
      packet: Number(packet),
      method,
      status: Number(status),
      callId,
      fromTag,
      sequence: Number(sequence),
      sequenceMethod,
      hasRoute: Boolean(route),
    });
  }
  return { messages, malformed };
}
