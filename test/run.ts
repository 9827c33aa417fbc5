import { type ChildProcess, fork } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { FileReport } from './report.ts';

/**
 * Runs the built test files, each in a process of its own, and ends with one line: `N passed, N failed[, N skipped]`.
 *
 * Files named `*.slow.test.ts` wait more than they work: they start first and run beside the others. Files named
 * `*.exclusive.test.ts` run alone, after all others. What a file prints is shown when it fails. A file that runs nothing, hangs,
 * dies, or leaves something open has failed, whatever its tests said.
 */

const usage = `Usage: npm test -- [options] [part of a path …]

  --no-skips     a skipped test is a failure (so it is when CI=1)
  --timeout S    seconds that one file may take (default: 120), a slow or exclusive one three times as long
  --verbose      show what files print when they pass, too
  --from FOLDER  run the test files of another folder`;

interface Options {
  readonly folder: string;
  readonly parts: readonly string[];
  readonly noSkips: boolean;
  readonly timeoutS: number;
  readonly verbose: boolean;
}

interface Outcome extends FileReport {
  readonly file: string;
  readonly output: string;
  readonly seconds: number;
}

const running = new Set<ChildProcess>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const child of running) killGroup(child);
    process.exit(1);
  });
}
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (typeof options === 'string') {
    console.error(options);
    return 2;
  }
  const files = findTests(options.folder).filter((file) => isWanted(file, options.parts));
  const isSlow = (file: string): boolean => file.endsWith('.slow.test.js');
  const isExclusive = (file: string): boolean => file.endsWith('.exclusive.test.js');
  const slow = files.filter(isSlow);
  const shared = files.filter((file) => !isSlow(file) && !isExclusive(file));
  const patient = { ...options, timeoutS: 3 * options.timeoutS };
  const beside = await Promise.all([
    runAll(slow, slow.length, patient),
    runAll(shared, Math.min(2, availableParallelism()), options),
  ]);
  const exclusive = await runAll(files.filter(isExclusive), 1, patient);
  return summarize([...beside.flat(), ...exclusive], options);
}

function parseOptions(args: readonly string[]): Options | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'no-skips': { type: 'boolean', default: isSet(process.env['CI']) },
        timeout: { type: 'string', default: '120' },
        verbose: { type: 'boolean', default: false },
        from: { type: 'string', default: import.meta.dirname },
        help: { type: 'boolean', default: false },
      },
    });
    const timeoutS = Number(values.timeout);
    if (values.help || !(timeoutS > 0)) return usage;
    return {
      folder: resolve(values.from),
      parts: positionals,
      noSkips: values['no-skips'],
      timeoutS,
      verbose: values.verbose,
    };
  } catch (error) {
    return `${error instanceof Error ? error.message : error}\n\n${usage}`;
  }
}

function isSet(variable: string | undefined): boolean {
  return variable !== undefined && !['', '0', 'false'].includes(variable);
}

function findTests(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.js'))
    .sort();
}

/** Parts may be given as they stand in the repository, from `test/` on and with the sources' extension. */
function isWanted(file: string, parts: readonly string[]): boolean {
  return parts.length === 0 || parts.some((part) => `test/${file}`.includes(part.replace(/\.ts$/, '.js')));
}

async function runAll(files: readonly string[], atOnce: number, options: Options): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const waiting = files.values();
  const lane = async (): Promise<void> => {
    for (const file of waiting) {
      const outcome = await runFile(file, options);
      outcomes.push(outcome);
      printOutcome(outcome, options);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return outcomes;
}

function runFile(file: string, options: Options): Promise<Outcome> {
  const startedMs = performance.now();
  // A process group of its own, so that programs which a test started go with it.
  const child = fork(join(import.meta.dirname, 'run-file.js'), [join(options.folder, file)], {
    detached: true,
    execArgv: ['--enable-source-maps'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  running.add(child);
  let output = '';
  let report: FileReport | undefined;
  let overdue = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  child.on('message', (message) => {
    report = message as FileReport;
  });
  const watchdog = setTimeout(() => {
    overdue = true;
    killGroup(child);
  }, options.timeoutS * 1000);

  return new Promise((done) => {
    child.on('error', (error) => {
      output += `${error.message}\n`;
    });
    child.on('exit', () => {
      killGroup(child);
      // What left the group may hold our ends of the pipes open; nobody waits for that.
      setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, 1000).unref();
    });
    child.on('close', (code, signal) => {
      clearTimeout(watchdog);
      running.delete(child);
      const { passed = 0, failed = 0, skips = [], complaints = [] } = report ?? {};
      const wrong = [...complaints];
      if (overdue) wrong.push(`it was still running after ${options.timeoutS} s`);
      else if (report === undefined) wrong.push(`it ended before its tests did (${signal ?? `exit code ${code}`})`);
      else if (code !== 0 && failed + complaints.length === 0)
        wrong.push(`its tests passed, then it ended with exit code ${code}`);
      const seconds = (performance.now() - startedMs) / 1000;
      done({ file, output, seconds, passed, failed: failed + wrong.length, skips, complaints: wrong });
    });
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL'); // no such group: nobody is left in it, or the platform has none
  }
}

function printOutcome(
  { file, passed, failed, skips, complaints, output, seconds }: Outcome,
  { verbose }: Options,
): void {
  const counts = `${passed} passed${failed > 0 ? `, ${failed} failed` : ''}${skips.length > 0 ? `, ${skips.length} skipped` : ''}`;
  console.log(
    `${failed > 0 ? 'FAIL' : 'ok  '} ${file.replace(/\.test\.js$/, '')}: ${counts} (${seconds.toFixed(1)} s)`,
  );
  if (failed > 0 || verbose) console.log(`${output.trimEnd()}\n`);
  for (const complaint of complaints) console.log(`     ${file}: ${complaint}`);
}

function summarize(outcomes: readonly Outcome[], { folder, noSkips, parts }: Options): number {
  const passed = sum(outcomes.map((outcome) => outcome.passed));
  let failed = sum(outcomes.map((outcome) => outcome.failed));
  const skipped = sum(outcomes.map((outcome) => outcome.skips.length));
  if (outcomes.length === 0) {
    console.log(`no test file in ${relative('.', folder)} has one of these in its path: ${parts.join(' ')}`);
    failed += 1;
  }
  if (skipped > 0) {
    console.log(noSkips ? '\nSkipped, which counts as a failure of the run:' : '\nSkipped:');
    for (const { file, skips } of outcomes) {
      for (const { name, reason } of skips) console.log(`  ${file.replace(/\.test\.js$/, '')}: ${name} (${reason})`);
    }
  }
  const failing = outcomes.filter((outcome) => outcome.failed > 0);
  if (failing.length > 0)
    console.log(`\nFailed: ${failing.map(({ file }) => file.replace(/\.test\.js$/, '')).join(', ')}`);
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return failed > 0 || (noSkips && skipped > 0) ? 1 : 0;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
