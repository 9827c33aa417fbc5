import { Coverage } from './coverage.ts';
import { Fuzzer } from './fuzzer.ts';
import { check, type Target } from './target.ts';
import { loadTarget, type TargetName } from './targets.ts';

/** One target's fuzzer, with the coverage that guides it. */
export interface FuzzSession {
  readonly fuzzer: Fuzzer;
  readonly coverage: Coverage;
}

interface SessionOptions {
  readonly seed: number;
  readonly watchesPace?: boolean;
}

/** A session with one of the targets, in which nothing has run yet. */
export function fuzzSession(name: TargetName, options: SessionOptions): Promise<FuzzSession> {
  return sessionOf(() => loadTarget(name), options);
}

/** The same with any target: `load` is the first to import its files. */
export async function sessionOf(load: () => Promise<Target>, options: SessionOptions): Promise<FuzzSession> {
  let covers: readonly string[] = [''];
  const coverage = new Coverage((url) => covers.some((path) => url.includes(`/dist/${path}`)));
  const target = await load();
  covers = target.covers.map((path) => path.replace(/\.ts$/, '.js'));
  // What ran as the files were loaded is no input's doing.
  coverage.look();
  coverage.keep();
  return { fuzzer: new Fuzzer({ target, coverage, ...options }), coverage };
}

/** The first rules that made-up inputs break, in so many batches; the target's own may break none. */
export async function rulesBroken(target: Target, batchesMax: number): Promise<string[]> {
  const { fuzzer } = await sessionOf(async () => target, { seed: 1 });
  fuzzer.begin();
  check(fuzzer.findings.size === 0, 'what a target begins with breaks no rule');
  for (let batch = 0; batch < batchesMax && fuzzer.findings.size === 0; batch++) fuzzer.step();
  return [...fuzzer.findings.keys()];
}
