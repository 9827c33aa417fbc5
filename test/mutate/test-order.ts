import { basename, dirname } from 'node:path';

/** Tests that prove nothing about the code that is mutated, or must not run beside others. */
const leftOut = /^(house|peers|sim|mutate|fuzz|bench)\/|\.exclusive\.test\.js$/;

/** Folders whose tests tell a mutation of recovery and dialogs soonest. */
const soonest = ['recovery', 'dialog', 'engine', 'transaction', 'regressions', 'edge'];

/** The test files that a mutation of `file` is put to, those that are likeliest to tell it first. */
export function testsFor(file: string, all: readonly string[]): string[] {
  const name = basename(file, '.js');
  const folder = basename(dirname(file));
  const rank = (test: string): number => {
    if (test.startsWith(`${folder}/${name}`)) return 0;
    if (basename(test).includes(name)) return 1;
    if (test.startsWith(`${folder}/`)) return 2;
    const place = soonest.indexOf(test.slice(0, test.indexOf('/')));
    return place === -1 ? 3 + soonest.length : 3 + place;
  };
  return all
    .filter((test) => !leftOut.test(test))
    .map((test) => ({ test, rank: rank(test) }))
    .sort((one, other) => one.rank - other.rank || (one.test < other.test ? -1 : 1))
    .map(({ test }) => test);
}
