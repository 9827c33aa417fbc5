import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kamailioConfig } from './kamailio-config.ts';
import type { ProcessFamily } from './process-family.ts';
import { findProgram, freePort, Program } from './program.ts';

/** Megabytes of shared memory, and of each process: enough for 100,000 dialogs with their transactions. */
const memory = { shared: 1024, own: 16 } as const;
const answerLimitMs = 5_000;
const askIntervalMs = 100;

/** What Kamailio holds. */
export interface KamailioHoldings {
  /** Octets of shared memory in use, with what keeping account of them takes. */
  readonly usedSize: number;
  readonly dialogs: number;
}

/** Kamailio between a caller and one callee. */
export class Kamailio {
  readonly port: number;
  readonly #program: Program;

  private constructor(program: Program, port: number) {
    this.#program = program;
    this.port = port;
  }

  /** Resolves when it answers. */
  static async start(calleePort: number): Promise<Kamailio> {
    const path = findProgram('kamailio');
    if (path === undefined) throw new Error('kamailio is not installed');
    const port = await freePort();
    const program = Program.start(path, (folder) => {
      writeFileSync(join(folder, 'kamailio.cfg'), kamailioConfig(port, calleePort));
      return [
        ...['-f', join(folder, 'kamailio.cfg'), '-DD', '-E', '-m', String(memory.shared), '-M', String(memory.own)],
        ...['-w', folder, '-Y', folder, '-P', join(folder, 'pid')],
      ];
    });
    const kamailio = new Kamailio(program, port);
    try {
      await program.bound(port);
      await kamailio.holdings();
    } catch (error) {
      await program.end();
      throw error;
    }
    return kamailio;
  }

  get family(): ProcessFamily {
    return this.#program.family;
  }

  /** Asks it until it answers. */
  async holdings(): Promise<KamailioHoldings> {
    const socket = createSocket('udp4');
    socket.on('error', () => undefined);
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const ask = (): void => socket.send(question(this.port, socket.address().port), this.port, '127.0.0.1');
    const asking = setInterval(ask, askIntervalMs);
    ask();
    try {
      const [answer] = await once(socket, 'message', { signal: AbortSignal.timeout(answerLimitMs) });
      return holdingsOf(String(answer));
    } finally {
      clearInterval(asking);
      socket.close();
    }
  }

  end(): Promise<void> {
    return this.#program.end();
  }
}

/** Reads its answer to OPTIONS. */
export function holdingsOf(answer: string): KamailioHoldings {
  const number = (name: string): number => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(answer)?.[1] ?? 0);
  return { usedSize: number('X-Used'), dialogs: number('X-Dialogs') };
}

function question(port: number, ownPort: number): string {
  const lines = [
    `OPTIONS sip:127.0.0.1:${port} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${ownPort};branch=z9hG4bKo${ownPort}`,
    'Max-Forwards: 70',
    `From: <sip:bench@127.0.0.1:${ownPort}>;tag=o`,
    `To: <sip:127.0.0.1:${port}>`,
    `Call-ID: o${ownPort}@127.0.0.1`,
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}
