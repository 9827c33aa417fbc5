import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const root = resolve(import.meta.dirname, '../../..');

const test = suite('The set-up');
let clone = '';

test.before(() => {
  clone = mkdtempSync(join(tmpdir(), 'sipmend-setup-'));
  for (const folder of ['.ci', 'core', 'node_modules']) mkdirSync(join(clone, folder));
  cpSync(join(root, '.ci/setup.mjs'), join(clone, '.ci/setup.mjs'));
  symlinkSync(join(root, 'node_modules/typescript'), join(clone, 'node_modules/typescript'));
  write('package.json', '{"type": "module"}');
  write('package-lock.json', '{"packages": {"": {}}}');
  write('node_modules/.package-lock.json', '{"packages": {}}');
  write(
    'tsconfig.json',
    '{"compilerOptions": {"strict": true, "module": "NodeNext", "types": [], "noLib": true, "skipLibCheck": true,' +
      ' "rootDir": ".", "outDir": "dist"}, "include": ["core"]}',
  );
  // Enough of a library for the compiler, which has nothing else to read then.
  const types = [
    'Array<T>',
    'Boolean',
    'CallableFunction',
    'Function',
    'IArguments',
    'NewableFunction',
    'Number',
    'Object',
  ];
  write('core/lib.d.ts', [...types, 'RegExp', 'String'].map((type) => `interface ${type} {}`).join('\n'));
  write('core/one.ts', 'export const x: number = 1;');
});

test.after(() => rmSync(clone, { recursive: true }));

test('builds what was never built', () => {
  assert.is(setUp().status, 0);
  assert.match(read('dist/core/one.js'), 'x = 1');
});

test('says and does nothing when nothing has changed', () => {
  assert.equal(setUp(), { status: 0, stdout: '', stderr: '' });
});

test('builds what has changed, and leaves nothing of a file that was renamed', () => {
  renameSync(join(clone, 'core/one.ts'), join(clone, 'core/two.ts'));
  assert.is(setUp().status, 0);
  assert.is(existsSync(join(clone, 'dist/core/one.js')), false);
  assert.ok(existsSync(join(clone, 'dist/core/two.js')));
});

test('builds again what somebody else has overwritten or taken away', () => {
  write('dist/core/two.js', 'broken');
  setUp();
  assert.match(read('dist/core/two.js'), 'x = 1');
  rmSync(join(clone, 'dist/core/two.js'));
  setUp();
  assert.match(read('dist/core/two.js'), 'x = 1');
});

test('fails with the compiler’s words and a remedy, until the source is mended', () => {
  write('core/two.ts', "export const x: number = 'one';");
  for (const _ of [1, 2]) {
    const { status, stdout, stderr } = setUp();
    assert.is(status, 1);
    assert.is(stdout, '');
    assert.match(stderr, 'core/two.ts(1,14): error TS2322');
    assert.match(stderr, 'the sources do not compile');
  }
  write('core/two.ts', 'export const x: number = 2;');
  assert.is(setUp().status, 0);
});

test('takes over from a set-up that died', () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  write('.out-setup', String(pid));
  assert.is(setUp().status, 0);
  assert.is(existsSync(join(clone, '.out-setup')), false);
});

test.run();

function setUp(): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(clone, '.ci/setup.mjs')], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

function write(path: string, text: string): void {
  writeFileSync(join(clone, path), text);
}

function read(path: string): string {
  return readFileSync(join(clone, path), 'utf8');
}
