import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../../bench/package-root.ts';
import { copiesBegin } from '../../../bench/sim/canary.ts';
import { run } from '../../../bench/sim/main.ts';
import { toy, toyRule } from '../../sim/toy.ts';

const toyWorker = join(import.meta.dirname, '../../sim/toy-worker.js');

const test = suite('sipmend-bench sim');

/** What it ends with and says; the toy is played. */
async function sim(
  args: readonly string[],
  { worker = toyWorker, heard = () => {} }: { readonly worker?: string; readonly heard?: (text: string) => void } = {},
): Promise<{ code: number; said: string }> {
  const { log, error } = console;
  const write = process.stdout.write.bind(process.stdout);
  let said = '';
  const take = (text: string): void => {
    said += `${text}\n`;
  };
  console.log = console.error = take;
  process.stdout.write = (text: string | Uint8Array): boolean => {
    said += String(text);
    heard(String(text));
    return true;
  };
  try {
    return { code: await run(['--workers', '1', ...args], worker), said };
  } finally {
    Object.assign(console, { log, error });
    process.stdout.write = write;
  }
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sipmend-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('ends with 0 when every rule holds, and says what was played', async () => {
  const { code, said } = await sim(['--seeds', '8-16']);
  assert.is(code, 0);
  assert.match(said, /^seeds +8-16: 9 played/m);
  assert.match(said, /^calls +180$/m);
  assert.match(said, /^violations +0$/m);
});

test('plays as many minutes and calls as it is told to', async () => {
  const { said } = await sim(['--seeds', '1-4', '--minutes', '90', '--dialogs', '5']);
  assert.match(said, /^virtual time +6 h/m);
  assert.match(said, /^calls +20$/m);
});

test('ends with 1 when a rule is broken, and gives the smallest plan and its ladder', async () => {
  await inFolder(async (folder) => {
    const json = join(folder, 'out.json');
    const { code, said } = await sim(['--seeds', '1-30', '--workers', '2', '--json', json]);
    assert.is(code, 1);
    for (const seed of [7, 17, 27]) assert.match(said, `--seed ${seed} breaks ${toyRule} at 50.000 s`);
    assert.match(said, /^ +40\.000 s +hop-dies hop 1, forMs 5000\n +50\.000 s +near bye/m);
    assert.match(said, /^0:50\.000 +\|-+ BYE 1 -+>\|/m);
    assert.is(said.split('The same for --plan FILE:').length, 2, 'a rule is explained once');

    const { results } = JSON.parse(readFileSync(json, 'utf8'));
    assert.is(results.violations, 3);
    assert.equal(results.neverTaken, ['toy: never']);
    const [{ plan }] = results.explanations;
    assert.equal([plan.acts.length, plan.faults.length], [1, 1]);

    const file = join(folder, 'plan.json');
    writeFileSync(file, JSON.stringify(plan));
    const again = await sim(['--plan', file, '--log', join(folder, 'log.txt')]);
    assert.is(again.code, 1);
    assert.match(again.said, `the plan breaks ${toyRule}`);
    assert.is(readFileSync(join(folder, 'log.txt'), 'utf8'), '50000 bye\n');
  });
});

test('explains as many rules as it is told to', async () => {
  const { code, said } = await sim(['--seed', '7', '--explain', '0']);
  assert.is(code, 1);
  assert.match(said, `--seed 7 breaks ${toyRule}`);
  assert.not.match(said, 'tries to make it smaller');
});

test('an exception is a violation', async () => {
  const { code, said } = await sim(['--seed', '1013']);
  assert.is(code, 1);
  assert.match(said, '--seed 1013 breaks no-exception');
  assert.match(said, 'thrown by the toy');
});

test('a worker that dies costs its seed alone', async () => {
  const { code, said } = await sim(['--seeds', '1018-1026']);
  assert.is(code, 1);
  assert.match(said, '--seed 1023 breaks comes-to-an-end at 0.000 s: its worker was lost: exit code 3');
  assert.match(said, /^seeds +1018-1026: 9 played/m);
});

test('ends with 2 for a plan that is none', async () => {
  await inFolder(async (folder) => {
    const file = join(folder, 'plan.json');
    writeFileSync(file, JSON.stringify({ ...toy.planOf(1), acts: 'many' }));
    const { code, said } = await sim(['--plan', file]);
    assert.is(code, 2);
    assert.match(said, 'no plan');
  });
});

test('ends with 2 where the simulator is not', async () => {
  const { code, said } = await sim([], { worker: join(import.meta.dirname, 'no-worker.js') });
  assert.is(code, 2);
  assert.match(said, 'the simulator is part of the source repository');
});

test('a worker that cannot start is told, and nothing is left running', async () => {
  const { code, said } = await sim(['--seed', '1'], { worker: join(import.meta.dirname, '../../skip.js') });
  assert.is(code, 1);
  assert.match(said, 'a worker of the simulator ended by itself (exit code 0)');
});

test('a Ctrl-C ends it with what there is', async () => {
  let isOver = false;
  const { code, said } = await sim(['--seeds', '100000-9999999', '--explain', '0'], {
    heard: (text) => {
      if (isOver || !text.includes('--seed 100107 breaks')) return;
      isOver = true;
      process.emit('SIGINT', 'SIGINT');
    },
  });
  assert.is(code, 1);
  assert.match(said, /^seeds +100000-9999999: \d+ played/m);
  assert.match(said, 'interrupted by SIGINT');
});

test('a canary is caught by a seed that breaks nothing without it', async () => {
  const { code, said } = await sim(['--canary', 'other-seeds', '--seeds', '1-40']);
  assert.is(code, 0);
  assert.match(said, new RegExp(`^other-seeds: caught .* by --seed [123]?[89], ${toyRule}: `, 'm'));
});

test('a canary that no seed tells ends with 1', async () => {
  const { code, said } = await sim(['--canary', 'comment', '--seeds', '1-20']);
  assert.is(code, 1);
  assert.match(said, /^comment: not caught after 20 seeds/m);
});

test('a canary whose text is gone is told by name, and so is one that never was', async () => {
  const gone = await sim(['--canary', 'lost']);
  assert.is(gone.code, 2);
  assert.match(gone.said, 'canary lost: its text is 0 times in test/sim/toy.js');
  const unknown = await sim(['--canary', 'phoenix']);
  assert.is(unknown.code, 2);
  assert.match(unknown.said, "there is no canary 'phoenix': other-seeds, comment, lost");
});

test('leaves no copies behind', () => {
  assert.ok(existsSync(join(packageRoot(), 'package.json')));
  assert.equal(
    readdirSync(packageRoot()).filter((name) => name.startsWith(copiesBegin)),
    [],
  );
});

test.run();
