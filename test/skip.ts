import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Callback, Test } from 'uvu';
import type { Skip } from './report.ts';

/** What this process has skipped so far: the runner prints it with its reasons. */
export const skips: Skip[] = [];

/** Registers a test that cannot run here, and says why. uvu's own `test.skip` knows no reason, so the runner refuses it. */
export function skip<T>(test: Test<T>, name: string, reason: string): void {
  skips.push({ name, reason });
  test.skip(name);
}

/**
 * Gives a `test` that runs where every one of `programs` is installed, and is skipped, with the reason, elsewhere.
 *
 * ```ts
 * const peerTest = needs(test, 'sipp', 'kamailio');
 * peerTest('a call survives the death of its proxy', async () => { … });
 * ```
 */
export function needs<T>(test: Test<T>, ...programs: string[]): (name: string, handler: Callback<T>) => void {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  if (missing.length === 0) return test;
  return (name) => skip(test, name, `needs ${missing.join(', ')}: \`npm run peers\` installs it`);
}

/** The path of an installed program. Debian keeps servers where only root's PATH looks. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
