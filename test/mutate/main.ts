import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../bench/package-root.ts';
import { writeReport } from '../../bench/report.ts';
import { Control } from '../../bench/sim/control.ts';
import { builtText, distFolder } from '../sim/dist-copy.ts';
import { candidates } from './candidates.ts';
import { draw } from './draw.ts';
import { Judge } from './judge.ts';
import { changeOf, type Mutation } from './mutation.ts';
import { type Judged, Notebook } from './notebook.ts';
import { contextOf, sourcePlace } from './place.ts';

/** Changes the code in small ways, one at a time, and looks whether seeds or tests tell. */

const usage = `Usage: npm run mutate -- [options]

  --count N       mutations (default: 50)
  --seed N        which ones (default: 1)
  --seeds N       seeds of the simulator that each is put to, beside the tests (default: 300)
  --folders LIST  of core, to change (default: recovery,dialog; also: engine, transaction …)
  --file PART     changes files alone that have this in their path
  --jobs N        at a time, 1 or 2 (default: 2)
  --state FILE    where a run that is cut short goes on (default: .out-mutate.json)
  --json FILE     writes the results to FILE
  --list          shows the mutations and judges none
  --help          shows this

Ends with 1 if more than a tenth of them survive.`;

interface Options {
  readonly count: number;
  readonly seed: number;
  readonly seeds: number;
  readonly folders: readonly string[];
  readonly part: string;
  readonly jobs: number;
  readonly state: string;
  readonly json: string | undefined;
  readonly list: boolean;
}

/** More than this share of survivors is a failure. */
const survivorsMax = 0.1;
const workerFile = 'test/sim/worker.js';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const options = readOptions(args);
  if (typeof options === 'string') {
    console.error(options);
    return 2;
  }
  const files = options.folders.flatMap(filesOf).filter((file) => file.includes(options.part));
  const mutations = draw(
    files.map((file) => candidates(file, builtText(file))),
    options.count,
    options.seed,
  );
  if (options.list) {
    for (const mutation of mutations) console.log(titleOf(mutation));
    return 0;
  }
  // Verdicts are of no worth any more once the code, the rules or the worlds have changed.
  const notebook = new Notebook(options.state, mutations, allBuilt(), options.seeds);
  if (notebook.judged.length > 0) console.log(`${notebook.judged.length} were judged before`);
  await judgeAll(mutations, notebook, options);
  return tell(mutations, notebook, options);
}

function readOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        count: { type: 'string', default: '50' },
        seed: { type: 'string', default: '1' },
        seeds: { type: 'string', default: '300' },
        folders: { type: 'string', default: 'recovery,dialog' },
        file: { type: 'string', default: '' },
        jobs: { type: 'string', default: '2' },
        state: { type: 'string', default: join(packageRoot(), '.out-mutate.json') },
        json: { type: 'string' },
        list: { type: 'boolean', default: false },
      },
    });
    return {
      count: whole('count', values.count, 10_000),
      seed: whole('seed', values.seed, 2 ** 32 - 1),
      seeds: whole('seeds', values.seeds, 100_000),
      folders: values.folders.split(','),
      part: values.file,
      jobs: whole('jobs', values.jobs, 2),
      state: values.state,
      json: values.json,
      list: values.list,
    };
  } catch (error) {
    return `${error instanceof Error ? error.message : error}\n\n${usage}`;
  }
}

function whole(name: string, text: string, max: number): number {
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= max) return Number(text);
  throw new Error(`--${name} is a whole number from 1 to ${max}, not '${text}'.`);
}

function filesOf(folder: string): string[] {
  return readdirSync(join(distFolder, 'core', folder))
    .filter((name) => name.endsWith('.js'))
    .sort()
    .map((name) => `core/${folder}/${name}`);
}

/** All of the code, and of the simulator. */
function allBuilt(): string[] {
  return ['core', 'transport', 'test/sim']
    .flatMap((folder) =>
      readdirSync(join(distFolder, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    )
    .filter((name) => name.endsWith('.js'))
    .sort();
}

async function judgeAll(mutations: readonly Mutation[], notebook: Notebook, { seeds, jobs }: Options): Promise<void> {
  const control = new Control(join(distFolder, workerFile));
  const judge = new Judge({ workerFile, seeds, control });
  const leave = (): void => {
    judge.abandon();
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, leave);
  const waiting = mutations.filter((mutation) => notebook.verdict(mutation) === undefined).values();
  const lane = async (): Promise<void> => {
    for (const mutation of waiting) {
      const judged = { ...mutation, ...(await judge.judge(mutation)) };
      notebook.add(judged);
      console.log(`${notebook.judged.length}/${mutations.length}  ${lineOf(judged)}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: jobs }, lane));
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, leave);
    await control.end();
  }
}

function tell(mutations: readonly Mutation[], notebook: Notebook, { json, seed, seeds, folders }: Options): number {
  const judged = mutations.flatMap((mutation) => notebook.verdict(mutation) ?? []);
  const survivors = judged.filter(({ killer }) => killer === undefined);
  for (const survivor of survivors) {
    console.log(`\nsurvives: ${titleOf(survivor)}`);
    for (const line of contextOf(sourcePlace(survivor))) console.log(line);
  }
  const bySeeds = judged.filter(({ killer }) => killer !== undefined && !killer.startsWith('test/')).length;
  const byTests = judged.length - bySeeds - survivors.length;
  const share = survivors.length / Math.max(1, judged.length);
  console.log(
    `\n${judged.length} mutations: ${bySeeds} told by seeds, ${byTests} by tests, ${survivors.length} survive (${(100 * share).toFixed(1)} %)`,
  );
  if (json !== undefined) {
    const mutationsToTell = judged.map((one) => ({
      ...one,
      ...sourcePlace(one),
      change: changeOf(builtText(one.file), one),
    }));
    writeReport(json, {
      scenario: 'mutate',
      parameters: { count: mutations.length, seed, seeds, folders },
      results: { bySeeds, byTests, survivors: survivors.length, mutations: mutationsToTell },
    });
  }
  return share > survivorsMax ? 1 : 0;
}

function lineOf(judged: Judged): string {
  const fate = judged.killer === undefined ? 'SURVIVES' : `killed by ${judged.killer}`;
  return `${titleOf(judged)}\n      ${fate} (${judged.seconds.toFixed(0)} s)`;
}

function titleOf(mutation: Mutation): string {
  const { file, line } = sourcePlace(mutation);
  return `${file}:${line} ${mutation.kind}: ${changeOf(builtText(mutation.file), mutation)}`;
}
