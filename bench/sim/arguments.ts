import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { readOptions, text, type Unfollowed, wholeOf } from '../arguments.ts';
import type { PlanData, PlanSize } from './orders.ts';
import type { SeedRange } from './seeds.ts';

export const usage: string = `Usage: npm run bench -- sim [options]      (or: sipmend-bench sim [options])

Plays whole networks of calls in virtual time, each made from one seed, breaks them, and has every rule of the protocol
watch. A rule that is broken is told with its seed; for the first seed that breaks it, also what is left of the plan when all
is taken away that can be, and the messages that lead to it. Ends with 1 if a rule was broken or, from 10000 seeds on, a row
of the protocol's tables was never taken.

  --seeds FROM-TO   seeds to play (default: 1-300; with --canary 1-1000)
  --seed N          that one alone
  --plan FILE       a plan as a failure prints it, instead of seeds
  --minutes N       virtual minutes of trouble in each (default: as the seed says)
  --dialogs N       calls in each (default: as the seed says)
  --workers N       processes that play (default: one a processor)
  --explain N       broken rules that are made small and drawn (default: 5)
  --log FILE        writes what happens in the one seed, or plan, to FILE
  --canary NAME     breaks the code first, by an edit of that name in a copy, and ends with 0 if a seed tells; 'all' for each
  --json FILE       writes the results to FILE
  --help            shows this`;

/** The command line, read. */
export type SimArguments = Readonly<SimRun> | Unfollowed;

/** What to play, and how. */
export interface SimRun {
  readonly kind: 'run';
  readonly seeds: SeedRange;
  /** Played instead of the seeds. */
  readonly plan: PlanData | undefined;
  readonly size: PlanSize;
  readonly workers: number;
  /** So many broken rules are explained, each by the first seed that breaks it. */
  readonly explains: number;
  readonly log: string | undefined;
  readonly canary: string | undefined;
  readonly json: string | undefined;
}

const seedMax = 2 ** 32 - 1;
const minutesMax = 24 * 60;
const callsMax = 1000;
const workersMax = 64;
const explainsMax = 100;

const options = {
  seeds: text,
  seed: text,
  plan: text,
  minutes: text,
  dialogs: text,
  workers: text,
  explain: { ...text, default: '5' },
  log: text,
  canary: text,
  json: text,
} as const;

/** Reads the command line; what is wrong is a sentence. */
export function readArguments(args: readonly string[]): SimArguments {
  return readOptions(args, options, (values) => {
    const { seed, plan, log, canary, json } = values;
    const sources = [values.seeds, seed, plan].filter((source) => source !== undefined);
    if (sources.length > 1) throw new Error('--seeds, --seed and --plan exclude each other.');
    if (log !== undefined && seed === undefined && plan === undefined)
      throw new Error('--log needs --seed or --plan: it is written for one.');
    if (canary !== undefined && (plan !== undefined || log !== undefined))
      throw new Error('--canary plays seeds: it goes with neither --plan nor --log.');
    const one = whole('seed', seed, seedMax, 0);
    const size = {
      minutes: whole('minutes', values.minutes, minutesMax),
      calls: whole('dialogs', values.dialogs, callsMax),
    };
    if (plan !== undefined && (size.minutes !== undefined || size.calls !== undefined))
      throw new Error('--plan says by itself how long it is and what is called.');
    return {
      kind: 'run',
      seeds:
        one === undefined
          ? seedsOf(values.seeds ?? (canary === undefined ? '1-300' : '1-1000'))
          : { from: one, to: one },
      plan: plan === undefined ? undefined : planIn(plan),
      size,
      workers: whole('workers', values.workers, workersMax) ?? Math.min(workersMax, availableParallelism()),
      explains: whole('explain', values.explain, explainsMax, 0) ?? 0,
      log,
      canary,
      json,
    };
  });
}

function whole(name: string, given: string | undefined, max: number, min = 1): number | undefined {
  return given === undefined ? undefined : wholeOf(`--${name}`, given, min, max);
}

function seedsOf(range: string): SeedRange {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first !== undefined && from <= to && to <= seedMax) return { from, to };
  throw new Error(`seeds are given as 1-10000 or as one number, up to ${seedMax}, not '${range}'.`);
}

function planIn(file: string): PlanData {
  let plan: unknown;
  try {
    plan = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file} is no plan: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof plan === 'object' && plan !== null && !Array.isArray(plan)) return plan;
  throw new Error(`${file} is no plan: it holds no object.`);
}
