import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('Every row of the value table and every open question has its test');

const folder = resolve(import.meta.dirname, '../../../test');

/** Rows of the table of P-Dialog-Recovery-Action's values, as test names begin. */
const rows = [
  'value table: Dialog-Route-Set-Update alone',
  'value table: Registration- and Dialog-Route-Set-Update',
  'value table: Wait-For-Session-Update alone',
  'value table: Registration-Route-Set-Update alone',
  'value table: Wait-For-Session-Update with others',
  'value table: only unknown tokens',
  'value table: header absent',
];

/** The questions that [MS-SIPRE]'s public text leaves open, which this project has answered. */
const questions = Array.from({ length: 18 }, (_, index) => `Q${index + 1}: `);

/** The names of all tests, as their sources have them. */
function names(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .flatMap((path) => {
      const source = readFileSync(join(folder, path), 'utf8');
      return [...source.matchAll(/^\s*test\(\s*['"`](.*)/gm)].map(([, name = '']) => name);
    });
}

test('no row and no question is without one', () => {
  const all = names();
  assert.ok(all.length > 100, `only ${all.length} names in ${folder}`);
  const missing = [...rows, ...questions].filter((start) => !all.some((name) => name.startsWith(start)));
  assert.equal(missing, []);
});

test.run();
