import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import type { Missing } from './parser.ts';
import type { Sample } from './samples.ts';

/** A SIP stack in C that is measured through a small program of ours. */
export interface CStack {
  readonly name: string;
  /** The program, below `bench/parse/c`. */
  readonly source: string;
  /** Where Debian puts its headers. */
  readonly include: string;
  readonly header: string;
  readonly library: string;
  readonly debianPackage: string;
}

export const cStacks: readonly CStack[] = [
  {
    name: 'sofia-sip',
    source: 'sofia-sip.c',
    include: '/usr/include/sofia-sip-1.12',
    header: 'sofia-sip/sip.h',
    library: 'sofia-sip-ua',
    debianPackage: 'libsofia-sip-ua-dev',
  },
  {
    name: 'libosip2',
    source: 'libosip2.c',
    include: '/usr/include',
    header: 'osipparser2/osip_message.h',
    library: 'osipparser2',
    debianPackage: 'libosip2-dev',
  },
];

/** What a C program found: the checksum over the fields, and messages a second. */
export interface CResult {
  readonly checksum: string;
  readonly perSecond: number;
}

/** Compiles a stack's program and has it parse each sample for so long. @throws when it does not compile, or cannot read a sample */
export function measureCStack(
  stack: CStack,
  samples: readonly Sample[],
  seconds: number,
): readonly CResult[] | Missing {
  const { name, debianPackage } = stack;
  if (!existsSync(join(stack.include, stack.header)) || spawnSync('cc', ['--version']).error !== undefined) {
    return { name, missing: `not installed: apt-get install gcc ${debianPackage}` };
  }
  const folder = mkdtempSync(join(tmpdir(), 'sipmend-bench-'));
  try {
    const program = join(folder, name);
    const source = join(packageRoot(), 'bench', 'parse', 'c', stack.source);
    output('cc', ['-O3', '-std=gnu11', '-I', stack.include, '-o', program, source, '-l', stack.library]);
    return samples.map((sample) => {
      const message = join(folder, sample.name);
      writeFileSync(message, sample.bytes);
      const [checksum = '', perSecond] = output(program, [message, String(seconds)])
        .trim()
        .split(' ');
      return { checksum, perSecond: Number(perSecond) };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function output(program: string, args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr.trim()}`);
  return stdout;
}
