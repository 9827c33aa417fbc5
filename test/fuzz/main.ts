import { type ChildProcess, fork } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { type KeptInput, keepInput, readKeptInput } from './kept-input.ts';
import { ruleOf } from './target.ts';
import { isTargetName, loadTarget, type TargetName, targetNames } from './targets.ts';
import type { Progress } from './worker.ts';

const usage = `Usage: npm run fuzz -- [options]

  --minutes N    how long each target is fuzzed (default: 1)
  --target NAME  that one alone: ${targetNames.join(', ')}
  --jobs N       targets at a time (default: 2)
  --seed N       the same inputs again (default: any)
  --replay FILE  runs one kept input
  --help         shows this`;

interface Options {
  readonly minutes: number;
  readonly targets: readonly TargetName[];
  readonly jobs: number;
  readonly seed: number;
  readonly replay: string | undefined;
}

/** What became of one target. */
interface Job {
  readonly target: TargetName;
  readonly startedMs: number;
  endedMs: number | undefined;
  progress: Progress;
  findings: number;
  /** It ended otherwise than it should. */
  died: string | undefined;
}

const seedLimit = 2 ** 32;
const barWidth = 100;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const options = parseOptions(args);
  if (typeof options === 'string') {
    console.error(options);
    return 2;
  }
  if (options.replay !== undefined) return replay(options.replay);
  console.log(`seed ${options.seed}`);
  const jobs = await fuzz(options);
  console.log(`\n${table(jobs)}`);
  return jobs.some(({ findings, died }) => findings > 0 || died !== undefined) ? 1 : 0;
}

function parseOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string', default: '1' },
        target: { type: 'string' },
        jobs: { type: 'string', default: '2' },
        seed: { type: 'string', default: String(randomInt(seedLimit)) },
        replay: { type: 'string' },
      },
    });
    const [minutes, jobs, seed] = [Number(values.minutes), Number(values.jobs), Number(values.seed)];
    const { target, replay } = values;
    if (!(minutes > 0) || !(Number.isSafeInteger(jobs) && jobs >= 1) || !Number.isSafeInteger(seed)) return usage;
    if (target !== undefined && !isTargetName(target)) return usage;
    return { minutes, targets: target === undefined ? targetNames : [target], jobs, seed, replay };
  } catch (error) {
    return `${error instanceof Error ? error.message : error}\n\n${usage}`;
  }
}

async function replay(path: string): Promise<number> {
  const kept = readOrSay(path);
  if (kept === undefined) return 2;
  const { target: name, input } = kept;
  const target = await loadTarget(name);
  const startedMs = performance.now();
  try {
    target.run(input);
  } catch (error) {
    console.log(`${name}: ${ruleOf(error)}`);
    console.log(error);
    return 1;
  }
  console.log(`${name}: all holds, in ${(performance.now() - startedMs).toFixed(1)} ms`);
  return 0;
}

function readOrSay(path: string): KeptInput | undefined {
  try {
    return readKeptInput(path);
  } catch (error) {
    console.error(`${path} is no kept input: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

async function fuzz({ minutes, targets, jobs: atOnce, seed }: Options): Promise<Job[]> {
  const jobs: Job[] = [];
  const running = new Set<ChildProcess>();
  const waiting = targets.values();
  let stopped = false;
  const stop = (): void => {
    if (stopped) for (const child of running) child.kill('SIGKILL');
    stopped = true;
    for (const child of running) if (child.connected) child.send('stop');
  };
  process.on('SIGINT', stop);
  const lane = async (): Promise<void> => {
    for (const target of waiting) {
      if (stopped) return;
      const job = newJob(target);
      jobs.push(job);
      const child = fork(join(import.meta.dirname, 'worker.js'), [target, String(seed), String(minutes)], {
        execArgv: ['--enable-source-maps'],
        serialization: 'advanced', // octets stay octets
      });
      running.add(child);
      say(`${target} begins`);
      child.on('message', (progress) => takeProgress(job, progress as Progress));
      job.died = await endOf(child);
      job.endedMs = performance.now();
      running.delete(child);
      if (job.died !== undefined) say(`${target}: ended with ${job.died}`);
    }
  };
  const bar = setInterval(() => showBar(jobs), 1_000);
  await Promise.all(Array.from({ length: Math.min(atOnce, targets.length) }, lane));
  clearInterval(bar);
  process.off('SIGINT', stop);
  return jobs;
}

function newJob(target: TargetName): Job {
  const progress: Progress = { executions: 0, corpus: 0, blocks: { ran: 0, known: 0 }, findings: [] };
  return { target, startedMs: performance.now(), endedMs: undefined, progress, findings: 0, died: undefined };
}

function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
}

function takeProgress(job: Job, progress: Progress): void {
  job.progress = progress;
  for (const finding of progress.findings) {
    job.findings++;
    const path = relative('.', keepInput({ ...finding, target: job.target }));
    say(`${job.target}: ${finding.message.slice(0, 2_000)}\n  again: npm run fuzz -- --replay ${path}`);
  }
}

/** A line of its own, whatever stands on the terminal's last one. */
function say(text: string): void {
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  console.log(text);
}

function showBar(jobs: readonly Job[]): void {
  if (!process.stdout.isTTY) return;
  const parts = jobs.filter(({ endedMs }) => endedMs === undefined).map(statusOf);
  process.stdout.write(`\r\x1b[K${parts.join(' | ').slice(0, process.stdout.columns ?? barWidth)}`);
}

function statusOf(job: Job): string {
  const { target, progress } = job;
  const { ran, known } = progress.blocks;
  return `${target} ${progress.executions} (${perSecond(job)}/s) ${ran}/${known} blocks, ${progress.corpus} kept`;
}

function perSecond({ progress, startedMs, endedMs = performance.now() }: Job): number {
  return Math.round((1000 * progress.executions) / Math.max(1, endedMs - startedMs));
}

function table(jobs: readonly Job[]): string {
  const rows = jobs.map((job) => {
    const { target, progress, findings, died } = job;
    const { ran, known } = progress.blocks;
    const blocks = `${ran} of ${known}`;
    return [target, progress.executions, perSecond(job), blocks, progress.corpus, died ?? findings].map(String);
  });
  const all = [['target', 'executions', 'a second', 'blocks', 'corpus', 'findings'], ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}
