import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ProcessFamily } from './process-family.ts';

const startLimitMs = 10_000;
const endLimitMs = 3_000;
const lookIntervalMs = 20;

/** The path of an installed program; undefined where it is not. Debian keeps servers where only root's PATH looks. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** A UDP port of loopback that nobody had a moment ago. */
export async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const closed = once(socket, 'close');
  socket.close();
  await closed;
  return port;
}

/** A program that somebody else wrote, in a folder of its own that goes with it. */
export class Program {
  readonly family: ProcessFamily;
  readonly folder: string;
  /** It has ended by itself, or was killed. */
  readonly ended: Promise<void>;
  readonly #process: ChildProcess;
  readonly #kill = (): void => this.#signalAll('SIGKILL');
  #complaints = '';

  private constructor(child: ChildProcess, pid: number, folder: string) {
    this.#process = child;
    this.family = new ProcessFamily(pid);
    this.folder = folder;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-1000);
    });
    process.once('exit', this.#kill);
    this.ended = once(child, 'exit').then(() => undefined);
  }

  /** `build` gives the arguments when it knows the folder. */
  static start(path: string, build: (folder: string) => readonly string[]): Program {
    const folder = mkdtempSync(join(tmpdir(), 'sipmend-peer-'));
    const child = spawn(path, build(folder), { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    if (child.pid === undefined) {
      child.once('error', () => undefined);
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`${path} cannot be started`);
    }
    return new Program(child, child.pid, folder);
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Resolves when it has bound the UDP port. @throws Error with what it wrote, where it ends instead or takes too long */
  async bound(port: number): Promise<void> {
    const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const limitMs = performance.now() + startLimitMs;
    while (!readFileSync('/proc/net/udp', 'latin1').includes(local)) {
      if (this.hasEnded || performance.now() > limitMs) throw new Error(`it did not start: ${this.#complaints.trim()}`);
      await new Promise((resolve) => setTimeout(resolve, lookIntervalMs));
    }
  }

  /** Tells it to end, kills all of it where it does not, and removes its folder. */
  async end(): Promise<void> {
    if (!this.hasEnded) {
      this.#process.kill('SIGTERM');
      const late = setTimeout(this.#kill, endLimitMs);
      await this.ended;
      clearTimeout(late);
    }
    process.off('exit', this.#kill);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #signalAll(name: NodeJS.Signals): void {
    for (const pid of this.family.pids) {
      try {
        process.kill(pid, name);
      } catch {
        // It is gone.
      }
    }
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
