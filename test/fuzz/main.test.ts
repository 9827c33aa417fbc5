import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keepInput } from './kept-input.ts';
import { textOctets } from './octets-text.ts';

const test = suite('npm run fuzz');

/** Runs it to its end; `stopAt` is what it says when it gets a Ctrl-C. */
async function fuzz(args: readonly string[], stopAt?: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.js'), ...args]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  if (stopAt !== undefined) {
    while (!output.includes(stopAt)) await once(child.stdout, 'data');
    child.kill('SIGINT');
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

test('ends with what each target came to', async () => {
  const { code, output } = await fuzz(['--target', 'framer', '--minutes', '0.001', '--seed', '7']);
  assert.match(
    output,
    /^seed 7\nframer begins\n\ntarget +executions +a second +blocks +corpus +findings\nframer +\d+ +\d+ +\d+ of \d+ +\d+ +0\n$/,
  );
  assert.is(code, 0);
});

test('is asked for help, and names every option', async () => {
  const { code, output } = await fuzz(['--help']);
  assert.is(code, 0);
  for (const option of ['minutes', 'target', 'jobs', 'seed', 'replay']) assert.match(output, `--${option}`);
});

test('ends with the same at a Ctrl-C', async () => {
  const { code, output } = await fuzz(['--target', 'framer', '--minutes', '1000'], 'framer begins');
  assert.match(output, /\nframer +\d+ .* 0\n$/);
  assert.is(code, 0);
});

test('runs a kept input again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sipmend-'));
  try {
    const path = keepInput({ target: 'scan', rule: 'a rule', input: textOctets('\r\n') }, folder);
    const { code, output } = await fuzz(['--replay', path]);
    assert.match(output, /^scan: all holds, in /);
    assert.is(code, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('says which file is no kept input', async () => {
  const path = join(import.meta.dirname, 'main.js');
  for (const file of [path, `${path}.json`]) {
    const { code, output } = await fuzz(['--replay', file]);
    assert.ok(output.startsWith(`${file} is no kept input: `) && !output.includes('    at '), output);
    assert.is(code, 2);
  }
});

test('says how it is used where it is not understood', async () => {
  for (const args of [['--target', 'x'], ['--minutes', '0'], ['--jobs', 'many'], ['--jobs', 'Infinity'], ['--x']]) {
    const { code, output } = await fuzz(args);
    assert.match(output, 'Usage: npm run fuzz');
    assert.is(code, 2);
  }
});

test.run();
