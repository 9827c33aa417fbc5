import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const root = resolve(import.meta.dirname, '../../..');

interface Package {
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

const description = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Package;
const promised = [
  ...Object.values(description.bin),
  ...Object.values(description.exports).flatMap((target) =>
    typeof target === 'string' ? target : Object.values(target),
  ),
].map((path) => path.replace(/^\.\//, ''));

const test = suite('The package');

test('the top level holds the house, documents and what npm and tsc read', () => {
  const allowed = /^(core|transport|bench|test|LICENSE|package(-lock)?\.json|tsconfig\.json|[A-Z]+\.md|\..+)$/;
  // What is committed, not what lies about: results of a run may be written here. A packed copy has no history.
  const { status, stdout } = spawnSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' });
  const names = status === 0 ? stdout.split('\n').map((path) => path.split('/', 1)[0] ?? '') : [];
  assert.equal(
    [...new Set(names)].filter((name) => name !== '' && !allowed.test(name)),
    [],
  );
});

for (const path of promised) {
  test(`${path} is there`, () => assert.ok(existsSync(join(root, path))));
}

test('carries all that it promises, sources for the maps to lead to, and no tests', () => {
  const npm = process.env['npm_execpath'];
  const [program, ...args] = npm?.endsWith('npm-cli.js') ? [process.execPath, npm] : ['npm'];
  const { stdout } = spawnSync(program ?? 'npm', [...args, 'pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  });
  const [pack] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const packed = new Set(pack.files.map(({ path }) => path));
  assert.equal(
    promised.filter((path) => !packed.has(path)),
    [],
  );
  const maps = [...packed].filter((path) => path.endsWith('.d.ts.map'));
  const source = (map: string) => map.replace(/^dist\//, '').replace(/\.d\.ts\.map$/, '.ts');
  assert.equal(
    maps.filter((map) => !packed.has(source(map))),
    [],
  );
  assert.equal(
    [...packed].filter((path) => path.includes('test/') || path.includes('.test.')),
    [],
  );
});

test('the lock file names no registry', () => {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  assert.not.match(lock, '"resolved"');
});

test.run();
