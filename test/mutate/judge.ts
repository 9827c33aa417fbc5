import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../bench/package-root.ts';
import { Catcher } from '../../bench/sim/catcher.ts';
import type { Control } from '../../bench/sim/control.ts';
import { builtText, DistCopy, distFolder } from '../sim/dist-copy.ts';
import { type Mutation, mutated } from './mutation.ts';
import { testsFor } from './test-order.ts';

/** What became of a mutation: who told it, or `undefined` for nobody. */
export interface Verdict {
  readonly killer: string | undefined;
  readonly seconds: number;
}

const size = { minutes: undefined, calls: undefined };
/** One file takes some seconds; on a busy machine more. A mutant that loops is told by this. */
const testTimeoutS = 90;

/** Most that seeds tell, they tell soon; the tests are quicker than all other seeds. */
const firstSeeds = 20;

/** Puts mutations to some seeds, to the tests, then to all other seeds, each in a copy of the built code. */
export class Judge {
  readonly #workerFile: string;
  readonly #seeds: number;
  readonly #control: Control;
  readonly #tests: readonly string[];
  /** Test files, and whether they pass without a mutation. */
  readonly #sound = new Map<string, Promise<boolean>>();
  readonly #folders = new Set<string>();

  /** `control` plays the seeds without a mutation. */
  constructor(options: { readonly workerFile: string; readonly seeds: number; readonly control: Control }) {
    this.#workerFile = options.workerFile;
    this.#seeds = options.seeds;
    this.#control = options.control;
    this.#tests = readdirSync(join(distFolder, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.js'))
      .sort();
  }

  async judge(mutation: Mutation): Promise<Verdict> {
    const startedMs = performance.now();
    const folder = mkdtempSync(join(packageRoot(), '.out-mutant-'));
    this.#folders.add(folder);
    try {
      const copy = new DistCopy(folder);
      copy.edit(mutation.file, mutated(builtText(mutation.file), mutation));
      const killer =
        (await this.#bySeed(copy, 1, Math.min(firstSeeds, this.#seeds))) ??
        (await this.#byTest(copy, mutation)) ??
        (await this.#bySeed(copy, firstSeeds + 1, this.#seeds));
      return { killer, seconds: (performance.now() - startedMs) / 1000 };
    } finally {
      rmSync(folder, { recursive: true, force: true });
      this.#folders.delete(folder);
    }
  }

  /** Removes the copies of what is under way: the process ends. */
  abandon(): void {
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }

  async #bySeed(copy: DistCopy, from: number, to: number): Promise<string | undefined> {
    if (from > to) return undefined;
    const hunt = { seeds: { from, to }, size, workers: 1 };
    const catcher = new Catcher(join(copy.dist, this.#workerFile), hunt, (seed) => this.#control.broken(seed, size));
    try {
      const caught = await catcher.run();
      return caught && `seed ${caught.seed}, ${caught.rule}: ${caught.what.split('\n', 1)[0]}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async #byTest(copy: DistCopy, { file }: Mutation): Promise<string | undefined> {
    for (const test of testsFor(file, this.#tests)) {
      if (await passes(copy.dist, test)) continue;
      if (await this.#isSound(test)) return `test/${test.replace(/\.js$/, '.ts')}`;
    }
    return undefined;
  }

  /** A file that fails without a mutation as well tells nothing. */
  #isSound(test: string): Promise<boolean> {
    const known = this.#sound.get(test) ?? passes(distFolder, test);
    this.#sound.set(test, known);
    return known;
  }
}

/** Runs one test file of a copy in processes of its own. */
function passes(dist: string, test: string): Promise<boolean> {
  const child = spawn(
    process.execPath,
    [join(dist, 'test/run.js'), `test/${test}`, '--timeout', String(testTimeoutS)],
    { cwd: join(dist, '..'), stdio: 'ignore', env: { ...process.env, CI: '' } },
  );
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code === 0));
  });
}
