import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { arch, cpus, release, totalmem, type } from 'node:os';
import { packageRoot } from './package-root.ts';

/** What figures were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly os: string;
  /** Of a clone; undefined in an installed package, or without git. */
  readonly commit: string | undefined;
}

export function thisMachine(): Machine {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryBytes: totalmem(),
    node: process.version,
    os: `${type()} ${release()} ${arch()}`,
    commit: commitOf(packageRoot()),
  };
}

/** An installed package may lie in somebody else's clone: its commit says nothing. */
function commitOf(folder: string): string | undefined {
  const top = git(folder, 'rev-parse', '--show-toplevel');
  if (top === undefined || realpathSync(top) !== realpathSync(folder)) return undefined;
  return git(folder, 'describe', '--always', '--dirty', '--exclude', '*');
}

function git(folder: string, ...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('git', ['-C', folder, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout.trim() : undefined;
}
