import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { programPath } from './programs.ts';
import { type Ending, ProgramGroup } from './program-group.ts';
import { bedFile } from './sources.ts';

export interface SippOptions {
  /** What it plays; the scenario file says what. */
  readonly scenario: 'far-end' | 'caller';
  /** UDP port on 127.0.0.1. */
  readonly port: number;
  /** It ends after so many calls. */
  readonly calls: number;
  /** `ip:port` that a caller sends its INVITEs to. */
  readonly remote?: string;
  /** Calls that a caller begins in a second (default: 100). */
  readonly rate?: number;
  /** Switches of the scenario, by `-set`. */
  readonly set?: Readonly<Record<string, string>>;
  /** Keeps every message for `SippResult.messages`. */
  readonly trace?: boolean;
  /** Gives up waiting for its port (default: after 10 s). */
  readonly signal?: AbortSignal;
}

export interface SippResult {
  /** 0 when every call went as the scenario says, 1 when one did not; undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly successful: number;
  readonly failed: number;
  /** The last of its screens. */
  readonly output: string;
  /** What it warned about: unexpected messages, repetitions ("receive timeout"), its reason when it did not start. */
  readonly errors: string;
  /** With `trace`, every message sent and received in its order, head and body; else empty. */
  readonly messages: readonly TracedMessage[];
}

export interface TracedMessage {
  readonly direction: 'sent' | 'received';
  readonly text: string;
}

export interface Sipp {
  readonly pid: number;
  readonly port: number;
  readonly exited: Promise<SippResult>;
  /** SIGKILL; resolves when it is gone. Its counts are lost then. */
  stop(): Promise<SippResult>;
}

/** Starts one SIPp; resolves when its port is open. */
export async function startSipp(options: SippOptions): Promise<Sipp> {
  const logs: Logs = { errors: '', messages: '', statistics: '' };
  const group = ProgramGroup.start(programPath('sipp'), (folder) => ({
    args: argumentsFor(options, folder),
    collect: () => readLogs(folder, logs),
  }));
  const exited = group.ended.then((ending) => resultOf(ending, logs));
  const stopWaiting = new AbortController();
  const open = portOpens(options.port, AbortSignal.any([stopWaiting.signal, options.signal ?? AbortSignal.timeout(10_000)]));
  try {
    await Promise.race([open, group.ended]);
  } catch (error) {
    group.signal('SIGKILL');
    await group.ended;
    throw error;
  } finally {
    stopWaiting.abort();
    open.catch(() => undefined);
  }
  return {
    pid: group.pid,
    port: options.port,
    exited,
    stop: () => {
      group.signal('SIGKILL');
      return exited;
    },
  };
}

function argumentsFor({ scenario, port, calls, remote, rate = 100, set = {}, trace = false }: SippOptions, folder: string): string[] {
  return [
    ...['-sf', bedFile('sipp', `${scenario}.xml`), '-i', '127.0.0.1', '-p', String(port), '-t', 'u1', '-m', String(calls)],
    ...['-nr', '-default_behaviors', 'none', '-nostdin', '-buff_size', '4194304', '-mi', '127.0.0.1'],
    ...['-trace_err', '-error_file', join(folder, 'errors'), '-trace_stat', '-stf', join(folder, 'statistics'), '-fd', '1'],
    ...(trace ? ['-trace_msg', '-message_file', join(folder, 'messages')] : []),
    ...Object.entries(set).flatMap(([name, value]) => ['-set', name, value]),
    ...(remote === undefined ? [] : ['-r', String(rate), '-l', String(calls), remote]),
  ];
}

interface Logs {
  errors: string;
  messages: string;
  statistics: string;
}

function readLogs(folder: string, logs: Logs): void {
  for (const name of ['errors', 'messages', 'statistics'] as const) {
    try {
      logs[name] = readFileSync(join(folder, name), 'latin1');
    } catch {
      // It had nothing to say.
    }
  }
}

function resultOf({ code, output, complaints }: Ending, { errors, messages, statistics }: Logs): SippResult {
  const [names, ...rows] = statistics.trim().split('\n').map((line) => line.split(';'));
  const count = (name: string): number => Number(rows.at(-1)?.[names?.indexOf(name) ?? -1] ?? 0);
  return {
    code,
    successful: count('SuccessfulCall(C)'),
    failed: count('FailedCall(C)'),
    output,
    errors: errors + complaints,
    messages: [...messages.matchAll(traced)].map(([, direction, text = '']) => ({
      direction: direction === 'sent' ? 'sent' : 'received',
      text,
    })),
  };
}

const traced = /^UDP message (sent|received) [([]\d+[\])]? bytes\)? ?:\n\n([^]*?)(?=\n-{47} |$(?![^]))/gm;

/**
 * Resolves when a socket is bound to `port`. SIPp overlooks a keep-alive, but the kernel refuses it, at once on loopback,
 * while nobody is bound: the error shows at the next send of a connected socket.
 */
async function portOpens(port: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    if (await isBound(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function isBound(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    const settle = (bound: boolean): void => {
      socket.removeAllListeners('error').on('error', () => undefined);
      socket.close();
      resolve(bound);
    };
    socket.once('error', () => settle(false));
    socket.connect(port, '127.0.0.1', () => {
      socket.send('\r\n\r\n', (first) => {
        if (first) return;
        socket.send('\r\n\r\n', (second) => settle(second === null));
      });
    });
  });
}
