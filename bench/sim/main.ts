import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { begin } from '../begin.ts';
import { packageRoot } from '../package-root.ts';
import { writeReport } from '../report.ts';
import { readArguments, type SimRun, usage } from './arguments.ts';
import { playCanaries } from './canary.ts';
import { faultOf, reportOf } from './results.ts';
import { SimRunner } from './run.ts';

/** The simulator itself belongs to the tests, which are not published. */
const builtWorker = join(packageRoot(), 'dist/test/sim/worker.js');

/** Plays networks of calls in virtual time, from seeds. Gives the exit code. */
export function run(args: readonly string[], workerFile: string = builtWorker): Promise<number> {
  return begin('sim', usage, readArguments(args), async (asked) => {
    if (!existsSync(workerFile)) {
      console.error(
        `sim: ${workerFile} is not there: the simulator is part of the source repository, not of the package.`,
      );
      return 2;
    }
    try {
      return await (asked.canary === undefined
        ? play(asked, workerFile)
        : playCanaries(asked, asked.canary, workerFile));
    } catch (error) {
      console.error(`sim: ${error instanceof Error ? error.message : String(error)}`);
      return 1;
    }
  });
}

async function play(asked: SimRun, workerFile: string): Promise<number> {
  const runner = new SimRunner(asked, workerFile);
  const { seconds, signal } = await interruptible(runner);
  if (runner.refusal !== undefined) {
    console.error(`sim: ${runner.refusal}`);
    return 2;
  }
  const { total, found, explanations } = runner;
  console.log(reportOf(total, asked.plan === undefined ? asked.seeds : undefined, seconds));
  if (signal !== undefined) console.log(`interrupted by ${signal}: this is what there was until then`);
  if (asked.json !== undefined) {
    const { seeds, size, workers, plan } = asked;
    const { tally, neverTaken, rules, violations } = total;
    writeReport(asked.json, {
      scenario: 'sim',
      parameters: { ...(plan === undefined ? { seeds } : { plan }), ...size, workers },
      results: { seeds: total.seeds, seconds, ...tally, neverTaken, violations, rules, found, explanations },
    });
  }
  if (faultOf(total) !== undefined) return 1;
  return signal === undefined ? 0 : 130;
}

/** A first Ctrl-C ends the run with what there is. */
async function interruptible(runner: SimRunner): Promise<{ seconds: number; signal: NodeJS.Signals | undefined }> {
  let heard: NodeJS.Signals | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    heard = signal;
    runner.stop();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.once(signal, stop);
  try {
    return { seconds: await runner.run(), signal: heard };
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
