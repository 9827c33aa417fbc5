import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Goal, Row } from '../../bench/figures.ts';

/** What a bench with rows wrote. */
export interface WrittenReport {
  readonly scenario: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly machine: { readonly cores: number };
  readonly results: { readonly rows: readonly Row[]; readonly goals: readonly Goal[]; readonly wrong: number };
}

/** Runs a bench with `--json` into a folder that is gone afterwards. */
export async function reportOf(
  run: (args: readonly string[]) => Promise<number>,
  args: readonly string[],
): Promise<{ readonly exitCode: number; readonly report: WrittenReport }> {
  const folder = mkdtempSync(join(tmpdir(), 'sipmend-bench-'));
  const file = join(folder, 'report.json');
  try {
    const exitCode = await run([...args, '--json', file]);
    return { exitCode, report: JSON.parse(readFileSync(file, 'utf8')) as WrittenReport };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
