import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessFamily } from './process-family.ts';
import { findProgram, freePort, Program } from './program.ts';
import { calleeScenario, callerScenario } from './sipp-scenarios.ts';

const watchIntervalMs = 50;
/** Statistics are written each second, and once more at the end. */
const statisticsMs = 1_500;
/** A call that nobody answers has failed by then. */
const drainLimitMs = 40_000;

/** What a SIPp counted. */
export interface SippCounts {
  readonly begun: number;
  readonly ended: number;
  readonly failed: number;
  readonly retransmissions: number;
}

/** What a SIPp that called has seen and used. */
export interface SippCalled extends SippCounts {
  readonly perSecond: number;
  readonly cpuMs: number;
  readonly rssSize: number;
}

/** SIPp that is called. */
export class SippCallee {
  readonly port: number;
  readonly #program: Program;

  private constructor(program: Program, port: number) {
    this.#program = program;
    this.port = port;
  }

  static async start(): Promise<SippCallee> {
    const port = await freePort();
    const program = start(calleeScenario, port, []);
    try {
      await program.bound(port);
    } catch (error) {
      await program.end();
      throw error;
    }
    return new SippCallee(program, port);
  }

  get family(): ProcessFamily {
    return this.#program.family;
  }

  /** What it has counted so far: it takes a moment until that is written. */
  async counts(): Promise<SippCounts> {
    await new Promise((resolve) => setTimeout(resolve, statisticsMs));
    return countsOf(this.#program);
  }

  end(): Promise<void> {
    return this.#program.end();
  }
}

/** SIPp calls whoever is at `port` of loopback, and is gone when each call has ended or failed. */
export async function callBySipp(
  port: number,
  calls: number,
  callsPerSecond: number,
  signal: AbortSignal,
): Promise<SippCalled> {
  const rate = ['-r', String(callsPerSecond), '-rp', '1000', '-m', String(calls), '-l', String(calls)];
  const startMs = performance.now();
  const program = start(callerScenario, await freePort(), [...rate, `127.0.0.1:${port}`]);
  let cpuMs = 0;
  let rssSize = 0;
  const watch = setInterval(() => {
    cpuMs = Math.max(cpuMs, program.family.cpuMs);
    rssSize = Math.max(rssSize, program.family.rssSize);
  }, watchIntervalMs);
  const stop = (): void => void program.end();
  signal.addEventListener('abort', stop, { once: true });
  const late = setTimeout(stop, (1000 * calls) / callsPerSecond + drainLimitMs);
  await program.ended;
  const tookMs = performance.now() - startMs;
  clearInterval(watch);
  clearTimeout(late);
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  const counts = countsOf(program);
  await program.end();
  return { ...counts, perSecond: (1000 * counts.ended) / tookMs, cpuMs, rssSize };
}

function start(scenario: string, port: number, more: readonly string[]): Program {
  const path = findProgram('sipp');
  if (path === undefined) throw new Error('sipp is not installed');
  return Program.start(path, (folder) => {
    writeFileSync(join(folder, 'scenario.xml'), scenario);
    return [
      ...['-sf', join(folder, 'scenario.xml'), '-i', '127.0.0.1', '-mi', '127.0.0.1', '-p', String(port), '-t', 'u1'],
      ...['-nostdin', '-buff_size', '4194304', '-trace_stat', '-fd', '1', '-stf', join(folder, 'statistics'), ...more],
    ];
  });
}

function countsOf({ folder }: Program): SippCounts {
  let text = '';
  try {
    text = readFileSync(join(folder, 'statistics'), 'latin1');
  } catch {
    // It ended before it wrote any.
  }
  return countsOfText(text);
}

/** The last row of SIPp's statistics. */
export function countsOfText(text: string): SippCounts {
  const [names = [], ...rows] = text
    .trim()
    .split('\n')
    .map((line) => line.split(';'));
  const count = (name: string): number => Number(rows.at(-1)?.[names.indexOf(name)] ?? 0);
  return {
    begun: count('TotalCallCreated'),
    ended: count('SuccessfulCall(C)'),
    failed: count('FailedCall(C)'),
    retransmissions: count('Retransmissions(C)'),
  };
}
