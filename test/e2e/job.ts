import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { OutageTraffic, Results } from '../../bench/route-death/results.ts';

/** How a run of the main job ended. */
export interface JobEnding {
  readonly code: number | null;
  /** What it printed. */
  readonly output: string;
  /** What it wrote by `--json`; undefined when it wrote nothing. */
  readonly json: JobReport | undefined;
}

export interface JobReport {
  readonly scenario: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly results: Results & { readonly outage?: OutageTraffic };
}

/** Runs the main job as `npm start -- …args` does, once it is built; resolves when it has ended. */
export async function runJob(...args: readonly string[]): Promise<JobEnding> {
  const folder = mkdtempSync(join(tmpdir(), 'sipmend-job-'));
  const file = join(folder, 'out.json');
  try {
    const { code, output } = await runToEnd([...args, '--json', file]);
    return { code, output, json: readReport(file) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Everything was broken, and everything works again. */
export function isWhole({ code, output, json }: JobEnding, dialogs: number): void {
  assert.ok(json, output);
  const { established, broken, healed, lost, verified } = json.results;
  assert.equal(
    { established, broken, healed, lost, verified },
    { established: dialogs, broken: dialogs, healed: dialogs, lost: 0, verified: dialogs },
    output,
  );
  assert.is(code, 0, output);
}

function runToEnd(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const main = join(import.meta.dirname, '../../bench/main.js');
  const child = spawn(process.execPath, [main, 'route-death', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

function readReport(file: string): JobReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JobReport;
  } catch {
    return undefined;
  }
}
