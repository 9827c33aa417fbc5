import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keptInputPath, readKeptInput, regressionsFolder } from '../fuzz/kept-input.ts';
import { loadTarget } from '../fuzz/targets.ts';

const test = suite('Inputs that broke a rule once');

const names = readdirSync(regressionsFolder).filter((name) => name.endsWith('.json'));

test('are kept under the names of what they are', () => {
  for (const name of names) {
    assert.is(basename(keptInputPath(readKeptInput(join(regressionsFolder, name)))), name);
  }
});

for (const name of names) {
  const { target: targetName, rule, input } = readKeptInput(join(regressionsFolder, name));
  test(`${name}: ${rule}`, async () => {
    const target = await loadTarget(targetName);
    target.run(input);
  });
}

test.run();
