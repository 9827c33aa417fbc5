import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import type { Endpoint } from './messages.ts';

/** SIPp's scenario of a far end, as a path: the compiler does not copy it. */
export function farEndScenario(): string {
  return join(packageRoot(), 'bench', 'route-death', 'far-end.xml');
}

/** SIPp in the far end's place: answers every call and every request, heals nothing, sends an INFO after each of ours. */
export class Sipp {
  readonly pid: number;
  readonly local: Endpoint;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, pid: number, local: Endpoint) {
    this.#process = child;
    this.pid = pid;
    this.local = local;
  }

  /** Resolves when it answers. @throws Error that says what to install when there is no `sipp` */
  static async start(signal: AbortSignal): Promise<Sipp> {
    const local = { host: '127.0.0.1', port: await freePort() };
    const child = spawn(
      'sipp',
      [
        ...['-sf', farEndScenario(), '-i', local.host, '-p', String(local.port), '-t', 'u1', '-mi', local.host],
        ...['-nr', '-default_behaviors', 'none', '-nostdin', '-buff_size', '4194304'],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints = (complaints + text).slice(-1000);
    });
    const ended = new AbortController();
    child.once('error', (error) => ended.abort(startError(error)));
    child.once('exit', (code) => ended.abort(new Error(`sipp ended with exit code ${code}: ${complaints.trim()}`)));
    try {
      await answers(local, AbortSignal.any([ended.signal, signal, AbortSignal.timeout(10_000)]));
      if (child.pid === undefined) throw new Error('sipp has no process');
      return new Sipp(child, child.pid, local);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** Tells of a death that nobody ordered. */
  onDeath(listener: (how: string) => void): void {
    this.#process.once('exit', (code, signal) => {
      if (!this.#process.killed) listener(signal ?? `exit code ${code}`);
    });
  }

  /** SIGKILL; resolves when it is gone. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }
}

function startError(error: Error): Error {
  if (!('code' in error) || error.code !== 'ENOENT') return error;
  return new Error('SIPp is not installed: `npm run peers` installs it (Debian: apt-get install sip-tester).');
}

/** A UDP port that nobody had a moment ago: SIPp has to be told one. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const closed = once(socket, 'close');
  socket.close();
  await closed;
  return port;
}

/** Resolves when whoever is at `peer` answers an OPTIONS. */
async function answers(peer: Endpoint, signal: AbortSignal): Promise<void> {
  const socket = createSocket('udp4');
  let attempt = 0;
  const ask = (): void => {
    const { address, port } = socket.address();
    const id = `${process.pid}-${port}-${attempt++}`;
    const head = [
      `OPTIONS sip:${peer.host}:${peer.port} SIP/2.0`,
      `Via: SIP/2.0/UDP ${address}:${port};branch=z9hG4bK${id}`,
      'Max-Forwards: 70',
      `From: <sip:ready@${address}:${port}>;tag=${id}`,
      `To: <sip:${peer.host}:${peer.port}>`,
      `Call-ID: ${id}`,
      'CSeq: 1 OPTIONS',
      'Content-Length: 0',
    ];
    socket.send(`${head.join('\r\n')}\r\n\r\n`, peer.port, peer.host);
  };
  socket.on('error', () => undefined);
  socket.bind(0, peer.host, ask);
  const asking = setInterval(ask, 50);
  try {
    await once(socket, 'message', { signal });
  } catch {
    throw signal.reason;
  } finally {
    clearInterval(asking);
    socket.close();
  }
}
