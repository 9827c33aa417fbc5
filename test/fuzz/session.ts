import { Coverage } from './coverage.ts';
import { Fuzzer } from './fuzzer.ts';
import type { Target } from './target.ts';
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
