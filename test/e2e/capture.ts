import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** UDP on loopback, from `start` to `stop`. */
export class Capture {
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #said: () => string;

  private constructor(folder: string, process: ChildProcess, said: () => string) {
    this.#folder = folder;
    this.#process = process;
    this.#said = said;
  }

  /** Resolves when it listens. */
  static async start(): Promise<Capture> {
    const folder = mkdtempSync(join(tmpdir(), 'sipmend-capture-'));
    const args = ['-i', 'lo', '-f', 'udp', '-B', '64', '-q', '-w', join(folder, 'capture.pcapng')];
    const child = spawn(programPath('tshark'), args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8');
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (text: string) => {
        said += text;
        if (said.includes('Capturing on')) resolve();
      });
      child.once('exit', () => reject(new Error(`tshark captures nothing: ${said}`)));
    });
    return new Capture(folder, child, () => said);
  }

  /** Ends it and reads what came. */
  async stop(): Promise<Captured> {
    try {
      const gone = once(this.#process, 'exit');
      this.#process.kill('SIGINT');
      await gone;
      const dropped = /(\d+) packets? dropped/.exec(this.#said())?.[1] ?? '0';
      return { ...read(join(this.#folder, 'capture.pcapng')), dropped: Number(dropped) };
    } finally {
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }
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

function read(file: string): { messages: CapturedMessage[]; malformed: number } {
  const args = ['-r', file, '-T', 'fields', '-E', 'occurrence=f', ...fields.flatMap((field) => ['-e', field])];
  const { status, stdout, stderr } = spawnSync(programPath('tshark'), args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`tshark cannot read its capture: ${stderr}`);
  const messages: CapturedMessage[] = [];
  let malformed = 0;
  for (const line of stdout.split('\n')) {
    const [packet, method = '', status = '', callId, fromTag = '', sequence, sequenceMethod = '', route, broken] =
      line.split('\t');
    if (broken) malformed++;
    if (!callId) continue;
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
