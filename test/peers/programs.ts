import { findProgram } from '../skip.ts';

/** Those of `programs` that are not installed here. */
export function missing(programs: readonly string[]): string[] {
  return programs.filter((program) => findProgram(program) === undefined);
}

/** The path of an installed program. A test that may lack it asks `missing` or `needs` first. */
export function programPath(program: string): string {
  const path = findProgram(program);
  if (path === undefined) throw new Error(`${program} is not installed`);
  return path;
}
