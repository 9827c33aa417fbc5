import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../bench/package-root.ts';
import { Control } from '../../bench/sim/control.ts';
import { builtText, distFolder } from '../sim/dist-copy.ts';
import { toyRule } from '../sim/toy.ts';
import { candidates } from './candidates.ts';
import { Judge } from './judge.ts';
import { changeOf, type Mutation } from './mutation.ts';
import { Notebook } from './notebook.ts';
import { contextOf, sourcePlace } from './place.ts';

const test = suite('Judging of mutations');

const file = 'test/sim/toy.js';
const workerFile = 'test/sim/toy-worker.js';

/** The toy's hops die in all other seeds. */
function ofDeaths(): Mutation {
  const text = builtText(file);
  const mutation = candidates(file, text).find(
    (one) => one.kind === 'equal' && text.startsWith('seed % 10 === 7', one.start - 'seed % 10 '.length),
  );
  if (mutation === undefined) throw new Error('the toy has changed');
  return mutation;
}

test('a seed tells one, unless it breaks the rule without it', async () => {
  const control = new Control(join(distFolder, workerFile));
  try {
    const judge = new Judge({ workerFile, seeds: 20, control });
    const { killer } = await judge.judge(ofDeaths());
    assert.is(killer, `seed 1, ${toyRule}: somebody hung up`);
  } finally {
    await control.end();
  }
  assert.equal(
    readdirSync(packageRoot()).filter((name) => name.startsWith('.out-mutant-')),
    [],
  );
});

test('one that keeps the worker from starting is told, too', async () => {
  const control = new Control(join(distFolder, workerFile));
  try {
    const text = builtText(file);
    const start = text.indexOf('export const toy ');
    const mutation: Mutation = { file, kind: 'drop', start, end: start, replacement: 'gone();' };
    const { killer } = await new Judge({ workerFile, seeds: 20, control }).judge(mutation);
    assert.match(killer ?? '', 'a worker of the simulator ended by itself');
  } finally {
    await control.end();
  }
});

test('is told where it stands in the source', () => {
  const place = sourcePlace(ofDeaths());
  assert.is(place.file, 'test/sim/toy.ts');
  assert.match(contextOf(place).find((line) => line.startsWith('>')) ?? '', 'seed % 10 === 7');
  assert.is(changeOf(builtText(file), ofDeaths()), '===  →  !==');
});

test('goes on where it was cut short, as long as nothing has changed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sipmend-'));
  try {
    const state = join(folder, 'state.json');
    const mutations = [ofDeaths()];
    const [mutation] = mutations;
    assert.ok(mutation);
    new Notebook(state, mutations, [file], 300).add({ ...mutation, killer: 'seed 1', seconds: 2 });
    assert.is(new Notebook(state, mutations, [file], 300).verdict(mutation)?.killer, 'seed 1');
    assert.is(new Notebook(state, mutations, [file], 20).verdict(mutation), undefined, 'other seeds');
    assert.is(new Notebook(state, mutations, [workerFile], 300).verdict(mutation), undefined, 'other code');
    writeFileSync(state, '{"fingerprint"');
    assert.equal(new Notebook(state, mutations, [file], 300).judged, []);
    assert.ok(existsSync(state));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
