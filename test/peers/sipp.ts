import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { farEndScenario } from '../../bench/route-death/sipp.ts';
import { PortWatch, refuseIfBound } from './ports.ts';
import { type Ending, ProgramGroup } from './program-group.ts';
import { programPath } from './programs.ts';
import { bedFile } from './sources.ts';

export interface SippOptions {
  /** What it plays; the scenario file says what. */
  readonly scenario: SippScenario;
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

/** Files of `sipp/`, but for `far-end`, which the benchmark has. */
export type SippScenario =
  | 'far-end'
  | 'caller'
  | 'refreshing-caller'
  | 'impatient-caller'
  | 'timed-far-end'
  | 'too-small'
  | 'glare'
  | 'gone'
  | 'forked';

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
  await refuseIfBound(options.port);
  const logs: Logs = { errors: '', messages: '', statistics: '' };
  const group = ProgramGroup.start(programPath('sipp'), (folder) => ({
    args: argumentsFor(options, folder),
    collect: () => readLogs(folder, logs),
  }));
  const exited = group.ended.then((ending) => resultOf(ending, logs));
  const port = new PortWatch(options.port);
  try {
    const first = await group.settled(port.bound, options.signal ?? AbortSignal.timeout(10_000));
    if (first !== 'ready') await refuseFalseStart(exited);
  } finally {
    port.stop();
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

/** A caller may be through with its calls before its port was seen; one that made no call did not start. */
async function refuseFalseStart(exited: Promise<SippResult>): Promise<void> {
  const { successful, failed, errors, output } = await exited;
  if (successful + failed === 0) throw new Error(`sipp ended instead of playing:\n${errors || output}`);
}

function argumentsFor(options: SippOptions, folder: string): string[] {
  const { scenario, port, calls, remote, rate = 100, set = {}, trace = false } = options;
  const valued = {
    '-sf': scenario === 'far-end' ? farEndScenario() : bedFile('sipp', `${scenario}.xml`),
    '-i': '127.0.0.1',
    '-mi': '127.0.0.1',
    '-p': port,
    '-t': 'u1',
    '-m': calls,
    '-default_behaviors': 'none',
    '-buff_size': 4_194_304,
    '-error_file': join(folder, 'errors'),
    '-stf': join(folder, 'statistics'),
    ...(trace ? { '-message_file': join(folder, 'messages') } : {}),
    ...(remote === undefined ? {} : { '-r': rate, '-l': calls }),
  };
  return [
    ...['-nr', '-nostdin', '-trace_err', '-trace_stat', ...(trace ? ['-trace_msg'] : [])],
    ...Object.entries(valued).flatMap(([name, value]) => [name, String(value)]),
    ...Object.entries(set).flatMap(([name, value]) => ['-set', name, value]),
    ...(remote === undefined ? [] : [remote]),
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
  const [names, ...rows] = statistics
    .trim()
    .split('\n')
    .map((line) => line.split(';'));
  const count = (name: string): number => Number(rows.at(-1)?.[names?.indexOf(name) ?? -1] ?? 0);
  return {
    code,
    successful: count('SuccessfulCall(C)'),
    failed: count('FailedCall(C)'),
    output,
    errors: errors || (code === 0 ? '' : complaints),
    messages: [...messages.matchAll(traced)].map(([, direction, text = '']) => ({
      direction: direction === 'sent' ? 'sent' : 'received',
      text,
    })),
  };
}

const traced = /^UDP message (sent|received) [([]\d+[\])]? bytes\)? ?:\n\n([\s\S]*?)(?=\n-{47} |$(?![\s\S]))/gm;
