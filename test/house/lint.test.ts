import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { skip } from '../skip.ts';

const root = resolve(import.meta.dirname, '../../..');
const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');

interface Finding {
  readonly rule: string;
  /** All that the linter prints about it, the remedy included. */
  readonly text: string;
}

/** One-line files that must each go red once: by `rule`, and with `says` in what is printed. */
interface Red {
  readonly rule: string;
  readonly says: string;
  readonly files: Readonly<Record<string, string>>;
}

const imports = 'lint/style/noRestrictedImports';
const globals = 'lint/style/noRestrictedGlobals';

const reds: readonly Red[] = [
  {
    rule: imports,
    says: 'core does no I/O: take it as an input of the step',
    files: {
      'core/dialog/net.ts': "export { connect } from 'node:net';",
      'core/dialog/npm.ts': "export { pack } from 'msgpackr';",
      'core/engine/udp.ts': "export { udp } from '../../transport/index.ts';",
    },
  },
  {
    rule: globals,
    says: 'take nowMs',
    files: {
      'core/dialog/date.ts': 'export const t: number = Date.now();',
      'core/time/now.ts': 'export const t: number = performance.now();',
    },
  },
  { rule: globals, says: 'arm one on the wheel', files: { 'core/dialog/timer.ts': 'setTimeout(String, 1);' } },
  { rule: globals, says: 'name what you need', files: { 'core/edge/door.ts': 'globalThis.setTimeout(String, 1);' } },
  { rule: globals, says: 'RandomSource', files: { 'core/dialog/id.ts': 'export const x = crypto.randomUUID();' } },
  { rule: globals, says: 'Uint8Array', files: { 'core/message/bytes.ts': 'export const x = Buffer.alloc(1);' } },
  { rule: globals, says: 'core does no I/O', files: { 'core/engine/env.ts': 'export const x = process.env;' } },
  {
    rule: globals,
    says: 'import it statically',
    files: { 'core/time/require.ts': "export const x = require('node:net');" },
  },
  {
    rule: 'plugin',
    says: 'use the RandomSource that you are given; in a test, a seeded generator',
    files: {
      'core/dialog/random.ts': 'export const n: number = Math.random();',
      'core/shard/random.ts': 'export const n: number = Math.random();',
      'test/dialog/random.ts': 'export const n: number = Math.random();',
    },
  },
  {
    rule: imports,
    says: 'arrows point down',
    files: {
      'core/message/up.ts': "import { x } from '../recovery/x.ts';\n\nx();",
      'core/message/up-type.ts': "import type { X } from '../recovery/x.ts';\n\nexport type Y = X;",
      'core/message/up-export.ts': "export { x } from '../recovery/x.ts';",
      'core/message/up-export-type.ts': "export type { X } from '../recovery/x.ts';",
      'core/message/up-star.ts': "export * from '../recovery/x.ts';",
      'core/message/up-effect.ts': "import '../recovery/x.ts';",
      'core/message/up-call.ts': "export const x: unknown = import('../recovery/x.ts');",
      'core/engine/up-facade.ts': "export { createStack } from '../stack.ts';",
      'core/up-program.ts': "export { main } from './program/main.ts';",
      'bench/up-test.ts': "export { x } from '../test/skip.ts';",
    },
  },
  {
    rule: 'plugin',
    says: 'name the module in the import',
    files: { 'core/message/up-template.ts': 'export const x: unknown = import(`../recovery/x.ts`);' },
  },
  {
    rule: 'plugin',
    says: 'say it at the top of the file: import type',
    files: { 'core/message/up-inline.ts': "export type X = import('../recovery/x.ts').X;" },
  },
  {
    rule: 'plugin',
    says: 'write the shortest path',
    files: { 'core/message/up-back.ts': "export { x } from './../recovery/x.ts';" },
  },
  {
    rule: 'plugin',
    says: 'only types may come from there',
    files: {
      'core/facade.ts': "export { Engine } from './engine/engine.ts';",
      'core/store/value.ts': "import { table } from '../dialog/table.ts';\n\ntable();",
    },
  },
  {
    rule: imports,
    says: 'it imports nothing of core, bench or test, not even a type',
    files: {
      'transport/core.ts': "export { x } from '../core/limits.ts';",
      'transport/core-type.ts': "export type { X } from '../core/contract.ts';",
    },
  },
  {
    rule: imports,
    says: 'belong to core/shard',
    files: {
      'transport/thread.ts': "export { Worker } from 'node:worker_threads';",
      'core/store/thread.ts': "export { Worker } from 'node:worker_threads';",
    },
  },
  {
    rule: 'lint/suspicious/noImportCycles',
    says: 'cycle',
    files: {
      'core/dialog/hen.ts': "import { egg } from './egg.ts';\n\nexport const hen = (): number => egg();",
      'core/dialog/egg.ts': "import type { hen } from './hen.ts';\n\nexport const egg = (x?: typeof hen) => Number(x);",
    },
  },
  { rule: 'lint/performance/noReExportAll', says: '', files: { 'core/index.ts': "export * from './stack.ts';" } },
  { rule: 'lint/suspicious/noExplicitAny', says: '', files: { 'core/message/any.ts': 'export const x: any = 1;' } },
  {
    rule: 'lint/style/noNonNullAssertion',
    says: '',
    files: { 'core/message/bang.ts': 'export const x = (y?: string): string => y!;' },
  },
  { rule: 'lint/style/noDefaultExport', says: '', files: { 'core/message/default.ts': 'export default 1;' } },
  {
    rule: 'lint/nursery/noFloatingPromises',
    says: '',
    files: { 'bench/promise.ts': 'async function f(): Promise<void> {}\nf();' },
  },
  {
    rule: 'lint/suspicious/noFocusedTests',
    says: '',
    files: { 'test/message/only.test.ts': "import { test } from 'uvu';\n\ntest.only('x', () => {});\ntest.run();" },
  },
];

