import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const root = resolve(import.meta.dirname, '../../..');

const uvu = "import { suite } from 'uvu'; import * as assert from 'uvu/assert'; const test = suite('x');";
const skips = `import { needs, skip } from '${join(root, 'dist/test/skip.js')}';`;

/** Built test files, each wrong in a way of its own but for the first. */
const files = {
  'good/pass.test.js': `${uvu} test('one', () => {}); test('two', () => assert.is(1, 1)); test.run();`,
  'bad/fail.test.js': `${uvu} test('red', () => assert.is(1, 2)); test('green', () => {}); test.run();`,
  'bad/empty.test.js': `${uvu} test('never', () => {});`,
  'bad/hook.test.js': `${uvu} test.before(() => { throw new Error('x'); }); test('never', () => {}); test.run();`,
  'bad/only.test.js': `${uvu} test.only('one', () => {}); test('two', () => {}); test.run();`,
  'bad/throws.test.js': "throw new Error('no such module');",
  'bad/exits.test.js': `${uvu} test('gone', () => process.exit(0)); test.run();`,
  'bad/waits.test.js': `${uvu} test('for ever', () => new Promise(() => {})); test.run();`,
  'stuck/hangs.test.js': `${uvu} test('for ever', () => new Promise(() => setInterval(String, 9))); test.run();`,
  'leak/timer.test.js': `${uvu} test('leaks', () => { setInterval(String, 9); }); test.run();`,
  'skip/needs.test.js': `${uvu}${skips} needs(test, 'no-such-program')('calls it', () => {}); test.run();`,
  'skip/bare.test.js': `${uvu} test.skip('why?'); test.run();`,
  'order/first.exclusive.test.js': `${uvu} test('one', () => {}); test.run();`,
  // Each waits for the other: this works only when they run beside each other, and the slow one has longer.
  'beside/long.slow.test.js': `${uvu}${meeting('other', 'slow', 3200)}`,
  'beside/one.test.js': `${uvu}${meeting('slow', 'other', 0)}`,
  'order/second.test.js': `${uvu} test('one', () => {}); test.run();`,
};

/** A test that leaves a file named `here`, waits until one named `there` lies beside it, and then takes its time. */
function meeting(there: string, here: string, lingerMs: number): string {
  return `
    import { existsSync, writeFileSync } from 'node:fs';
    const wait = (ms) => new Promise((done) => setTimeout(done, ms));
    const beside = (name) => new URL(name, import.meta.url);
    test('meets the other', async () => {
      writeFileSync(beside('${here}'), '');
      while (!existsSync(beside('${there}'))) await wait(10);
      await wait(${lingerMs});
    });
    test.run();`;
}

const test = suite('The test runner');
let folder = '';

test.before(() => {
  // Inside the project, where the files find uvu.
  folder = mkdtempSync(join(root, '.out-run-'));
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), source);
  }
});

test.after(() => rmSync(folder, { recursive: true }));

test('counts what passed and ends with 0', () => {
  assert.equal(run('good/'), { status: 0, last: '2 passed, 0 failed' });
});

test('takes a part of a path as it stands in the repository', () => {
  assert.equal(run('test/good/pass.test.ts'), { status: 0, last: '2 passed, 0 failed' });
});

test('shows a failure in full and ends with 1', () => {
  const { output, ...result } = runLoudly('bad/fail');
  assert.equal(result, { status: 1, last: '1 passed, 1 failed' });
  assert.match(output, 'Expected values to be strictly equal');
});

for (const [file, complaint] of [
  ['bad/empty', 'it ran nothing: is test.run() missing'],
  ['bad/throws', 'it ended before its tests did (exit code 1)'],
  ['bad/exits', 'it ended before its tests did'],
  ['bad/waits', 'it ended before its tests did'],
  ['skip/bare', 'skipped without a reason'],
] as const) {
  test(`counts a file that is wrong in itself as one failure: ${file}`, () => {
    const { output, ...result } = runLoudly(file);
    assert.equal(result, { status: 1, last: '0 passed, 1 failed' });
    assert.match(output, complaint);
  });
}

test('does not take a suite whose hook threw for a passed one', () => {
  assert.equal(run('bad/hook'), { status: 1, last: '0 passed, 1 failed' });
});

test('does not let test.only hide the others', () => {
  assert.is(run('bad/only').status, 1);
});

test('kills a file that takes too long', () => {
  const { output, ...result } = runLoudly('stuck/', '--timeout', '1');
  assert.equal(result, { status: 1, last: '0 passed, 1 failed' });
  assert.match(output, 'it was still running after 1 s');
});

test('does not let a file leave something open', () => {
  const { output, ...result } = runLoudly('leak/');
  assert.equal(result, { status: 1, last: '1 passed, 1 failed' });
  assert.match(output, 'its tests left something open: Timeout');
});

test('says why a test was skipped, and fails for it only when told to', () => {
  const { output, ...result } = runLoudly('skip/needs');
  assert.equal(result, { status: 0, last: '0 passed, 0 failed, 1 skipped' });
  assert.match(output, 'skip/needs: calls it (needs no-such-program');
  assert.is(run('skip/needs', '--no-skips').status, 1);
  assert.is(run('skip/needs', { CI: '1' }).status, 1);
});

test('runs exclusive files after all others', () => {
  const { output } = runLoudly('order/');
  assert.ok(output.indexOf('order/second') < output.indexOf('order/first.exclusive'));
});

test('runs slow files beside the others, and gives them longer', () => {
  assert.equal(run('beside/', '--timeout', '3'), { status: 0, last: '2 passed, 0 failed' });
});

test('fails when no file is meant', () => {
  assert.equal(run('no/such/file'), { status: 1, last: '0 passed, 1 failed' });
});

test.run();

type Argument = string | { readonly CI: string };

function run(...args: readonly Argument[]): { status: number | null; last: string | undefined } {
  const { status, last } = runLoudly(...args);
  return { status, last };
}

function runLoudly(...args: readonly Argument[]): { status: number | null; last: string | undefined; output: string } {
  const flags = args.filter((arg) => typeof arg === 'string');
  const env = Object.assign({}, process.env, { CI: '' }, ...args.filter((arg) => typeof arg !== 'string'));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'dist/test/run.js'), '--from', folder, ...flags],
    { env, encoding: 'utf8' },
  );
  return { status, last: stdout.trimEnd().split('\n').at(-1), output: stdout + stderr };
}
