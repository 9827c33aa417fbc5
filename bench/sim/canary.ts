import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import { writeReport } from '../report.ts';
import type { SimRun } from './arguments.ts';
import { type Catch, Catcher } from './catcher.ts';
import { Control } from './control.ts';
import { duration, Progress } from './progress.ts';

/** The names of all copies that this process makes: others may make theirs beside it. */
export const copiesBegin: string = `.out-canary-${process.pid}-`;

/** What became of one canary. */
interface CanaryResult {
  readonly canary: string;
  readonly caught: Catch | undefined;
  readonly seeds: number;
  readonly seconds: number;
}

/** Plays seeds with a canary's edit in the code, or with each canary's in turn, until one tells. Gives the exit code. */
export async function playCanaries(asked: SimRun, name: string, workerFile: string): Promise<number> {
  const control = new Control(workerFile);
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  try {
    const names = name === 'all' ? await canaryNames(control) : [name];
    const results: CanaryResult[] = [];
    for (const canary of names) {
      const result = await playCanary(asked, canary, control, stop.signal);
      if (result === undefined) return 2;
      if (stop.signal.aborted) break;
      results.push(result);
      console.log(resultLine(result));
    }
    const caught = results.filter((result) => result.caught !== undefined).length;
    if (names.length > 1) console.log(`${caught} of ${names.length} canaries caught`);
    if (asked.json !== undefined) {
      const { seeds, size, workers } = asked;
      writeReport(asked.json, {
        scenario: 'sim',
        parameters: { seeds, ...size, workers },
        results: { canaries: results },
      });
    }
    if (stop.signal.aborted) return 130;
    return caught === names.length ? 0 : 1;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
    await control.end();
  }
}

async function canaryNames(control: Control): Promise<readonly string[]> {
  const reports = await control.ask({ order: 'name-canaries' });
  return reports.flatMap((report) => (report.report === 'canaries' ? report.names : []));
}

/** Gives nothing when there is no such canary, or its edit cannot be made. */
async function playCanary(
  asked: SimRun,
  canary: string,
  control: Control,
  signal: AbortSignal,
): Promise<CanaryResult | undefined> {
  // Below the package's folder, so that the copy finds its packages; Git ignores the name.
  const folder = mkdtempSync(join(packageRoot(), copiesBegin));
  try {
    const [report] = await control.ask({ order: 'plant', canary, folder });
    if (report?.report !== 'planted') {
      console.error(`sim: ${report?.report === 'refused' ? report.why : 'the canary could not be planted.'}`);
      return undefined;
    }
    console.log(`${canary}: ${report.says}`);
    const catcher = new Catcher(report.worker, asked, (seed) => control.broken(seed, asked.size));
    const total = asked.seeds.to - asked.seeds.from + 1;
    const progress = new Progress(() => ({ seeds: catcher.played, of: total }));
    const stop = (): void => catcher.stop();
    signal.addEventListener('abort', stop);
    try {
      const caught = await catcher.run();
      return { canary, caught, seeds: catcher.played, seconds: progress.seconds };
    } finally {
      signal.removeEventListener('abort', stop);
      progress.end();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function resultLine({ canary, caught, seeds, seconds }: CanaryResult): string {
  const after = `after ${seeds} seeds and ${duration(seconds)}`;
  if (caught === undefined) return `${canary}: not caught ${after}`;
  return `${canary}: caught ${after} by --seed ${caught.seed}, ${caught.rule}: ${caught.what}`;
}