/** What each folder of core may import of the others. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  message: [],
  time: [],
  transaction: ['message', 'time'],
  dialog: ['message', 'time', 'transaction'],
  recovery: ['message', 'time', 'transaction', 'dialog'],
  engine: ['message', 'time', 'transaction', 'dialog', 'recovery'],
  gateway: ['message', 'time', 'transaction', 'dialog', 'recovery', 'engine'],
  edge: ['message', 'time', 'transaction', 'dialog', 'recovery', 'engine'],
  shard: ['message', 'transaction', 'engine', 'gateway', 'edge'],
  store: ['message', 'dialog', 'recovery', 'engine', 'gateway', 'edge'],
  program: [],
};
const folders = Object.keys(mayImport);

const clean: Readonly<Record<string, string>> = {
  'core/dialog/clean.ts': "export { scan } from '../message/scan.ts';\nexport type { FlowId } from '../contract.ts';",
  'core/channels.ts': "export { channel } from 'node:diagnostics_channel';",
  'core/clean.ts': "export { inline } from './shard/inline.ts';\nexport type { Engine } from './engine/engine.ts';",
  'core/shard/clean.ts': "export { udp } from '../../transport/index.ts';\nexport { Piscina } from 'piscina';",
  'core/shard/clean-thread.ts': "export { Worker } from 'node:worker_threads';",
  'core/program/clean.ts': "export { readFile } from 'node:fs/promises';\nexport { createStack } from '../index.ts';",
  'transport/clean.ts': "export { createSocket } from 'node:dgram';\nexport { lookup } from 'node:dns/promises';",
  'bench/clean.ts': "export { udp } from '../transport/index.ts';\nexport { createStack } from '../core/index.ts';",
  'test/clean.test.ts':
    "import { test } from 'uvu';\nimport { run } from '../bench/main.ts';\n\ntest('runs', () => run([]));\ntest.run();",
};

const test = suite('The linter holds the house together');
let findings: ReadonlyMap<string, readonly Finding[]> = new Map();

const layers = folders.flatMap((from) =>
  folders.filter((to) => to !== from).map((to) => ({ from, to, file: `core/${from}/uses-${to}.ts` })),
);

test.before(() => {
  findings = lint({
    ...clean,
    ...Object.assign({}, ...reds.map(({ files }) => files)),
    ...Object.fromEntries(layers.map(({ to, file }) => [file, `export type { X } from '../${to}/x.ts';`])),
  });
});

if (spawnSync(process.execPath, [biome, '--version']).status !== 0) {
  skip(test, 'every rule', 'Biome has no build for this platform in the lock file');
} else {
  for (const { rule, says, files } of reds) {
    for (const [file, source] of Object.entries(files)) {
      test(`goes red in ${file} at: ${source.split('\n')[0]}`, () => {
        const found = findings.get(file) ?? [];
        assert.equal(
          found.map((finding) => finding.rule),
          [rule],
        );
        assert.match(found[0]?.text ?? '', says);
      });
    }
  }

  for (const folder of folders) {
    test(`lets core/${folder} import what the table says, and nothing more`, () => {
      const green = layers.filter(({ from, file }) => from === folder && !findings.has(file)).map(({ to }) => to);
      assert.equal(green, mayImport[folder]);
    });
  }

  test('says nothing about clean files', () => {
    assert.equal(
      Object.keys(clean).flatMap((file) => findings.get(file) ?? []),
      [],
    );
  });
}

test.run();

/** Lints files laid out like the project, with its real configuration, in one run. */
function lint(files: Readonly<Record<string, string>>): Map<string, Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sipmend-lint-'));
  try {
    for (const name of readdirSync(root)) {
      if (name === '.biome.json' || name.endsWith('.grit')) cpSync(join(root, name), join(folder, name));
    }
    for (const [path, source] of Object.entries(files)) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), `${source}\n`);
    }
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [biome, 'lint', '--colors=off', '--max-diagnostics=none', '--error-on-warnings'],
      { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    );
    return findingsIn(stdout + stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The linter's report for people, by file: its report for machines leaves the remedies out. */
function findingsIn(output: string): Map<string, Finding[]> {
  const found = new Map<string, Finding[]>();
  for (const block of output.split(/^(?=\S+\.ts(?::\d+:\d+)? \S+ )/m)) {
    const [, file, rule] = /^(\S+?\.ts)(?::\d+:\d+)? (\S+)/.exec(block) ?? [];
    if (file === undefined || rule === undefined) continue;
    found.set(file, [...(found.get(file) ?? []), { rule, text: block }]);
  }
  return found;
}
